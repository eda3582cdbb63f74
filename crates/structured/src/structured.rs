use std::sync::Arc;

use chatwire_core::{
    BoxFuture, ChatRequest, Error, Message, ModelInfo, Provider, ProviderInfo, ReplyStream,
    ResponseFormat,
};

use crate::ids::Ids;
use crate::prompts::Prompts;
use crate::shape::{Shape, answer};
use crate::tools::{Offer, ToolStream};

/// A provider whose answers have the form that a request asks for, although its
/// backend only writes text.
///
/// If a request has a [format](ChatRequest::with_response_format) that is not text,
/// the model is told which JSON to write. Its answer is read, mended where that has
/// only one meaning, and validated. If it is not valid, the model is asked again
/// with the validator's words, at most [twice](Structured::with_repairs). An answer
/// that is still not valid is an error of the kind
/// [`InvalidOutput`](chatwire_core::ErrorKind::InvalidOutput), never a success.
///
/// Answers are held for it, and may have 4 MiB: a longer one is an error of the kind
/// [`LimitExceeded`](chatwire_core::ErrorKind::LimitExceeded).
///
/// A request whose choice of tools forces one call is answered in the same way: the
/// JSON is the arguments of the call.
///
/// All other requests go to the provider as they are, as do those for formats and
/// tools that it has by itself.
///
/// A reply that was made this way begins with a note of the kind
/// [`Emulated`](chatwire_core::ProgressKind::Emulated), such as
/// `json_schema; questions=2`. Its [`Finish`](chatwire_core::Finish) has an extra
/// `emulated`, such as `{"mode":"json_schema","questions":2}`, and the sum of the
/// tokens of all questions; a number that one of the answers lacks is left out.
///
/// ```
/// use chatwire_core::{ChatRequest, JsonSchema, ProviderExt, ResponseFormat};
/// use chatwire_structured::Structured;
/// use serde_json::json;
///
/// # use chatwire_aura::Aura;
/// # use chatwire_mock::{Answer, AuraMock};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = AuraMock::start().await?;
/// # server.answer(Answer::stream(["Of course: {\"name\": ", "\"Tokyo\"}"]));
/// # let aura = Aura::builder().base_url(server.url()).build()?;
/// let provider = Structured::new(aura);
/// let city = JsonSchema::new("city", json!({
///     "type": "object",
///     "properties": { "name": { "type": "string" } },
///     "required": ["name"],
/// }));
/// let request = ChatRequest::new("Which city is the largest?")
///     .with_response_format(ResponseFormat::JsonSchema(city));
/// let reply = provider.reply(&request).await?;
/// assert_eq!(reply.text, r#"{"name": "Tokyo"}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Structured<P> {
    provider: Arc<P>,
    info: ProviderInfo,
    tools: bool,
    prompts: Arc<Prompts>,
    repairs: u8,
    ids: Arc<Ids>,
}

impl<P> Clone for Structured<P> {
    fn clone(&self) -> Structured<P> {
        Structured {
            provider: Arc::clone(&self.provider),
            info: self.info.clone(),
            tools: self.tools,
            prompts: Arc::clone(&self.prompts),
            repairs: self.repairs,
            ids: Arc::clone(&self.ids),
        }
    }
}

impl<P: Provider> Structured<P> {
    /// Wraps a provider.
    pub fn new(provider: P) -> Structured<P> {
        let mut info = provider.info().clone();
        info.capabilities.response_format = true;
        info.capabilities.forced_tool = true;
        Structured {
            provider: Arc::new(provider),
            info,
            tools: false,
            prompts: Arc::default(),
            repairs: 2,
            ids: Arc::default(),
        }
    }

    /// Sets whether requests with tools are answered (default: no, since they take
    /// more questions). Otherwise they go to the provider as they are, except those
    /// that force one call.
    #[must_use]
    pub fn with_tools(mut self, tools: bool) -> Structured<P> {
        self.tools = tools;
        self.info.capabilities.tools = tools || self.provider.info().capabilities.tools;
        self
    }

    /// Sets the instructions for the model (default: those of this crate).
    #[must_use]
    pub fn with_prompts(mut self, prompts: Prompts) -> Structured<P> {
        self.prompts = Arc::new(prompts);
        self
    }

    /// Sets how often the model is asked again when its answer is not valid
    /// (default: 2).
    #[must_use]
    pub fn with_repairs(mut self, repairs: u8) -> Structured<P> {
        self.repairs = repairs;
        self
    }

    /// Returns the provider that is asked.
    pub fn inner(&self) -> &P {
        &self.provider
    }
}

impl<P: Provider + 'static> Structured<P> {
    async fn answer(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        let native = &self.provider.info().capabilities;
        let offers_tools = request.offers_tools() && !native.tools;
        let forced = request.forced_tool().filter(|_| offers_tools);
        let has_format = *request.response_format() != ResponseFormat::Text;
        let wants_format = has_format && !native.response_format && !request.offers_tools();
        if forced.is_none() && offers_tools && self.tools {
            self.info.check(request)?;
            let offer = Offer::new(request, &self.prompts, &self.ids)?;
            return ToolStream::begin(
                Arc::clone(&self.provider),
                offer.plain(request),
                offer,
                Arc::clone(&self.prompts),
                Arc::clone(&self.ids),
                self.repairs,
            )
            .await;
        }
        if forced.is_none() && !wants_format {
            // The provider knows no calls and results, but may be sent what they say.
            let has_tool_parts = || request.messages().iter().any(Message::has_tool_parts);
            if self.tools && !native.tools && !request.offers_tools() && has_tool_parts() {
                let request = request.clone().without_tools();
                return self.provider.stream(&request).await;
            }
            return self.provider.stream(request).await;
        }
        self.info.check(request)?;
        let shape = match forced {
            Some(tool) => Some(Shape::of_call(tool, &self.prompts)?),
            None => Shape::of_format(request.response_format(), &self.prompts)?,
        };
        let Some(shape) = shape else {
            return self.provider.stream(request).await;
        };
        let plain = plain(request);
        answer(
            &*self.provider,
            plain,
            &shape,
            &self.prompts,
            &self.ids,
            self.repairs,
        )
        .await
    }
}

/// The request without format and tools.
fn plain(request: &ChatRequest) -> ChatRequest {
    request
        .clone()
        .with_response_format(ResponseFormat::Text)
        .without_tools()
}

impl<P: Provider + 'static> Provider for Structured<P> {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(self.answer(request))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        self.provider.models()
    }
}
