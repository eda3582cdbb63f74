use chatwire_browser::{SessionClient, SessionOptions};
use chatwire_core::provider_kit::{BaseUrl, HttpRequest, HttpResponse, listed_models};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, HttpConfig, ModelInfo, Provider, ProviderInfo,
    ReplyStream, Secret,
};
use http::HeaderValue;
use http::header::{self, HeaderMap};
use serde::{Deserialize, Serialize};

use crate::body::Chat;
use crate::config::Config;
use crate::failure::failure;

/// The name of the protocol.
pub const NAME: &str = "aura";

/// The public server that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://openchat.team";

/// What an address may end in that was copied from a browser's tools.
const ROUTES: [&str; 3] = ["/api/chat", "/api/models", "/api"];

/// The models of the public server, and their names there.
const MODELS: [(&str, &str); 2] = [
    ("openchat_3.6", "OpenChat 3.6 (latest)"),
    ("openchat_v3.2_mistral", "OpenChat Aura"),
];

/// A client for one openchat-ui or Chatbot-UI server. All its requests share
/// connections; make one and keep it.
#[derive(Debug)]
pub struct Aura {
    info: ProviderInfo,
    client: SessionClient,
    headers: HeaderMap,
    token_limit: Option<u32>,
    key: Secret,
}

impl Aura {
    /// Creates a client for the server at this address, with all defaults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) for an
    /// address that cannot be used.
    pub fn new(base_url: impl Into<String>) -> Result<Aura, Error> {
        Aura::builder().base_url(base_url).build()
    }

    pub(crate) fn with_config(
        config: Config,
        sessions: SessionOptions,
        http: HttpConfig,
    ) -> Result<Aura, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let address = config.base_url.as_ref().map(Secret::expose);
        let base = BaseUrl::pasted(address, &ROUTES).map_err(named)?;
        let mut headers = base.page_headers().map_err(named)?;
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        let info = info(&base, &config);
        let sessions = config.sessions.apply(sessions).map_err(named)?;
        let client = SessionClient::new(NAME, http, base, sessions)?;
        let key = config.key.unwrap_or_else(|| Secret::new(""));
        client.http().redactor().keep(&key);
        Ok(Aura {
            info,
            client,
            headers,
            token_limit: config.token_limit,
            key,
        })
    }

    /// The client with the browser's session: the session to be kept for
    /// another time, and why it is not in its file.
    pub fn sessions(&self) -> &SessionClient {
        &self.client
    }

    /// Sends a body, with the browser's session if there is one.
    async fn post(&self, route: &str, body: &impl Serialize) -> Result<HttpResponse, Error> {
        let request = |base: &BaseUrl| {
            let request = HttpRequest::post(base.join(route)?).headers(&self.headers);
            request.json(body)
        };
        let response = self.client.send(request).await?;
        match response.is_success() {
            true => Ok(response),
            false => Err(self.client.explain(failure(response).await)),
        }
    }

    async fn chat(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let id = request.model().unwrap_or(&self.info.default_model);
        let known = self.info.models.iter().find(|model| model.id == id);
        let model = known.cloned().unwrap_or_else(|| ModelInfo::new(id));
        let chat = Chat::new(request, &model, self.token_limit, self.key.expose())?;
        let response = self.post("/api/chat", &chat).await?;
        response.into_text_reply(&model.id).await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, Error> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
            name: Option<String>,
        }
        let body = serde_json::json!({ "key": self.key.expose() });
        let response = self.post("/api/models", &body).await?;
        let listed: Vec<Listed> = response.into_json("the list of models").await?;
        let model = |listed: Listed| {
            let model = ModelInfo::new(listed.id);
            match listed.name {
                Some(name) => model.with_name(name),
                None => model,
            }
        };
        let redactor = self.client.http().redactor();
        Ok(listed_models(listed.into_iter().map(model), redactor))
    }
}

/// What a server can do. The configured model comes first.
fn info(base: &BaseUrl, config: &Config) -> ProviderInfo {
    let [(default_model, _), _] = MODELS;
    let default_model = config.model.as_deref().unwrap_or(default_model);
    let mut info = ProviderInfo::new(NAME, base.as_text(), default_model);
    let known = MODELS.map(|(id, name)| ModelInfo::new(id).with_name(name));
    let is_default = |model: &ModelInfo| model.id == default_model;
    if known.iter().any(is_default) {
        info.models.clear();
    }
    info.models.extend(known);
    info.models.sort_by_key(|model| !is_default(model));
    info.any_model = config.any_model.unwrap_or(true);
    let mut capabilities = Capabilities::default();
    capabilities.streaming = true;
    capabilities.system = true;
    capabilities.history = true;
    capabilities.temperature = Some(0.0..=2.0);
    capabilities.lists_models = true;
    info.capabilities = capabilities;
    info
}

impl Provider for Aura {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let reply = self.chat(request).await;
            reply.map_err(|error| error.with_provider(NAME))
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async move { self.list().await.map_err(|error| error.with_provider(NAME)) })
    }
}
