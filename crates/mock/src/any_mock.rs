//! A mock by the name of its protocol.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use crate::answers::{Answer, Fault};
use crate::model::ScriptedModel;
use crate::protocol::Protocol;
use crate::protocols::{
    AiEngineMock, AiEngineProtocol, AiSdkMock, AiSdkProtocol, AnthropicMock, AnthropicProtocol,
    AuraMock, AuraProtocol, MagickPenMock, MagickPenProtocol, OpenAiMock, OpenAiProtocol,
    ResponsesMock, ResponsesProtocol,
};
use crate::server::{MockServer, RecordedRequest};

/// The mock of any protocol.
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
    /// The mock of `openai`: chat completions.
    OpenAi(OpenAiMock),
    /// The mock of `responses`: OpenAI's Responses API.
    Responses(ResponsesMock),
    /// The mock of `anthropic`: the Messages API.
    Anthropic(AnthropicMock),
}

/// Does the same with whichever mock it is.
macro_rules! with_each {
    ($any:expr, $mock:ident => $do:expr) => {
        match $any {
            AnyMock::MagickPen($mock) => $do,
            AnyMock::AiEngine($mock) => $do,
            AnyMock::Aura($mock) => $do,
            AnyMock::AiSdk($mock) => $do,
            AnyMock::OpenAi($mock) => $do,
            AnyMock::Responses($mock) => $do,
            AnyMock::Anthropic($mock) => $do,
        }
    };
}

impl AnyMock {
    /// The providers of chatwire, all of which have a mock.
    pub const PROVIDERS: [&'static str; 4] = [
        MagickPenProtocol::PROVIDER,
        AiEngineProtocol::PROVIDER,
        AuraProtocol::PROVIDER,
        AiSdkProtocol::PROVIDER,
    ];

    /// The APIs of models that have a mock.
    pub const MODEL_APIS: [&'static str; 3] = [
        OpenAiProtocol::PROVIDER,
        ResponsesProtocol::PROVIDER,
        AnthropicProtocol::PROVIDER,
    ];

    /// Returns the names of all protocols that have a mock.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::PROVIDERS.into_iter().chain(Self::MODEL_APIS)
    }

    /// Starts the mock of this protocol on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`io::ErrorKind::NotFound`] if there is no mock of that name, and
    /// another one if no port is free.
    pub async fn by_name(provider: &str) -> io::Result<Self> {
        Self::bind(provider, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts the mock of this protocol on this address.
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
            OpenAiProtocol::PROVIDER => {
                let mock = OpenAiMock::builder().addr(addr).start().await?;
                Ok(Self::OpenAi(mock))
            }
            ResponsesProtocol::PROVIDER => {
                let mock = ResponsesMock::builder().addr(addr).start().await?;
                Ok(Self::Responses(mock))
            }
            AnthropicProtocol::PROVIDER => {
                let mock = AnthropicMock::builder().addr(addr).start().await?;
                Ok(Self::Anthropic(mock))
            }
            _ => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "no mock of {provider:?}; there are {}",
                    Self::names().collect::<Vec<_>>().join(", ")
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
            || OpenAiProtocol::is_chat(request)
            || ResponsesProtocol::is_chat(request)
            || AnthropicProtocol::is_chat(request)
    }

    /// Returns the name of the provider or API.
    pub fn provider(&self) -> &'static str {
        fn name<P: Protocol>(_: &crate::Mock<P>) -> &'static str {
            P::PROVIDER
        }
        with_each!(self, mock => name(mock))
    }

    /// Returns a model that this kind of server has by default.
    pub fn model_id(&self) -> &'static str {
        fn model<P: Protocol>(_: &crate::Mock<P>) -> &'static str {
            P::MODEL
        }
        with_each!(self, mock => model(mock))
    }

    /// Returns whether the protocol marks the end of an answer, see
    /// [`Protocol::HAS_END_MARK`].
    pub fn has_end_mark(&self) -> bool {
        fn has_end_mark<P: Protocol>(_: &crate::Mock<P>) -> bool {
            P::HAS_END_MARK
        }
        with_each!(self, mock => has_end_mark(mock))
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

    /// Puts this fault into the answer to every valid question from now on; `None` stops that.
    pub fn fault(&self, fault: impl Into<Option<Fault>>) -> &Self {
        let fault = fault.into();
        with_each!(self, mock => { mock.fault(fault); });
        self
    }

    /// Returns the answer with this fault, as this kind of server has it.
    pub fn spoilt(&self, answer: Answer, fault: Fault) -> Answer {
        self.spoiler()(answer, fault)
    }

    /// Returns [`spoilt`](Self::spoilt) as a function that does not hold the server.
    pub fn spoiler(&self) -> fn(Answer, Fault) -> Answer {
        fn spoiler<P: Protocol>(_: &crate::Mock<P>) -> fn(Answer, Fault) -> Answer {
            crate::Mock::<P>::spoilt
        }
        with_each!(self, mock => spoiler(mock))
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

impl From<OpenAiMock> for AnyMock {
    fn from(mock: OpenAiMock) -> Self {
        Self::OpenAi(mock)
    }
}

impl From<ResponsesMock> for AnyMock {
    fn from(mock: ResponsesMock) -> Self {
        Self::Responses(mock)
    }
}

impl From<AnthropicMock> for AnyMock {
    fn from(mock: AnthropicMock) -> Self {
        Self::Anthropic(mock)
    }
}
