use std::sync::Arc;

use chatwire_browser::{ActiveSession, SessionClient, SessionOptions};
use chatwire_core::provider_kit::{
    BaseUrl, Cached, CredentialCache, HttpClient, HttpRequest, listed_models,
};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, Image, Message, ModelInfo,
    Provider, ProviderInfo, ReplyStream, Secret,
};
use http::header::{self, HeaderMap, HeaderValue};

use crate::access::{self, Access, Survey};
use crate::body::Submit;
use crate::bot::ChosenBot;
use crate::config::{Config, LongQuestions, REQUEST_OPTIONS, SystemPrompt};
use crate::decoder::AiEngineDecoder;
use crate::failure::{Failure, failure};
use crate::headers::headers;
use crate::learnt::Learnt;
use crate::member;
use crate::page::{Bot, checked_nonce};
use crate::question::{USUAL_LIMIT, too_long};
use crate::site::{Site, WP_NONCE};
use crate::upload::{Uploads, pictures};

/// The name of the protocol.
pub const NAME: &str = "chatgpt4online";

/// The public site that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://chatgpt4online.org";

/// What an address may end in that was copied from a browser.
const ROUTES: [&str; 7] = [
    "/wp-json/*",
    "/wp-admin/*",
    "/wp-content/*",
    "/wp-includes/*",
    "/wp-login.php",
    "/xmlrpc.php",
    "/index.php",
];

/// What stands for a model that only the site knows.
const MODEL: &str = "default";

