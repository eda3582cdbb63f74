use bytes::Bytes;
use chatwire_browser::{SessionClient, SessionOptions};
use chatwire_core::provider_kit::{BaseUrl, HttpRequest, HttpResponse};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, HttpConfig, ModelInfo, Provider, ProviderInfo,
    ReplyStream, Secret,
};
use http::HeaderValue;
use http::header::{self, HeaderMap};
use serde::Deserialize;

use crate::body::body;
use crate::failure::failure;

/// The public server that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://openchat.team";

/// The token budget for the conversation, in tokens.
pub const DEFAULT_TOKEN_LIMIT: u32 = 8192;

pub(crate) const NAME: &str = "aura";
const CHAT: &str = "/api/chat";
const MODELS: &str = "/api/models";

/// A client for one openchat-ui or Chatbot-UI server. Connections are shared by
/// all its requests; make one and keep it.
#[derive(Debug)]
pub struct Aura {
    info: ProviderInfo,
    client: SessionClient,
    headers: HeaderMap,
    token_limit: Option<u32>,
    key: Secret,
}

/// Sets up an [`Aura`].
#[derive(Debug, Clone)]
pub struct AuraBuilder {
    base_url: Option<String>,
    model: Option<ModelInfo>,
    any_model: bool,
    token_limit: Option<u32>,
    key: Secret,
    sessions: SessionOptions,
    http: HttpConfig,
}

impl AuraBuilder {
    /// The server, for example `http://localhost:3000`. It is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> AuraBuilder {
        self.base_url = Some(url.into());
        self
    }

    /// The model that answers when a request names none (default:
    /// `openchat_3.6`).
    #[must_use]
    pub fn model(mut self, model: ModelInfo) -> AuraBuilder {
        self.model = Some(model);
        self
    }

    /// Whether ids of models that are not known here are passed on (default:
    /// yes).
    #[must_use]
    pub fn any_model(mut self, yes: bool) -> AuraBuilder {
        self.any_model = yes;
        self
    }

    /// The budget for the conversation, in tokens: the server keeps as many of
    /// the newest messages as fit, beside about 1000 tokens for its answer. It
    /// is not a limit of the answer. Default: [`DEFAULT_TOKEN_LIMIT`], or more
    /// where system prompt and question need it.
    #[must_use]
    pub fn token_limit(mut self, tokens: u32) -> AuraBuilder {
        self.token_limit = Some(tokens);
        self
    }

    /// A key for the server's own backend (default: none, the server has its
    /// own).
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> AuraBuilder {
        self.key = Secret::new(key.into());
        self
    }

    /// Where a browser's session comes from, for servers behind a login or a
    /// proxy that wants to see a browser (default: none). Its cookies, user
    /// agent, languages and client hints go along with every request; headers
    /// set in [`http`](AuraBuilder::http) replace them.
    #[must_use]
    pub fn sessions(mut self, sessions: SessionOptions) -> AuraBuilder {
        self.sessions = sessions;
        self
    }

    /// Time limits, size limits, proxy, headers and cookies of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> AuraBuilder {
        self.http = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an
    /// address, proxy or header that cannot be used.
    pub fn build(self) -> Result<Aura, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let address = self.base_url.as_deref();
        let base = BaseUrl::required(address).map_err(named)?;
        let known = [
            ModelInfo::new("openchat_3.6").with_name("OpenChat 3.6 (latest)"),
            ModelInfo::new("openchat_v3.2_mistral").with_name("OpenChat Aura"),
        ];
        let mut models: Vec<ModelInfo> = self.model.into_iter().collect();
        for model in known {
            if models.iter().all(|other| other.id != model.id) {
                models.push(model);
            }
        }
        let default_model = models.first().map(|model| model.id.clone());
        let mut info = ProviderInfo::new(NAME, base.as_text(), default_model.unwrap_or_default());
        info.models = models;
        info.any_model = self.any_model;
        let mut capabilities = Capabilities::default();
        capabilities.streaming = true;
        capabilities.system = true;
        capabilities.history = true;
        capabilities.temperature = Some(0.0..=2.0);
        capabilities.lists_models = true;
        info.capabilities = capabilities;
        let headers = headers(&base).map_err(named)?;
        let client = SessionClient::new(NAME, self.http, base, self.sessions)?;
        client.http().redactor().keep(&self.key);
        Ok(Aura {
            info,
            client,
            headers,
            token_limit: self.token_limit,
            key: self.key,
        })
    }
}

impl Default for AuraBuilder {
    fn default() -> AuraBuilder {
        AuraBuilder {
            base_url: None,
            model: None,
            any_model: true,
            token_limit: None,
            key: Secret::new(""),
            sessions: SessionOptions::new(),
            http: HttpConfig::default(),
        }
    }
}

/// The headers of every request.
fn headers(base: &BaseUrl) -> Result<HeaderMap, Error> {
    let mut headers = base.page_headers()?;
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(headers)
}

impl Aura {
    /// Sets up a client.
    pub fn builder() -> AuraBuilder {
        AuraBuilder::default()
    }

    /// A client for the server at this address, with all defaults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for an address that cannot be used.
    pub fn new(base_url: impl Into<String>) -> Result<Aura, Error> {
        Aura::builder().base_url(base_url).build()
    }

    /// The client with the browser's session: the session to be kept for
    /// another time, and why it is not in its file.
    pub fn sessions(&self) -> &SessionClient {
        &self.client
    }

    /// Sends a body, with the browser's session if there is one.
    async fn post(&self, route: &str, body: Bytes) -> Result<HttpResponse, Error> {
        let request = |base: &BaseUrl| {
            let request = HttpRequest::post(base.join(route)?).headers(&self.headers);
            Ok(request.body(body.clone()))
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
        let body = body(request, &model, self.token_limit, self.key.expose())?;
        let response = self.post(CHAT, body.into()).await?;
        response.into_text_reply(&model.id).await
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, Error> {
        #[derive(Deserialize)]
        struct Listed {
            id: String,
            name: Option<String>,
        }
        let body = serde_json::json!({ "key": self.key.expose() }).to_string();
        let response = self.post(MODELS, body.into()).await?;
        let listed: Vec<Listed> = response.into_json("the list of models").await?;
        // A server may repeat the key that it was sent anywhere.
        let redactor = self.client.http().redactor();
        Ok(listed
            .iter()
            .map(|model| {
                let listed = ModelInfo::new(redactor.text(&model.id));
                match &model.name {
                    Some(name) => listed.with_name(redactor.text(name)),
                    None => listed,
                }
            })
            .collect())
    }
}

impl Provider for Aura {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            self.chat(request)
                .await
                .map_err(|error| error.with_provider(NAME))
        })
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async move { self.list().await.map_err(|error| error.with_provider(NAME)) })
    }
}
