use std::sync::Arc;

use bytes::Bytes;
use chatwire_core::provider_kit::{
    BaseUrl, Cached, CredentialCache, HttpClient, HttpRequest, HttpResponse,
};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, ModelInfo, Provider,
    ProviderInfo, ReplyStream,
};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::access::{self, Access};
use crate::body::{Options, Question, REQUEST_OPTIONS};
use crate::decoder::AiEngineDecoder;
use crate::failure::{Failure, failure};
use crate::headers::headers;
use crate::page::checked_nonce;

/// The public site that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://chatgpt4online.org";

const NAME: &str = "chatgpt4online";

/// The model of the public site.
const MODEL: &str = "gpt-4";

const WP_NONCE: HeaderName = HeaderName::from_static("x-wp-nonce");

/// How many characters a message may have where a site does not say otherwise.
const USUAL_MESSAGE_LIMIT: usize = 512;

/// A client for one WordPress site with AI Engine. The nonce and connections
/// are shared by all its requests; make one and keep it.
#[derive(Debug)]
pub struct Chatgpt4Online {
    info: ProviderInfo,
    http: HttpClient,
    base: BaseUrl,
    headers: HeaderMap,
    nonce_page: String,
    options: Options,
    /// The models that were set, and may be sent.
    configured: Vec<String>,
    access: Arc<CredentialCache<Access>>,
}

/// Sets up a [`Chatgpt4Online`].
#[derive(Debug, Clone)]
pub struct Chatgpt4OnlineBuilder {
    base_url: Option<String>,
    models: Vec<String>,
    nonce_page: String,
    browser_headers: bool,
    options: Options,
    http: HttpConfig,
}

impl Default for Chatgpt4OnlineBuilder {
    fn default() -> Chatgpt4OnlineBuilder {
        Chatgpt4OnlineBuilder {
            base_url: None,
            models: Vec::new(),
            nonce_page: "/".to_owned(),
            browser_headers: false,
            options: Options {
                stream: true,
                ..Options::default()
            },
            http: HttpConfig::default(),
        }
    }
}

impl Chatgpt4OnlineBuilder {
    /// The site, with its sub-directory if it is in one, for example
    /// `https://example.org/blog`. It is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.base_url = Some(url.into());
        self
    }

    /// The chatbot of the site (default: `default`). Plugins from 3.0 use the
    /// default one for an id that they do not know.
    #[must_use]
    pub fn bot_id(mut self, id: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.options.bot_id = Some(id.into());
        self
    }

    /// The custom chatbot of a page, instead of one of the site's.
    #[must_use]
    pub fn custom_id(mut self, id: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.options.custom_id = Some(id.into());
        self
    }

    /// The model to ask the site for. Without one the site's own is used: a
    /// model is never sent unless it is set here, in
    /// [`models`](Chatgpt4OnlineBuilder::models), because sites refuse those
    /// they do not have.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Chatgpt4OnlineBuilder {
        let model = model.into();
        self.options.model = Some(model.clone());
        self.models.insert(0, model);
        self
    }

    /// Models that requests may name.
    #[must_use]
    pub fn models<I>(mut self, models: I) -> Chatgpt4OnlineBuilder
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.models.extend(models.into_iter().map(Into::into));
        self
    }

    /// Whether the site is asked to stream (default: yes). Without, the answer
    /// comes as one piece.
    #[must_use]
    pub fn stream(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.options.stream = yes;
        self
    }

    /// Sends the whole conversation as one
    /// [formatted prompt](chatwire_core::PromptFormat) in the new message, as
    /// the original client did (default: no). Sites limit the new message to
    /// 512 characters unless set otherwise.
    #[must_use]
    pub fn flatten(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.options.flatten = yes;
        self
    }

    /// A page with the chatbot, relative to the site (default: its front page,
    /// `/`). Plugins before 2.4.4 hand out their nonce only there.
    #[must_use]
    pub fn nonce_page(mut self, path: impl Into<String>) -> Chatgpt4OnlineBuilder {
        self.nonce_page = path.into();
        self
    }

    /// Whether to send the headers of a desktop browser, as visitors of the
    /// public site did (default: no).
    #[must_use]
    pub fn browser_headers(mut self, yes: bool) -> Chatgpt4OnlineBuilder {
        self.browser_headers = yes;
        self
    }

    /// Time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> Chatgpt4OnlineBuilder {
        self.http = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an
    /// address, proxy or header that cannot be used.
    pub fn build(self) -> Result<Chatgpt4Online, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let base = BaseUrl::required(self.base_url.as_deref()).map_err(named)?;
        let nonce_page = format!("/{}", self.nonce_page.trim_start_matches('/'));
        // What cannot be joined is better said now than with the first request.
        base.join(&nonce_page).map_err(named)?;
        let mut models: Vec<ModelInfo> = Vec::new();
        let configured = self.models;
        let known = configured.iter().map(ModelInfo::new);
        for model in known.chain([ModelInfo::new(MODEL)]) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        let default_model = self.options.model.as_deref().unwrap_or(MODEL);
        let mut info = ProviderInfo::new(NAME, base.as_text(), default_model);
        info.models = models;
        let mut capabilities = Capabilities::default();
        capabilities.streaming = self.options.stream;
        capabilities.system = true;
        capabilities.history = true;
        capabilities.temperature = Some(0.0..=1.0);
        capabilities.max_tokens = true;
        capabilities.usage = true;
        capabilities.progress = true;
        capabilities.end_mark = true;
        info.capabilities = capabilities;
        info.request_options = REQUEST_OPTIONS.map(str::to_owned).to_vec();
        Ok(Chatgpt4Online {
            info,
            http: HttpClient::new(NAME, self.http)?,
            headers: headers(&base, self.browser_headers).map_err(named)?,
            base,
            nonce_page,
            options: self.options,
            configured,
            access: Arc::new(CredentialCache::new()),
        })
    }
}