/// A client for one WordPress site with AI Engine. All its requests share the
/// nonce and connections; make one and keep it.
#[derive(Debug)]
pub struct Chatgpt4Online {
    info: ProviderInfo,
    client: SessionClient,
    headers: HeaderMap,
    config: Config,
    access: Arc<CredentialCache<Access>>,
    learnt: Learnt,
    uploads: Uploads,
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
        sessions: SessionOptions,
        http: HttpConfig,
    ) -> Result<Chatgpt4Online, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let base = config.base_url.as_ref().map(Secret::expose);
        // The REST API of sites with plain permalinks is a query.
        let base = base.map(|url| url.split_once("?rest_route=").map_or(url, |(base, _)| base));
        let base = BaseUrl::pasted(base, &ROUTES).map_err(named)?;
        config.nonce_page = format!("/{}", config.nonce_page.trim_start_matches('/'));
        // What cannot be joined is better said now than with the first request.
        base.join(&config.nonce_page).map_err(named)?;
        if !config.trusted && config.all_models().next().is_some() {
            return Err(named(Error::new(
                ErrorKind::InvalidRequest,
                "the site decides which model answers: set trusted = true if it lets you choose \
                 (owners, and plugins before 3.6.3), or leave the model out",
            )));
        }
        let mut headers = headers(&base, config.browser_headers).map_err(named)?;
        let authorization = member::authorization(&config, &base).map_err(named)?;
        if let Some(secret) = &authorization {
            let value = secret.header_value("the application password");
            headers.insert(header::AUTHORIZATION, value.map_err(named)?);
        }
        let sessions = member::sessions(&config, &base, sessions).map_err(named)?;
        let info = info(&base, &config);
        let client = SessionClient::new(NAME, http, base, sessions)?;
        let secrets = [&authorization, &config.application_password, &config.cookie];
        for secret in secrets.into_iter().flatten() {
            client.http().redactor().keep(secret);
        }
        Ok(Chatgpt4Online {
            info,
            client,
            headers,
            config,
            access: Arc::new(CredentialCache::new()),
            learnt: Learnt::default(),
            uploads: Uploads::default(),
        })
    }

    /// The client with the browser's session: the session to be kept for
    /// another time, and why it is not in its file.
    pub fn sessions(&self) -> &SessionClient {
        &self.client
    }

    /// The chatbots on the [page](Config::nonce_page) that shows them, as it
    /// describes them now. The page is fetched.
    ///
    /// # Errors
    ///
    /// Those of a request that fails.
    pub async fn bots(&self) -> Result<Vec<Bot>, Error> {
        let active = self.client.active().await?;
        let site = self.site(active.value());
        let page = access::bot_page(&site, &self.config.nonce_page).await;
        let page = page.map_err(|error| error.with_provider(NAME))?;
        self.learnt.learn_page(page.bots.clone());
        Ok(page.bots)
    }

    /// Looks at the site without asking a question: its REST API, the plugin,
    /// and the page with the bots.
    ///
    /// # Errors
    ///
    /// Those of a request that fails. What is not there is no error.
    pub async fn survey(&self) -> Result<Survey, Error> {
        let active = self.client.active().await?;
        let site = self.site(active.value());
        let found = access::survey(&site, &self.config.nonce_page, &self.learnt).await;
        let mut survey = found.map_err(|error| error.with_provider(NAME))?;
        survey.bots = self.bots().await?;
        Ok(survey)
    }

    fn site<'a>(&'a self, active: &'a ActiveSession) -> Site<'a> {
        Site {
            http: self.client.http(),
            active,
            headers: &self.headers,
        }
    }

    /// The bot that a request is for. A bot that is not configured must stand on
    /// the page: newer plugins let their default bot answer for one that they do
    /// not know.
    async fn bot(&self, request: &ChatRequest) -> Result<ChosenBot, Error> {
        let configured = ChosenBot::configured(&self.config);
        let is_model = |name: &str| {
            name == self.info.default_model || self.config.all_models().any(|it| it == name)
        };
        let Some(name) = request.model().filter(|name| !is_model(name)) else {
            return Ok(configured);
        };
        if name == configured.id() {
            return Ok(configured);
        }
        let bots = match self.learnt.page() {
            Some(bots) => bots,
            None => self.bots().await?,
        };
        ChosenBot::named(name, &bots).ok_or_else(|| {
            let known: Vec<&str> = bots.iter().filter_map(Bot::id).collect();
            let known = match known.as_slice() {
                [] => "that page names none".to_owned(),
                known => format!("it names {}", known.join(", ")),
            };
            Error::new(
                ErrorKind::UnsupportedModel,
                format!(
                    "no bot {name:?} on the page {}: {known}; which model answers, the site decides",
                    self.config.nonce_page
                ),
            )
        })
    }

    async fn submit(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        if let Some(session) = request.option("session") {
            self.client.http().redactor().add(&Secret::new(session));
        }
        let pictures = pictures(request)?;
        if !pictures.is_empty() && request.option("new_file_id").is_some() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the request has images and the option new_file_id: only one of both can be sent",
            ));
        }
        let bot = self.bot(request).await?;
        let limit = self.learnt.limit(bot.id());
        let error = match self.submit_to(request, &bot, &pictures, limit).await {
            Err(error) => error,
            reply => return reply,
        };
        if error.kind() != ErrorKind::Refused || !error.message().contains("has been rejected") {
            return Err(error);
        }
        // The page says how long a question may be.
        if self.learnt.page().is_none() && self.bots().await.is_err() {
            self.learnt.learn_page(Vec::new());
        }
        let now = self.learnt.limit(bot.id());
        if self.config.long_questions == LongQuestions::History && now.is_some() && now != limit {
            return self.submit_to(request, &bot, &pictures, now).await;
        }
        let room = now.unwrap_or(USUAL_LIMIT);
        let newest = request.messages().last();
        let newest = newest.map(Message::text).unwrap_or_default();
        let characters = newest.trim().chars().count();
        let bytes = newest.trim().len();
        let counts_bytes = self.access.current().is_some_and(|it| it.value().is_old);
        let length = match characters > room {
            true => format!("{characters} characters"),
            false if counts_bytes && bytes > room => {
                format!("{bytes} bytes, which old plugins count instead of characters")
            }
            false => return Err(error),
        };
        if self.config.flatten && now.is_none() {
            return Err(error);
        }
        if characters > room {
            self.learnt.learn_refusal(bot.id(), characters);
        }
        let why = match now {
            Some(limit) => format!("this site takes {limit}"),
            None => format!("sites take {USUAL_LIMIT} unless set otherwise"),
        };
        let words = format!("the site says: {}", error.message());
        let explained = too_long(&length, &why).with_context(&words);
        Err(explained.with_status(error.status().unwrap_or(200)))
    }

    async fn submit_to(
        &self,
        request: &ChatRequest,
        bot: &ChosenBot,
        pictures: &[&Image],
        limit: Option<usize>,
    ) -> Result<ReplyStream, Error> {
        let submit = Submit::new(request, &self.config, bot, limit)?;
        let page = &self.config.nonce_page;
        let mut has_renewed = false;
        loop {
            let active = self.client.active().await?;
            let site = self.site(active.value());
            let outcome = self.access.with_renewal(
                || access::open(&site, page, &self.learnt),
                |access| self.attempt(&site, &submit, request, pictures, access),
                |outcome| matches!(outcome, Err(Failure::Nonce(_))),
            );
            let error = match outcome.await {
                Ok(Ok(reply)) => return Ok(reply),
                Ok(Err(Failure::Nonce(error))) => error,
                Ok(Err(Failure::Other(error))) => return Err(error),
                Err(error) => error,
            };
            // A login that has ended, or a firewall that wants another visit.
            let is_refusal =
                matches!(error.status(), Some(401 | 403)) || error.kind() == ErrorKind::Credentials;
            if has_renewed || !is_refusal || !self.client.renew(&active) {
                return Err(self.client.explain(error));
            }
            has_renewed = true;
            if let Some(access) = self.access.current() {
                self.access.discard(&access);
            }
        }
    }

    /// Asks once; the outer error is one before there was a response.
    async fn attempt(
        &self,
        site: &Site<'_>,
        submit: &Submit<'_>,
        request: &ChatRequest,
        pictures: &[&Image],
        cached: Cached<Access>,
    ) -> Result<Result<ReplyStream, Failure>, Error> {
        let access = cached.value();
        if pictures.len() > 1 && !access.takes_pictures {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the conversation has {} images, and the site's plugin takes one",
                    pictures.len()
                ),
            ));
        }
        let ids = match self.uploads.upload(site, access, pictures).await? {
            Ok(ids) => ids,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut body = submit.clone().with_pictures(ids);
        if access.is_old {
            body = body.for_old_plugins();
        }
        let mut question = HttpRequest::post(access.submit.clone()).header(
            header::ACCEPT,
            HeaderValue::from_static("text/event-stream"),
        );
        question = match &access.nonce {
            Some(nonce) => {
                let nonce = nonce.header_value("the nonce of the site")?;
                question.header(WP_NONCE, nonce).json(&body)?
            }
            None => question.json(&body)?,
        };
        let response = site.send(question).await?;
        // The site says which nonce is the current one.
        if let Some(nonce) = response.header(WP_NONCE.as_str()) {
            adopt(&self.access, site.http, &cached, nonce);
        }
        if response.is_success() {
            let model = submit.model().or(request.model()).unwrap_or(MODEL);
            let reply = response.into_reply(self.decoder(&cached), model).await;
            return Ok(reply.map_err(Failure::Other));
        }
        Ok(Err(match failure(response, !access.is_old).await {
            Failure::Nonce(error) if access.nonce.is_none() => {
                let why = format!(
                    "the site wants a nonce and has none on {}{}: \
                     name a page with its chatbot as the nonce page",
                    self.client.base_url(),
                    self.config.nonce_page
                );
                let status = error.status().unwrap_or_default();
                Failure::Nonce(Error::new(ErrorKind::Credentials, why).with_status(status))
            }
            failure => failure,
        }))
    }

    fn decoder(&self, cached: &Cached<Access>) -> AiEngineDecoder {
        let http = self.client.http();
        let (access, http, cached) = (self.access.clone(), http.clone(), cached.clone());
        AiEngineDecoder::new(self.client.http().max_event())
            .on_token(Arc::new(move |token| adopt(&access, &http, &cached, token)))
    }

    /// The bots of the page, and the configured models.
    async fn list(&self) -> Result<Vec<ModelInfo>, Error> {
        let bots = self.bots().await?;
        let models = self
            .config
            .all_models()
            .chain(bots.iter().filter_map(Bot::id));
        let mut listed: Vec<ModelInfo> = Vec::new();
        for model in models.map(ModelInfo::new) {
            if !listed.contains(&model) {
                listed.push(model);
            }
        }
        Ok(match listed.is_empty() {
            true => self.info.models.clone(),
            false => listed_models(listed, self.client.http().redactor()),
        })
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
    // Bots of the page can be named; which there are, the page says.
    info.any_model = true;
    let mut capabilities = Capabilities::default();
    capabilities.streaming = config.stream;
    capabilities.system = config.system_prompt != SystemPrompt::Refuse;
    capabilities.history = true;
    capabilities.temperature = config.trusted.then_some(0.0..=1.0);
    capabilities.max_tokens = config.trusted;
    capabilities.images = true;
    capabilities.usage = true;
    capabilities.lists_models = true;
    capabilities.progress = true;
    capabilities.end_mark = true;
    info.capabilities = capabilities;
    info.decided_by = (!config.trusted).then(|| {
        "the site: leave it out, or set trusted = true if the site lets you choose (owners, and \
         plugins before 3.6.3)"
            .to_owned()
    });
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

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        Box::pin(async move { self.list().await.map_err(|error| error.with_provider(NAME)) })
    }
}
