use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use chatwire_browser::SessionClient;
use chatwire_core::provider_kit::{HttpRequest, HttpResponse, RequestUrl};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, Provider, ProviderInfo, ReplyStream,
};
use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::body::{BodyParts, body};
use crate::builder::AiSdkBuilder;
use crate::config::{BodyShape, Config, REQUEST_OPTIONS, SystemPrompt};
use crate::decode::{AnswerDecoder, Head, Limits, Protocol};
use crate::failure::{failure, moved_to};
use crate::id::new_id;

/// The name of the protocol.
pub const NAME: &str = "ai-sdk";

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
    detected: Arc<Mutex<Option<Detected>>>,
}

/// What a server was found to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detected {
    /// The protocol of its answers; `None` when it does not stream.
    pub protocol: Option<Protocol>,
    /// The versions of the AI SDK that they look like, in words.
    pub versions: &'static str,
}

impl AiSdk {
    /// Sets up a client.
    pub fn builder() -> AiSdkBuilder {
        AiSdkBuilder::default()
    }

    pub(crate) fn new(
        config: Config,
        client: SessionClient,
        path: String,
        limits: Limits,
    ) -> AiSdk {
        let model = config.model.as_deref().unwrap_or(APP_DECIDES);
        let mut info = ProviderInfo::new(NAME, client.base_url().as_text(), model);
        info.any_model = true;
        let options = REQUEST_OPTIONS.iter();
        info.request_options = options.map(|option| option.name.to_owned()).collect();
        let mut capabilities = Capabilities::default();
        capabilities.streaming = true;
        capabilities.system = config.system_prompt != SystemPrompt::Refuse;
        capabilities.history = true;
        capabilities.images = config.body != BodyShape::V3;
        capabilities.usage = true;
        capabilities.progress = true;
        capabilities.end_mark = config.protocol != Some(Protocol::Text);
        info.capabilities = capabilities;
        AiSdk {
            info,
            client,
            path,
            config,
            limits,
            detected: Arc::default(),
        }
    }

    /// What the server was found to speak, once an answer has ended well.
    pub fn detected(&self) -> Option<Detected> {
        *self.detected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the body; once more where the server moved the route.
    async fn send(&self, body: &Bytes) -> Result<HttpResponse, Error> {
        let to = |url: RequestUrl| {
            Ok(HttpRequest::post(url)
                .without_redirects()
                .header(ACCEPT, HeaderValue::from_static("*/*"))
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body.clone()))
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
        let body = Bytes::from(body(request, &parts, new_id)?.to_string());
        let response = self.send(&body).await?;
        if !response.is_success() {
            let error = failure(response, &self.path).await;
            return Err(self.client.explain(error));
        }
        let head = Head::new(|name| response.header(name));
        let detected = self.detected.clone();
        let decoder = AnswerDecoder::new(head, self.config.protocol, self.limits).on_end(
            move |protocol, versions| {
                let mut detected = detected.lock().unwrap_or_else(PoisonError::into_inner);
                *detected = Some(Detected { protocol, versions });
            },
        );
        response
            .into_reply(decoder, model.unwrap_or(APP_DECIDES))
            .await
    }
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
