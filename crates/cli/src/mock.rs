//! A provider's mock server inside the program.

use chatwire::{Error, ErrorKind};
use chatwire_mock::{AiEngineMock, AuraMock, MagickPenMock, MockServer};

use crate::exit::Failure;

/// A mock that answers until it is dropped.
#[derive(Debug)]
pub(crate) enum Mock {
    Aura(AuraMock),
    AiEngine(AiEngineMock),
    MagickPen(MagickPenMock),
}

impl Mock {
    /// Starts the mock of the named provider on a free port of the loopback
    /// interface.
    pub(crate) async fn start(provider: &str) -> Result<Mock, Failure> {
        let mock = match provider {
            "aura" => AuraMock::start().await.map(Mock::Aura),
            "chatgpt4online" => AiEngineMock::start().await.map(Mock::AiEngine),
            "magickpen" => MagickPenMock::start().await.map(Mock::MagickPen),
            _ => {
                return Err(Failure::from(Error::new(
                    ErrorKind::UnknownProvider,
                    format!("no mock of a provider {provider:?}"),
                )));
            }
        };
        mock.map_err(|error| Failure::Other(format!("the mock cannot be started: {error}")))
    }

    /// The server that every mock is underneath.
    pub(crate) fn server(&self) -> &MockServer {
        match self {
            Mock::Aura(mock) => mock,
            Mock::AiEngine(mock) => mock,
            Mock::MagickPen(mock) => mock,
        }
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        match self {
            Mock::Aura(mock) => mock.url(),
            Mock::AiEngine(mock) => mock.base_url(),
            Mock::MagickPen(mock) => mock.url(),
        }
    }
}
