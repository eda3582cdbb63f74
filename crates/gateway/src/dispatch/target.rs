use std::borrow::Cow;
use std::sync::Arc;

use chatwire_core::{
    BoxFuture, ChatRequest, Error, Parameter, Provider, ProviderInfo, ReplyStream,
};

use super::endpoint::Endpoint;

/// One model of one endpoint, as a provider: it asks for that model whatever
/// the request names, and its replies name the endpoint. Which model is the
/// default, the provider may find out only when it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    /// `None` for the endpoint's default.
    model: Option<String>,
}

impl Target {
    pub(crate) fn new(endpoint: &Arc<Endpoint>, model: Option<&str>) -> Target {
        Target {
            endpoint: Arc::clone(endpoint),
            model: model.map(str::to_owned),
        }
    }

    /// The model's id at its endpoint.
    pub(crate) fn model(&self) -> &str {
        match &self.model {
            Some(model) => model,
            None => &self.info().default_model,
        }
    }

    /// The model that is asked for; `None` for the default.
    pub(crate) fn asked_model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Whether a reply of this endpoint and model can be its.
    pub(crate) fn answers(&self, endpoint: &str, model: &str) -> bool {
        let is_model = self.asked_model().is_none_or(|asked| asked == model);
        self.endpoint.name == endpoint && is_model
    }

    /// The same target, of which the model is known that answered.
    pub(crate) fn answered_by(self, model: &str) -> Target {
        Target {
            model: Some(model.to_owned()),
            ..self
        }
    }

    /// The model as a client names it.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.endpoint.name, self.model())
    }

    /// The request as the endpoint is asked: for this model.
    fn adapted<'a>(&self, request: &'a ChatRequest) -> Cow<'a, ChatRequest> {
        let asked = self.asked_model();
        if request.model() == asked {
            return Cow::Borrowed(request);
        }
        let other = request.clone();
        Cow::Owned(match asked {
            Some(model) => other.with_model(model),
            None => other.without(Parameter::Model),
        })
    }
}

impl Provider for Target {
    fn info(&self) -> &ProviderInfo {
        self.endpoint.info()
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let asked = self.asked_model();
            let request = self.adapted(request);
            let reply = self.endpoint.provider.stream(&request).await?;
            let answered = Some(reply.model()).filter(|model| !model.is_empty());
            let model = asked.or(answered).unwrap_or(self.model()).to_owned();
            Ok(reply.with_provider_and_model(&self.endpoint.name, &model))
        })
    }
}
