use std::io;

use chatwire_mock::{AiEngineMock, AuraMock, MagickPenMock, MockServer};

/// A provider's mock, whichever it is.
#[derive(Debug)]
pub enum Mock {
    /// Of `magickpen`.
    MagickPen(MagickPenMock),
    /// Of `chatgpt4online`.
    AiEngine(AiEngineMock),
    /// Of `aura`.
    Aura(AuraMock),
}

impl Mock {
    /// The mock of the provider of that name.
    ///
    /// # Errors
    ///
    /// When no port can be had, or there is no such provider.
    pub async fn of(name: &str) -> io::Result<Mock> {
        Ok(match name {
            "magickpen" => Mock::MagickPen(MagickPenMock::start().await?),
            "chatgpt4online" => Mock::AiEngine(AiEngineMock::start().await?),
            "aura" => Mock::Aura(AuraMock::start().await?),
            other => return Err(io::Error::other(format!("no mock of {other}"))),
        })
    }

    /// The server that it is.
    pub fn server(&self) -> &MockServer {
        match self {
            Mock::MagickPen(mock) => mock,
            Mock::AiEngine(mock) => mock,
            Mock::Aura(mock) => mock,
        }
    }

    /// How often credentials were fetched from it.
    pub fn fetches(&self) -> u64 {
        match self {
            Mock::MagickPen(mock) => mock.credential_fetches() as u64,
            Mock::AiEngine(mock) => mock.sessions_started(),
            Mock::Aura(_) => 0,
        }
    }
}
