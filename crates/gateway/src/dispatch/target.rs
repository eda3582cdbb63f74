use std::sync::Arc;

use chatwire_core::{BoxFuture, ChatRequest, Error, Provider, ProviderInfo, ReplyStream};

use super::endpoint::Endpoint;

/// One model of one endpoint, as a provider: it asks for that model whatever
/// the request names, and its replies name the endpoint.
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

    /// The model as a client names it.
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.endpoint.name, self.model())
    }
}

impl Provider for Target {
    fn info(&self) -> &ProviderInfo {
        self.endpoint.provider.info()
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let provider = &self.endpoint.provider;
            let reply = if request.model() == Some(self.model()) {
                provider.stream(request).await?
            } else {
                let request = request.clone().with_model(self.model());
                provider.stream(&request).await?
            };
            Ok(reply.with_provider_and_model(&self.endpoint.name, self.model()))
        })
    }
}
