use std::time::Duration;

use chatwire_browser::{SessionClient, SessionOptions};
use chatwire_core::provider_kit::refusal::unreadable;
use chatwire_core::provider_kit::{
    BaseUrl, CredentialCache, HttpRequest, HttpResponse, listed_models,
};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, ModelInfo, Provider,
    ProviderInfo, ReplyEvent, ReplyStream, Secret, TimeoutPhase,
};
use http::HeaderValue;
use http::header::{self, HeaderMap};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::body::{Chat, OllamaChat};
use crate::config::{Config, Server};
use crate::decoder::AuraDecoder;
use crate::failure::failure;
use crate::list::ListDecoder;
use crate::models::{DEFAULT_MODEL, chosen, known, of_public_server};

/// The name of the protocol.
pub const NAME: &str = "aura";

/// The public server that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://openchat.team";

/// What an address may end in that was copied from a browser's tools.
const ROUTES: [&str; 3] = ["/api/chat", "/api/models", "/api"];

/// How long the server's list of models decides before it is fetched again.
const LIST_AGE: Duration = Duration::from_secs(60 * 60);

/// How long a question waits for the list.
const LIST_PATIENCE: Duration = Duration::from_secs(5);

/// How many models of a list an error names.
const MAX_NAMED: usize = 10;

/// A client for one openchat-ui or Chatbot-UI server. All its requests share
/// connections; make one and keep it.
#[derive(Debug)]
pub struct Aura {
    info: ProviderInfo,
    client: SessionClient,
    headers: HeaderMap,
    /// The configured model.
    model: Option<String>,
    token_limit: Option<u32>,
    key: Secret,
    server: Server,
    /// What the server's list says.
    listed: CredentialCache<Listed>,
}

/// What the server's list of models says.
#[derive(Debug, PartialEq)]
struct Listed {
    /// The model that answers where none is named.
    default: ModelInfo,
    /// The ids of all; none if there is no list.
    ids: Vec<String>,
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
        if config.server == Server::ChatbotOllama {
            let set = [
                ("token_limit", config.token_limit.is_some()),
                ("key", config.key.is_some()),
            ];
            if let Some((name, _)) = set.iter().find(|(_, is_set)| *is_set) {
                return Err(named(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("chatbot-ollama takes no {name}: leave the setting out"),
                )));
            }
        }
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
            model: config.model,
            token_limit: config.token_limit,
            key,
            server: config.server,
            listed: CredentialCache::new().with_max_age(LIST_AGE),
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
        if let Some(id) = request.model().or(self.model.as_deref()) {
            let of_server = self.info.models.iter().find(|model| model.id == id);
            let model = of_server.cloned().or_else(|| Some(known(id)?.info()));
            let model = model.unwrap_or_else(|| ModelInfo::new(id));
            return match self.ask(request, &model).await {
                Err(error) if is_unexplained(&error) => Err(self.explain(error, id).await),
                outcome => outcome,
            };
        }
        // What cannot be sent is said before the list is fetched.
        self.body(request, &default_model())?;
        let listed = match self.listed.get(|| self.choose()).await {
            Ok(listed) => listed,
            // With this session, the question would be refused as well.
            Err(error) if self.is_locked_out(&error) => return Err(error),
            // Without a list, the default model is asked for.
            Err(_) => return self.ask(request, &default_model()).await,
        };
        let default = &listed.value().default;
        let error = match self.ask(request, default).await {
            Err(error) if is_unexplained(&error) => self.explain(error, &default.id).await,
            Err(error) => error,
            reply => return reply,
        };
        if error.kind() != ErrorKind::UnsupportedModel {
            return Err(error);
        }
        // The server may have other models than it had.
        self.listed.discard(&listed);
        match self.listed.get(|| self.choose()).await {
            Ok(again) if again.value() != listed.value() => {
                self.ask(request, &again.value().default).await
            }
            _ => Err(error),
        }
    }

    /// Whether the error means that no request will get through: there is no
    /// session, or the server refuses the one there is. Without one, a server may
    /// forbid the list alone.
    fn is_locked_out(&self, error: &Error) -> bool {
        let is_of_list = error.status().is_some() && self.client.current().is_none();
        error.kind() == ErrorKind::Credentials && !is_of_list
    }

    /// The body of a question, as the server wants it.
    fn body<'a>(
        &'a self,
        request: &'a ChatRequest,
        model: &'a ModelInfo,
    ) -> Result<Body<'a>, Error> {
        Ok(match self.server {
            Server::ChatbotUi => Body::ChatbotUi(Chat::new(
                request,
                model,
                self.token_limit,
                self.key.expose(),
            )?),
            Server::ChatbotOllama => Body::ChatbotOllama(OllamaChat::new(request, &model.id)?),
        })
    }

    /// Asks this model.
    async fn ask(&self, request: &ChatRequest, model: &ModelInfo) -> Result<ReplyStream, Error> {
        let body = self.body(request, model)?;
        let response = self.post("/api/chat", &body).await?;
        let content_type = response.header(header::CONTENT_TYPE.as_str());
        let decoder = AuraDecoder::new(content_type, self.client.http().max_event());
        response.into_reply(decoder, &model.id).await
    }

    /// The model that the server's list chooses. A server that has no list has
    /// the model of the public one.
    ///
    /// # Errors
    ///
    /// Those that say nothing about whether there is a list.
    async fn choose(&self) -> Result<Listed, Error> {
        // A browser may have to be opened, which takes its time.
        self.client.active().await?;
        let models = match timeout(LIST_PATIENCE, self.list_at_hand()).await {
            Ok(Ok(models)) => models,
            Ok(Err(error)) => match error.kind() {
                ErrorKind::Status | ErrorKind::Protocol | ErrorKind::Blocked => Vec::new(),
                _ => return Err(error),
            },
            Err(_) => {
                let why = "the list of models takes too long";
                return Err(Error::new(ErrorKind::Timeout(TimeoutPhase::Total), why));
            }
        };
        Ok(Listed {
            default: chosen(&models).cloned().unwrap_or_else(default_model),
            ids: models.into_iter().map(|model| model.id).collect(),
        })
    }

    /// The list of models, which is given up if the answer does not begin as one:
    /// a question waits for it.
    async fn list_at_hand(&self) -> Result<Vec<ModelInfo>, Error> {
        let response = self.post("/api/models", &self.list_body()).await?;
        let mut list = response.into_reply(ListDecoder::default(), "").await?;
        match list.next().await {
            Some(Ok(ReplyEvent::Text(list))) => self.models_in(&list),
            Some(Err(error)) => Err(error),
            _ => Ok(Vec::new()),
        }
    }

    fn list_body(&self) -> serde_json::Value {
        serde_json::json!({ "key": self.key.expose() })
    }

    fn models_in(&self, list: &str) -> Result<Vec<ModelInfo>, Error> {
        let listed: Vec<Listing> = serde_json::from_str(list)
            .map_err(|error| unreadable(list, "the list of models", &error.to_string()))?;
        self.made(listed)
    }

    /// The models of a list.
    fn made(&self, listed: Vec<Listing>) -> Result<Vec<ModelInfo>, Error> {
        let is_empty = listed.is_empty();
        let models = listed.into_iter().filter_map(Listing::model);
        let models = listed_models(models, self.client.http().redactor());
        if models.is_empty() && !is_empty {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the list of models has none with an id",
            ));
        }
        Ok(models)
    }

    /// Explains a failure about which the server says nothing: openchat-ui fails
    /// so where it does not have the model.
    async fn explain(&self, error: Error, id: &str) -> Error {
        let Ok(listed) = self.listed.get(|| self.choose()).await else {
            return error;
        };
        let ids = &listed.value().ids;
        if ids.is_empty() || ids.iter().any(|listed| listed == id) {
            return error;
        }
        let mut named = Vec::new();
        for id in ids.iter().take(MAX_NAMED) {
            named.push(id.chars().take(60).collect::<String>());
        }
        let more = match ids.len() > MAX_NAMED {
            true => ", …",
            false => "",
        };
        Error::new(
            ErrorKind::UnsupportedModel,
            format!(
                "the server fails without a word, and does not list the model {id:?}; it lists {}{more}",
                named.join(", ")
            ),
        )
        .with_status(error.status().unwrap_or(500))
        .with_retryable(false)
    }

    async fn list(&self) -> Result<Vec<ModelInfo>, Error> {
        let response = self.post("/api/models", &self.list_body()).await?;
        let listed: Vec<Listing> = response.into_json("the list of models").await?;
        self.made(listed)
    }
}

