//! Options of an endpoint that belong to a request, not to the client.

use std::sync::Arc;

use chatwire::{
    BoxFuture, ChatRequest, Error, ModelInfo, Provider, ProviderInfo, ReplyStream, Secret,
};

/// Adds options to every request that does not set them itself.
#[derive(Debug)]
pub(crate) struct WithRequestOptions {
    provider: Arc<dyn Provider>,
    options: Vec<(String, Secret)>,
}

impl WithRequestOptions {
    /// The provider alone if there are no options.
    pub(crate) fn wrap(
        provider: Arc<dyn Provider>,
        options: Vec<(String, Secret)>,
    ) -> Arc<dyn Provider> {
        if options.is_empty() {
            return provider;
        }
        Arc::new(WithRequestOptions { provider, options })
    }
}

impl Provider for WithRequestOptions {
    fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        let mut request = request.clone();
        for (name, value) in &self.options {
            if request.option(name).is_none() {
                request = request.with_option(name, value.expose());
            }
        }
        Box::pin(async move { self.provider.stream(&request).await })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        self.provider.models()
    }
}
