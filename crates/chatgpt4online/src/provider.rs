use std::sync::Arc;

use chatwire_core::provider_kit::{BaseUrl, Cached, CredentialCache, HttpClient, HttpRequest};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, ModelInfo, Provider,
    ProviderInfo, ReplyStream, Secret,
};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::access::{self, Access};
use crate::body::Submit;
use crate::config::{Config, REQUEST_OPTIONS};
use crate::decoder::AiEngineDecoder;
use crate::failure::{Failure, failure};
use crate::headers::headers;
use crate::page::checked_nonce;

/// The name of the protocol.
pub const NAME: &str = "chatgpt4online";

/// The public site that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://chatgpt4online.org";

/// The model of the public site.
const MODEL: &str = "gpt-4";

const WP_NONCE: HeaderName = HeaderName::from_static("x-wp-nonce");

/// How many characters a message may have unless a site says otherwise.
const USUAL_MESSAGE_LIMIT: usize = 512;

/// A client for one WordPress site with AI Engine. All its requests share the
/// nonce and connections; make one and keep it.
#[derive(Debug)]
pub struct Chatgpt4Online {
    info: ProviderInfo,
    http: HttpClient,
    base: BaseUrl,
    headers: HeaderMap,
    config: Config,
    access: Arc<CredentialCache<Access>>,
}

impl Chatgpt4Online {
    /// Creates a client for the site at this address, with all defaults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for an address that cannot be used.
    pub fn new(base_url: impl Into<String>) -> Result<Chatgpt4Online, Error> {
        Chatgpt4Online::builder().base_url(base_url).build()
    }

    pub(crate) fn with_config(
        mut config: Config,
        http: HttpConfig,
    ) -> Result<Chatgpt4Online, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let base = config.base_url.as_ref().map(Secret::expose);
        let base = BaseUrl::required(base).map_err(named)?;
        config.nonce_page = format!("/{}", config.nonce_page.trim_start_matches('/'));
        // What cannot be joined is better said now than with the first request.
        base.join(&config.nonce_page).map_err(named)?;
        Ok(Chatgpt4Online {
            info: info(&base, &config),
            http: HttpClient::new(NAME, http)?,
            headers: headers(&base, config.browser_headers).map_err(named)?,
            base,
            config,
            access: Arc::new(CredentialCache::new()),
        })
    }

    async fn submit(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let submit = Submit::new(request, &self.config)?;
        let page = &self.config.nonce_page;
        let outcome = self.access.with_renewal(
            || access::open(&self.http, &self.base, &self.headers, page),
            |access| self.attempt(&submit, access),
            |outcome| matches!(outcome, Err(Failure::Nonce(_))),
        );
        outcome.await?.map_err(|failure| match failure {
            Failure::Nonce(error) => error,
            Failure::Other(error) => explain(error, &submit.new_message),
        })
    }

    /// Asks once; the outer error is one before there was a response.
    async fn attempt(
        &self,
        submit: &Submit<'_>,
        cached: Cached<Access>,
    ) -> Result<Result<ReplyStream, Failure>, Error> {
        let access = cached.value();
        let mut request = HttpRequest::post(access.submit.clone())
            .headers(&self.headers)
            .header(
                header::ACCEPT,
                HeaderValue::from_static("text/event-stream"),
            );
        request = match &access.nonce {
            Some(nonce) => {
                let nonce = nonce.header_value("the nonce of the site")?;
                request.header(WP_NONCE, nonce).json(submit)?
            }
            None => request.json(&submit.clone().before_2_0())?,
        };
        let response = self.http.send(request).await?;
        // The site says which nonce is the current one.
        if let Some(nonce) = response.header(WP_NONCE.as_str()) {
            adopt(&self.access, &self.http, &cached, nonce);
        }
        if response.is_success() {
            let model = submit.model.unwrap_or(MODEL);
            let reply = response.into_reply(self.decoder(&cached), model).await;
            return Ok(reply.map_err(Failure::Other));
        }
        Ok(Err(match failure(response).await {
            Failure::Nonce(error) if access.nonce.is_none() => {
                let why = format!(
                    "the site wants a nonce and has none on {}{}: \
                     name a page with its chatbot as the nonce page",
                    self.base, self.config.nonce_page
                );
                let status = error.status().unwrap_or_default();
                Failure::Nonce(Error::new(ErrorKind::Credentials, why).with_status(status))
            }
            failure => failure,
        }))
    }

    fn decoder(&self, cached: &Cached<Access>) -> AiEngineDecoder {
        let (access, http, cached) = (self.access.clone(), self.http.clone(), cached.clone());
        AiEngineDecoder::new(self.http.max_event())
            .on_token(Arc::new(move |token| adopt(&access, &http, &cached, token)))
    }
}

/// What a site can do. The configured models come first.
fn info(base: &BaseUrl, config: &Config) -> ProviderInfo {
    let default_model = config.model.as_deref().unwrap_or(MODEL);
    let mut info = ProviderInfo::new(NAME, base.as_text(), default_model);
    let mut models: Vec<ModelInfo> = Vec::new();
    for model in config.all_models().chain([MODEL]).map(ModelInfo::new) {
        if !models.contains(&model) {
            models.push(model);
        }
    }
    info.models = models;
    let mut capabilities = Capabilities::default();
    capabilities.streaming = config.stream;
    capabilities.system = true;
    capabilities.history = true;
    capabilities.temperature = Some(0.0..=1.0);
    capabilities.max_tokens = true;
    capabilities.usage = true;
    capabilities.progress = true;
    capabilities.end_mark = true;
    info.capabilities = capabilities;
    let options = REQUEST_OPTIONS.iter();
    info.request_options = options.map(|option| option.name.to_owned()).collect();
    info
}

/// Keeps a nonce that came with an answer, if it is one and a new one.
fn adopt(cache: &CredentialCache<Access>, http: &HttpClient, cached: &Cached<Access>, nonce: &str) {
    let Some(nonce) = checked_nonce(nonce) else {
        return;
    };
    let current = cache.current();
    let known = current.as_ref().unwrap_or(cached).value();
    if known.nonce.as_ref() == Some(&nonce) {
        return;
    }
    http.redactor().add(&nonce);
    cache.adopt(known.with_nonce(nonce));
}

/// Says what the site does not: that a long message is the likely reason.
fn explain(error: Error, message: &str) -> Error {
    let length = message.chars().count();
    if error.kind() != ErrorKind::Refused
        || length <= USUAL_MESSAGE_LIMIT
        || !error.message().contains("has been rejected")
    {
        return error;
    }
    error.with_context(&format!(
        "the message has {length} characters, and sites take {USUAL_MESSAGE_LIMIT} unless set otherwise"
    ))
}

impl Provider for Chatgpt4Online {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let reply = self.submit(request).await;
            reply.map_err(|error| error.with_provider(NAME))
        })
    }
}