/// The body of a question.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    ChatbotUi(Chat<'a>),
    ChatbotOllama(OllamaChat<'a>),
}

/// An entry of the server's list. One that is none does not spoil the others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listing {
    Model { id: String, name: Option<String> },
    Id(String),
    Other(IgnoredAny),
}

impl Listing {
    fn model(self) -> Option<ModelInfo> {
        match self {
            Listing::Model { id, name } => {
                let model = ModelInfo::new(id);
                Some(match name {
                    Some(name) => model.with_name(name),
                    None => model,
                })
            }
            Listing::Id(id) => Some(ModelInfo::new(id)),
            Listing::Other(_) => None,
        }
    }
}

fn default_model() -> ModelInfo {
    known(DEFAULT_MODEL).map_or_else(|| ModelInfo::new(DEFAULT_MODEL), |known| known.info())
}

/// Whether the server failed and did not say why.
fn is_unexplained(error: &Error) -> bool {
    error.status() == Some(500) && error.kind() == ErrorKind::Status
}

/// What a server can do. The configured model comes first.
fn info(base: &BaseUrl, config: &Config) -> ProviderInfo {
    let default_model = config.model.as_deref().unwrap_or(DEFAULT_MODEL);
    let mut info = ProviderInfo::new(NAME, base.as_text(), default_model);
    let is_default = |model: &ModelInfo| model.id == default_model;
    if of_public_server().any(|model| is_default(&model)) {
        info.models.clear();
    }
    info.models.extend(of_public_server());
    info.models.sort_by_key(|model| !is_default(model));
    info.any_model = config.any_model.unwrap_or(true);
    let mut capabilities = Capabilities::default();
    capabilities.streaming = true;
    capabilities.system = true;
    capabilities.history = true;
    capabilities.temperature = Some(0.0..=2.0);
    capabilities.lists_models = true;
    capabilities.images = config.server == Server::ChatbotOllama;
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
