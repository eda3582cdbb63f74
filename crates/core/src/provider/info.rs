use super::capabilities::Capabilities;
use super::model::ModelInfo;
use crate::chat::{ChatRequest, Message, Parameter, ResponseFormat};
use crate::error::{Error, ErrorKind};

/// Describes a provider: its address, its models and its capabilities.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// The protocol's name, for example `aura`.
    pub name: String,
    /// The base URL of the server, without user name and password.
    pub base_url: String,
    /// The models that are known without asking the server.
    pub models: Vec<ModelInfo>,
    /// The id of the model that answers requests that name none.
    pub default_model: String,
    /// Whether a request may name models that are not in
    /// [`models`](ProviderInfo::models).
    pub any_model: bool,
    /// What the provider supports.
    pub capabilities: Capabilities,
    /// The names that [`ChatRequest::with_option`] takes.
    pub request_options: Vec<String>,
    /// Who decides the parameters that are not honoured, and what to do about
    /// it, where they exist: words for an error, after "… is decided by".
    pub decided_by: Option<String>,
}

impl ProviderInfo {
    /// Creates the description of a provider with one model and without any
    /// capability.
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
            request_options: Vec::new(),
            decided_by: None,
        }
    }

    /// Returns the parameters of the request that the backend does not honour.
    /// [`ChatRequest::without`] unsets them.
    pub fn unsupported(&self, request: &ChatRequest) -> Vec<Parameter> {
        let capabilities = &self.capabilities;
        let mut parameters = Vec::new();
        if let Some(temperature) = request.temperature()
            && !capabilities
                .temperature
                .as_ref()
                .is_some_and(|range| range.contains(&temperature))
        {
            parameters.push(Parameter::Temperature);
        }
        if request.max_tokens().is_some() && !capabilities.max_tokens {
            parameters.push(Parameter::MaxTokens);
        }
        if !self.takes_tools(request) {
            parameters.push(Parameter::Tools);
        }
        parameters
    }

    /// Returns whether the backend honours what the request has of tools, if
    /// anything.
    pub fn takes_tools(&self, request: &ChatRequest) -> bool {
        let capabilities = &self.capabilities;
        if capabilities.tools {
            return true;
        }
        if request.offers_tools() {
            return capabilities.forced_tool && request.forced_tool().is_some();
        }
        !request.messages().iter().any(Message::has_tool_parts)
    }

    /// Checks whether the provider can take a request, before anything is sent.
    /// This includes [`ChatRequest::validate`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedModel`] if the provider does not have the model, and
    /// [`ErrorKind::InvalidRequest`] for everything else.
    pub fn check(&self, request: &ChatRequest) -> Result<(), Error> {
        request
            .validate()
            .map_err(|error| error.with_provider(&self.name))?;
        if let Some(model) = request.model()
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
                (Parameter::Tools, _) => self.no_tools(request),
                (Parameter::Temperature, Some(range)) => format!(
                    "temperature {} is not between {} and {}, which is what this backend takes",
                    request.temperature().unwrap_or_default(),
                    range.start(),
                    range.end()
                ),
                (parameter, _) if self.decided_by.is_some() => format!(
                    "{} is decided by {}",
                    parameter.as_str(),
                    self.decided_by.as_deref().unwrap_or_default()
                ),
                _ => format!(
                    "this backend has no parameter {}: leave it out",
                    parameter.as_str()
                ),
            };
            return Err(self.invalid(why).with_parameter(parameter.as_str()));
        }
        if !self.capabilities.images {
            let has_image = |message: &Message| message.images().next().is_some();
            if let Some(index) = request.messages().iter().position(has_image) {
                return Err(self.invalid(format!(
                    "message number {} has an image, and this backend takes none",
                    index + 1
                )));
            }
        }
        if !self.capabilities.response_format && *request.response_format() != ResponseFormat::Text
        {
            let why = "this backend has no parameter response_format: leave it out, or wrap the \
                       provider in chatwire_structured::Structured";
            let error = self.invalid(why.to_owned());
            return Err(error.with_parameter("response_format"));
        }
        let is_known = |name: &str| self.request_options.iter().any(|known| known == name);
        if let Some((name, _)) = request.options().find(|(name, _)| !is_known(name)) {
            let known = match self.request_options.as_slice() {
                [] => "this backend has none".to_owned(),
                known => format!("known: {}", known.join(", ")),
            };
            return Err(self.invalid(format!("no option {name:?} of a request; {known}")));
        }
        Ok(())
    }

    /// Says what a request has of tools, for a provider without them.
    fn no_tools(&self, request: &ChatRequest) -> String {
        let with_parts = request.messages().iter().position(Message::has_tool_parts);
        match with_parts {
            Some(index) if !request.offers_tools() => format!(
                "message number {} has a call or a result of a tool, and this backend knows no \
                 tools: ChatRequest::without_tools writes them as text",
                index + 1
            ),
            _ => "this backend has no parameter tools: leave it out, or wrap the provider in \
                  chatwire_structured::Structured, with tools"
                .to_owned(),
        }
    }

    fn invalid(&self, why: String) -> Error {
        Error::new(ErrorKind::InvalidRequest, why).with_provider(&self.name)
    }

    /// Returns whether a request may name this model.
    pub fn knows_model(&self, id: &str) -> bool {
        !id.trim().is_empty()
            && (self.any_model
                || self.default_model == id
                || self.models.iter().any(|model| model.id == id))
    }
}