impl Chatgpt4Online {
    /// Sets up a client.
    pub fn builder() -> Chatgpt4OnlineBuilder {
        Chatgpt4OnlineBuilder::default()
    }

    /// A client for the site at this address, with all defaults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for an address that cannot be used.
    pub fn new(base_url: impl Into<String>) -> Result<Chatgpt4Online, Error> {
        Chatgpt4Online::builder().base_url(base_url).build()
    }

    async fn submit(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let question = Question::new(request, self.options.flatten)?;
        let mut options = self.options.clone();
        // The name of the public site's model stands for the site's own choice,
        // unless it was set.
        if let Some(model) = request.model()
            && self.configured.iter().any(|configured| configured == model)
        {
            options.model = Some(model.to_owned());
        }
        let mut renewed = false;
        loop {
            let cached = self
                .access
                .get(|| access::open(&self.http, &self.base, &self.headers, &self.nonce_page))
                .await?;
            let before_2_0 = cached.value().nonce.is_none();
            let body = question.body(request, &options, before_2_0)?;
            let response = self.send(cached.value(), body.into()).await?;
            self.adopt_header(&response, &cached);
            if response.is_success() {
                let model = options.model.as_deref().unwrap_or(MODEL);
                let reply = response.into_reply(self.decoder(&cached), model).await;
                return reply.map_err(|error| explain(error, &question));
            }
            match failure(response).await {
                Failure::Nonce(_) if !renewed => {
                    self.access.discard(&cached);
                    renewed = true;
                }
                Failure::Nonce(error) if before_2_0 => {
                    return Err(Error::new(
                        ErrorKind::Credentials,
                        format!(
                            "the site wants a nonce and has none on {}{}: \
                             name a page with its chatbot as the nonce page",
                            self.base, self.nonce_page
                        ),
                    )
                    .with_status(error.status().unwrap_or_default()));
                }
                Failure::Nonce(error) => return Err(error),
                Failure::Other(error) => return Err(explain(error, &question)),
            }
        }
    }

    async fn send(&self, access: &Access, body: Bytes) -> Result<HttpResponse, Error> {
        let mut request = HttpRequest::post(access.submit.clone())
            .headers(&self.headers)
            .header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )
            .header(
                header::ACCEPT,
                HeaderValue::from_static("text/event-stream"),
            )
            .body(body);
        if let Some(nonce) = &access.nonce {
            request = request.header(WP_NONCE, nonce.header_value("the nonce of the site")?);
        }
        self.http.send(request).await
    }

    /// Takes the nonce that the site says is the current one.
    fn adopt_header(&self, response: &HttpResponse, cached: &Cached<Access>) {
        if let Some(nonce) = response.header(WP_NONCE.as_str()) {
            adopt(&self.access, &self.http, cached, nonce);
        }
    }

    fn decoder(&self, cached: &Cached<Access>) -> AiEngineDecoder {
        let (access, http, cached) = (self.access.clone(), self.http.clone(), cached.clone());
        AiEngineDecoder::new(self.http.max_event())
            .on_token(Arc::new(move |token| adopt(&access, &http, &cached, token)))
    }
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
fn explain(error: Error, question: &Question<'_>) -> Error {
    let length = question.length();
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
            self.submit(request)
                .await
                .map_err(|error| error.with_provider(NAME))
        })
    }
}
