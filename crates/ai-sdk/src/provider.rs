use std::time::SystemTime;

use bytes::Bytes;
use chatwire_browser::{SessionClient, SessionOptions};
use chatwire_core::provider_kit::{BaseUrl, HttpRequest, HttpResponse, RequestUrl};
use chatwire_core::{
    BoxFuture, ChatRequest, Error, HttpConfig, Provider, ProviderInfo, ReplyStream, Secret,
};
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::body::{BodyParts, body};
use crate::config::{BodyShape, Config, Members, REQUEST_OPTIONS, SystemPrompt};
use crate::decode::{AnswerDecoder, Head, Limits, Protocol};
use crate::failure::{failure, moved_to};
use crate::id::new_id;

/// The name of the protocol.
pub const NAME: &str = "ai-sdk";

/// The path of the route unless another one is set.
pub const DEFAULT_PATH: &str = "/api/chat";

/// The model that is reported when none is named: the app decides.
const APP_DECIDES: &str = "default";

/// A client for one server built with the AI SDK. Connections are shared by all
/// its requests; make one and keep it.
#[derive(Debug)]
pub struct AiSdk {
    info: ProviderInfo,
    client: SessionClient,
    path: String,
    config: Config,
    limits: Limits,
}

impl AiSdk {
    /// The browser session of the client, and where it comes from.
    pub fn sessions(&self) -> &SessionClient {
        &self.client
    }

    pub(crate) fn with_config(
        config: Config,
        sessions: SessionOptions,
        http: HttpConfig,
    ) -> Result<AiSdk, Error> {
        let path = config.path.as_deref().unwrap_or(DEFAULT_PATH).trim();
        let path = format!("/{}", path.trim_matches('/'));
        let address = config.base_url.as_ref().map(Secret::expose);
        // An address may be copied from a browser's tools.
        let base = BaseUrl::pasted(address, &[&path, "/api"])?;
        let sessions = config.sessions.apply(sessions)?;
        let client = SessionClient::new(NAME, http, base, sessions)?;
        keep_members(&client, &config.extra);
        let mut limits = Limits::new().with_delta(client.http().max_event());
        if let Some(bytes) = config.max_data_url {
            limits = limits.with_data_url(bytes);
        }
        let model = config.model.as_deref().unwrap_or(APP_DECIDES);
        let mut info = ProviderInfo::new(NAME, client.base_url().as_text(), model);
        info.any_model = true;
        let options = REQUEST_OPTIONS.iter();
        info.request_options = options.map(|option| option.name.to_owned()).collect();
        info.capabilities.streaming = true;
        info.capabilities.system = config.system_prompt != SystemPrompt::Refuse;
        info.capabilities.history = true;
        info.capabilities.images = config.body != BodyShape::V3;
        info.capabilities.usage = true;
        info.capabilities.progress = true;
        info.capabilities.end_mark = config.protocol != Some(Protocol::Text);
        Ok(AiSdk {
            info,
            client,
            path,
            config,
            limits,
        })
    }

    /// Sends the body; once more where the server moved the route.
    async fn send(&self, body: &Bytes) -> Result<HttpResponse, Error> {
        let to = |url: RequestUrl| {
            let request = HttpRequest::post(url).without_redirects();
            let request = request.header(ACCEPT, HeaderValue::from_static("*/*"));
            let json = HeaderValue::from_static("application/json");
            Ok(request.header(CONTENT_TYPE, json).body(body.clone()))
        };
        let response = self.client.send(|base| to(base.join(&self.path)?)).await?;
        match moved_to(&response) {
            Some(url) => self.client.send(|_| to(url.clone())).await,
            None => Ok(response),
        }
    }

    async fn ask(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let model = request.model().or(self.config.model.as_deref());
        let model = model.filter(|model| *model != APP_DECIDES);
        let parts = BodyParts {
            shape: self.config.body,
            system_prompt: &self.config.system_prompt,
            extra: &self.config.extra.0,
            model,
            chat_id: request.conversation_id().or(self.config.chat_id.as_deref()),
            now: SystemTime::now(),
        };
        if let Some(members) = request.option("extra") {
            // They belong to one request, and are forgotten after many others.
            let redactor = self.client.http().redactor();
            redactor.add(&Secret::new(members));
        }
        let body = body(request, &parts, new_id)?.to_string();
        let response = self.send(&Bytes::from(body)).await?;
        if !response.is_success() {
            let error = failure(response, &self.path).await;
            return Err(self.client.explain(error));
        }
        let head = Head::new(|name| response.header(name));
        let decoder = AnswerDecoder::new(head, self.config.protocol, self.limits).on_end(tell);
        response
            .into_reply(decoder, model.unwrap_or(APP_DECIDES))
            .await
    }
}

/// Tells what the server was found to speak.
fn tell(protocol: Option<Protocol>, versions: &'static str) {
    let protocol = protocol.map_or("json", Protocol::as_str);
    tracing::debug!(protocol, versions, "protocol");
}

impl Provider for AiSdk {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let asked = self.ask(request).await;
            asked.map_err(|error| error.with_provider(NAME))
        })
    }
}

/// Tells the redactor the members of the app's own: a key is often among them,
/// and the server may repeat it.
fn keep_members(client: &SessionClient, members: &Members) {
    if let Ok(json) = serde_json::to_string(&members.0)
        && !members.0.is_empty()
    {
        client.http().redactor().keep(&Secret::new(json));
    }
}
