use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::{ChatRequest, Error, ErrorKind, IncompleteReply, Parameter, Reply, ReplyStream};

/// A chat backend that answers as a stream.
///
/// The trait is dyn-compatible: `Arc<dyn Provider>` and `Box<dyn Provider>`
/// are providers too. [`ProviderExt::reply`] collects a whole answer.
///
/// ```
/// use chatwire_core::{ChatRequest, Error, Provider, ReplyEvent};
///
/// async fn print(provider: &dyn Provider) -> Result<(), Error> {
///     let request = ChatRequest::new("Hello");
///     let mut reply = provider.stream(&request).await?;
///     while let Some(event) = reply.next().await {
///         if let ReplyEvent::Text(text) = event? {
///             print!("{text}");
///         }
///     }
///     Ok(())
/// }
/// ```
pub trait Provider: fmt::Debug + Send + Sync {
    /// What the provider is and can do. No I/O.
    fn info(&self) -> &ProviderInfo;

    /// Asks, and resolves when the answer has begun: with the first event, or
    /// with the error if the backend refuses, also when it does so under
    /// status 200. This future is the boundary for repeating a request; a
    /// stream that has begun is never repeated. Dropping the future or the
    /// stream closes the connection.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`]; [`Error::is_retryable`] tells whether trying again
    /// can help.
    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>>;

    /// The models of the backend: asked from the server where the protocol can
    /// (a request is sent), otherwise those of [`info`](Provider::info).
    ///
    /// # Errors
    ///
    /// Those of a request that fails.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        let models = self.info().models.clone();
        Box::pin(async move { Ok(models) })
    }
}

/// What every [`Provider`] can do besides.
pub trait ProviderExt: Provider {
    /// Asks, and collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text that had come before it.
    fn reply<'a>(
        &'a self,
        request: &'a ChatRequest,
    ) -> BoxFuture<'a, Result<Reply, IncompleteReply>> {
        Box::pin(async move { self.stream(request).await?.collect().await })
    }
}

impl<P: Provider + ?Sized> ProviderExt for P {}

macro_rules! forward {
    ($pointer:ty) => {
        impl<P: Provider + ?Sized> Provider for $pointer {
            fn info(&self) -> &ProviderInfo {
                (**self).info()
            }

            fn stream<'a>(
                &'a self,
                request: &'a ChatRequest,
            ) -> BoxFuture<'a, Result<ReplyStream, Error>> {
                (**self).stream(request)
            }

            fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
                (**self).models()
            }
        }
    };
}

forward!(Arc<P>);
forward!(Box<P>);
forward!(&P);

/// What a provider is and can do.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// The protocol's name, for example `aura`.
    pub name: String,
    /// The address it talks to, without user name and password.
    pub base_url: String,
    /// The models known without asking.
    pub models: Vec<ModelInfo>,
    /// The id of the model that answers when a request names none.
    pub default_model: String,
    /// Whether ids beyond [`models`](ProviderInfo::models) are passed on.
    pub any_model: bool,
    /// What a request may ask for.
    pub capabilities: Capabilities,
}

impl ProviderInfo {
    /// A provider with one model of that id and the least capabilities.
    pub fn new(
        name: impl Into<String>,
        base_url: impl Into<String>,
        default_model: impl Into<String>,
    ) -> ProviderInfo {
        let default_model = default_model.into();
        ProviderInfo {
            name: name.into(),
            base_url: base_url.into(),
            models: vec![ModelInfo::new(default_model.clone())],
            default_model,
            any_model: false,
            capabilities: Capabilities::default(),
        }
    }

    /// The parameters of the request that the backend would not honour as
    /// they are: to refuse, or to take out with [`ChatRequest::without`].
    pub fn unsupported(&self, request: &ChatRequest) -> Vec<Parameter> {
        let capabilities = &self.capabilities;
        let mut parameters = Vec::new();
        if let Some(temperature) = request.get_temperature()
            && !capabilities
                .temperature
                .as_ref()
                .is_some_and(|range| range.contains(&temperature))
        {
            parameters.push(Parameter::Temperature);
        }
        if request.get_max_tokens().is_some() && !capabilities.max_tokens {
            parameters.push(Parameter::MaxTokens);
        }
        parameters
    }

    /// Checks a request against what this provider can do, before anything is
    /// sent; it includes [`ChatRequest::validate`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedModel`] for a model that is not there,
    /// [`ErrorKind::InvalidRequest`] for the rest; each names the value.
    pub fn check(&self, request: &ChatRequest) -> Result<(), Error> {
        request
            .validate()
            .map_err(|error| error.with_provider(&self.name))?;
        if let Some(model) = request.get_model()
            && !self.knows_model(model)
        {
            let known: Vec<&str> = self.models.iter().map(|m| m.id.as_str()).collect();
            return Err(Error::new(
                ErrorKind::UnsupportedModel,
                format!("no model {model:?} here; known: {}", known.join(", ")),
            )
            .with_provider(&self.name));
        }
        if let Some(parameter) = self.unsupported(request).first() {
            let why = match (parameter, &self.capabilities.temperature) {
                (Parameter::Temperature, Some(range)) => format!(
                    "temperature {} is not between {} and {}, which is what this backend takes",
                    request.get_temperature().unwrap_or_default(),
                    range.start(),
                    range.end()
                ),
                _ => format!(
                    "this backend has no parameter {}: leave it out",
                    parameter.as_str()
                ),
            };
            return Err(Error::new(ErrorKind::InvalidRequest, why).with_provider(&self.name));
        }
        Ok(())
    }

    /// Whether a request may name this model.
    pub fn knows_model(&self, id: &str) -> bool {
        !id.trim().is_empty()
            && (self.any_model
                || self.default_model == id
                || self.models.iter().any(|model| model.id == id))
    }
}

/// What a request to a provider may ask for.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// Text arrives while it is written.
    pub streaming: bool,
    /// System messages reach the model.
    pub system: bool,
    /// Earlier messages reach the model.
    pub history: bool,
    /// The temperatures that are honoured; none: the parameter is refused.
    pub temperature: Option<RangeInclusive<f32>>,
    /// The length limit is honoured.
    pub max_tokens: bool,
    /// The backend counts tokens and says so.
    pub usage: bool,
    /// The server can be asked for its models.
    pub lists_models: bool,
    /// The protocol has progress notes.
    pub progress: bool,
    /// The protocol marks the end of an answer, so that a cut one is noticed
    /// even when HTTP ended cleanly.
    pub end_mark: bool,
}

impl Capabilities {
    /// The capabilities as words, for a listing.
    pub fn names(&self) -> Vec<&'static str> {
        [
            (self.streaming, "streaming"),
            (self.system, "system"),
            (self.history, "history"),
            (self.temperature.is_some(), "temperature"),
            (self.max_tokens, "max_tokens"),
            (self.usage, "usage"),
            (self.lists_models, "lists_models"),
            (self.progress, "progress"),
            (self.end_mark, "end_mark"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// A model a provider can ask.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// What a request calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl ModelInfo {
    /// A model whose name is its id.
    pub fn new(id: impl Into<String>) -> ModelInfo {
        let id = id.into();
        ModelInfo {
            name: id.clone(),
            id,
        }
    }

    /// Gives it a name for people.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> ModelInfo {
        self.name = name.into();
        self
    }
}
