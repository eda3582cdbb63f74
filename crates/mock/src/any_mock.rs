//! A mock by the name of its provider.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use crate::answers::Answer;
use crate::model::ScriptedModel;
use crate::protocol::Protocol;
use crate::protocols::{
    AiEngineMock, AiEngineProtocol, AiSdkMock, AiSdkProtocol, AuraMock, AuraProtocol,
    MagickPenMock, MagickPenProtocol,
};
use crate::server::{MockServer, RecordedRequest};

/// The mock of any provider.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::AnyMock;
///
/// for provider in AnyMock::PROVIDERS {
///     let mock = AnyMock::by_name(provider).await?;
///     mock.reply("Hello there");
///     assert_eq!(mock.provider(), provider);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyMock {
    /// The mock of `magickpen`.
    MagickPen(MagickPenMock),
    /// The mock of `chatgpt4online`.
    AiEngine(AiEngineMock),
    /// The mock of `aura`.
    Aura(AuraMock),
    /// The mock of `ai-sdk`.
    AiSdk(AiSdkMock),
}

/// Does the same with whichever mock it is.
macro_rules! with_each {
    ($any:expr, $mock:ident => $do:expr) => {
        match $any {
            AnyMock::MagickPen($mock) => $do,
            AnyMock::AiEngine($mock) => $do,
            AnyMock::Aura($mock) => $do,
            AnyMock::AiSdk($mock) => $do,
        }
    };
}

impl AnyMock {
    /// The providers that have a mock.
    pub const PROVIDERS: [&'static str; 4] = [
        MagickPenProtocol::PROVIDER,
        AiEngineProtocol::PROVIDER,
        AuraProtocol::PROVIDER,
        AiSdkProtocol::PROVIDER,
    ];

    /// Starts the mock of this provider on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`io::ErrorKind::NotFound`] if there is no mock of that name, and
    /// another one if no port is free.
    pub async fn by_name(provider: &str) -> io::Result<Self> {
        Self::bind(provider, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts the mock of this provider on this address.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`io::ErrorKind::NotFound`] if there is no mock of that name, and
    /// another one if the address cannot be bound.
    pub async fn bind(provider: &str, addr: SocketAddr) -> io::Result<Self> {
        match provider {
            MagickPenProtocol::PROVIDER => {
                let mock = MagickPenMock::builder().addr(addr).start().await?;
                Ok(Self::MagickPen(mock))
            }
            AiEngineProtocol::PROVIDER => {
                let mock = AiEngineMock::builder().addr(addr).start().await?;
                Ok(Self::AiEngine(mock))
            }
            AuraProtocol::PROVIDER => {
                let mock = AuraMock::builder().addr(addr).start().await?;
                Ok(Self::Aura(mock))
            }
            AiSdkProtocol::PROVIDER => {
                let mock = AiSdkMock::builder().addr(addr).start().await?;
                Ok(Self::AiSdk(mock))
            }
            _ => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "no mock of a provider {provider:?}; there are {}",
                    Self::PROVIDERS.join(", ")
                ),
            )),
        }
    }

    /// Returns whether this request asks a question of any of the mocks.
    pub fn is_chat(request: &RecordedRequest) -> bool {
        MagickPenProtocol::is_chat(request)
            || AiEngineProtocol::is_chat(request)
            || AuraProtocol::is_chat(request)
            || AiSdkProtocol::is_chat(request)
    }

    /// Returns the provider's name.
    pub fn provider(&self) -> &'static str {
        fn name<P: Protocol>(_: &crate::Mock<P>) -> &'static str {
            P::PROVIDER
        }
        with_each!(self, mock => name(mock))
    }

    /// Returns the base address, with the server's directory and without a slash at its end.
    pub fn base_url(&self) -> String {
        with_each!(self, mock => mock.base_url())
    }

    /// Queues this text as the reply to the next valid question.
    pub fn reply(&self, text: impl Into<String>) -> &Self {
        let text = text.into();
        with_each!(self, mock => { mock.reply(text); });
        self
    }

    /// Lets this model answer every valid question to which it has an answer, once the queue is
    /// empty.
    pub fn model(&self, model: ScriptedModel) -> &Self {
        with_each!(self, mock => { mock.model(model); });
        self
    }

    /// Returns this kind of server's answer to an error of the model with this message.
    pub fn failure(&self, message: &str) -> Answer {
        fn failure<P: Protocol>(_: &crate::Mock<P>, message: &str) -> Answer {
            P::failure(message)
        }
        with_each!(self, mock => failure(mock, message))
    }

    /// Replaces the credentials that the server gives out: the old ones are refused from now on.
    pub fn expire_credentials(&self) {
        with_each!(self, mock => mock.expire_credentials());
    }

    /// Returns how often clients fetched credentials.
    pub fn credential_fetches(&self) -> usize {
        with_each!(self, mock => mock.credential_fetches())
    }

    /// Returns the secrets that the server gives out.
    pub fn secrets(&self) -> Vec<String> {
        with_each!(self, mock => mock.secrets())
    }
}

impl Deref for AnyMock {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        with_each!(self, mock => mock)
    }
}

impl From<MagickPenMock> for AnyMock {
    fn from(mock: MagickPenMock) -> Self {
        Self::MagickPen(mock)
    }
}

impl From<AiEngineMock> for AnyMock {
    fn from(mock: AiEngineMock) -> Self {
        Self::AiEngine(mock)
    }
}

impl From<AuraMock> for AnyMock {
    fn from(mock: AuraMock) -> Self {
        Self::Aura(mock)
    }
}

impl From<AiSdkMock> for AnyMock {
    fn from(mock: AiSdkMock) -> Self {
        Self::AiSdk(mock)
    }
}
