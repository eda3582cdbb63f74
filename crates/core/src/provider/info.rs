use super::capabilities::Capabilities;
use super::model::ModelInfo;
use crate::chat::{ChatRequest, Message, Parameter};
use crate::error::{Error, ErrorKind};

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
    /// The names that [`ChatRequest::with_option`] may have.
    pub request_options: Vec<String>,
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
            request_options: Vec::new(),
        }
    }

    /// The parameters of the request that the backend would not honour as
    /// they are: to refuse, or to take out with [`ChatRequest::without`].
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
                (Parameter::Temperature, Some(range)) => format!(
                    "temperature {} is not between {} and {}, which is what this backend takes",
                    request.temperature().unwrap_or_default(),
                    range.start(),
                    range.end()
                ),
                _ => format!(
                    "this backend has no parameter {}: leave it out",
                    parameter.as_str()
                ),
            };
            return Err(self.invalid(why));
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

    fn invalid(&self, why: String) -> Error {
        Error::new(ErrorKind::InvalidRequest, why).with_provider(&self.name)
    }

    /// Whether a request may name this model.
    pub fn knows_model(&self, id: &str) -> bool {
        !id.trim().is_empty()
            && (self.any_model
                || self.default_model == id
                || self.models.iter().any(|model| model.id == id))
    }
}
