use chatwire_core::provider_kit::{BaseUrl, CredentialCache, HttpClient, HttpRequest, RequestUrl};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, PromptFormat, Provider,
    ProviderInfo, ReplyStream, Secret,
};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use crate::config::Config;
use crate::credentials::{self, Credentials};
use crate::signature::Signature;

/// The name of the protocol.
pub const NAME: &str = "magickpen";

/// The public site that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://magickpen.com";

/// The API of the public site, which is offline, too.
pub const HISTORICAL_API_URL: &str = "https://api.magickpen.com";

/// What an address may end in that was copied from a browser's tools.
const ROUTES: [&str; 2] = ["/ask", "/_nuxt/*"];

const MODEL: &str = "gpt-4o-mini";

/// A client for one MagickPen server. All its requests share credentials and
/// connections; make one and keep it.
#[derive(Debug)]
pub struct MagickPen {
    info: ProviderInfo,
    http: HttpClient,
    site: BaseUrl,
    ask: RequestUrl,
    headers: HeaderMap,
    credentials: CredentialCache<Credentials>,
}

/// Sets up a [`MagickPen`].
#[derive(Debug, Clone, Default)]
pub struct MagickPenBuilder {
    config: Config,
    http: HttpConfig,
}

impl MagickPenBuilder {
    /// Sets the whole configuration, in place of what was set before.
    #[must_use]
    pub fn config(mut self, config: Config) -> MagickPenBuilder {
        self.config = config;
        self
    }

    /// Sets [`Config::base_url`], which is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> MagickPenBuilder {
        self.config.base_url = Some(Secret::new(url.into()));
        self
    }

    /// Sets [`Config::api_url`].
    #[must_use]
    pub fn api_url(mut self, url: impl Into<String>) -> MagickPenBuilder {
        self.config.api_url = Some(Secret::new(url.into()));
        self
    }

    /// Sets time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> MagickPenBuilder {
        self.http = config;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an
    /// address, proxy or header that cannot be used.
    pub fn build(self) -> Result<MagickPen, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let site = self.config.base_url.as_ref().map(Secret::expose);
        let site = BaseUrl::pasted(site, &ROUTES).map_err(named)?;
        let api = match &self.config.api_url {
            Some(url) => BaseUrl::pasted(Some(url.expose()), &ROUTES).map_err(named)?,
            None => site.clone(),
        };
        let mut info = ProviderInfo::new(NAME, site.as_text(), MODEL);
        let mut capabilities = Capabilities::default();
        capabilities.streaming = true;
        capabilities.system = true;
        capabilities.history = true;
        info.capabilities = capabilities;
        let mut headers = site.page_headers().map_err(named)?;
        let accept = HeaderValue::from_static("application/json, text/plain, */*");
        headers.insert(header::ACCEPT, accept);
        let languages = HeaderValue::from_static("en-US,en;q=0.9");
        headers.insert(header::ACCEPT_LANGUAGE, languages);
        Ok(MagickPen {
            info,
            http: HttpClient::new(NAME, self.http)?,
            ask: api.join("/ask").map_err(named)?,
            headers,
            site,
            credentials: CredentialCache::new(),
        })
    }
}

/// The body of a chat request.
#[derive(Serialize)]
struct Question<'a> {
    query: &'a str,
    #[serde(rename = "turnstileResponse")]
    turnstile_response: &'a str,
    action: &'a str,
}

impl MagickPen {
    /// Sets up a client.
    pub fn builder() -> MagickPenBuilder {
        MagickPenBuilder::default()
    }

    /// Creates a client for the site at this address, with all defaults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for an address that cannot be used.
    pub fn new(base_url: impl Into<String>) -> Result<MagickPen, Error> {
        MagickPen::builder().base_url(base_url).build()
    }

    async fn ask(&self, request: &ChatRequest) -> Result<ReplyStream, Error> {
        self.info.check(request)?;
        let prompt = PromptFormat::new().format(request.messages())?;
        let prompt = &prompt;
        let response = self.credentials.with_renewal(
            || credentials::fetch(&self.http, &self.site),
            |credentials| async move {
                let request = self.request(prompt, credentials.value())?;
                self.http.send(request).await
            },
            |response| matches!(response.status(), 401 | 403),
        );
        let response = response.await?;
        match response.status() {
            200..300 => response.into_text_reply(MODEL).await,
            401 | 403 => Err(match response.into_error().await {
                page if page.kind() == ErrorKind::Blocked => page,
                error => error.with_kind(ErrorKind::Credentials),
            }),
            _ => Err(response.into_error().await),
        }
    }

    /// A signed request.
    fn request(&self, prompt: &str, credentials: &Credentials) -> Result<HttpRequest, Error> {
        let question = Question {
            query: prompt,
            turnstile_response: "",
            action: "verify",
        };
        let signature = Signature::fresh();
        let request = HttpRequest::post(self.ask.clone()).headers(&self.headers);
        let mut request = request.json(&question)?;
        for (name, value) in [
            ("nonce", &Secret::new(signature.nonce)),
            ("timestamp", &Secret::new(signature.timestamp)),
            ("signature", &Secret::new(signature.digest)),
            ("secret", &credentials.secret),
            ("x-api-secret", &credentials.api_secret),
        ] {
            let value = value.header_value(name)?;
            request = request.header(HeaderName::from_static(name), value);
        }
        Ok(request)
    }
}

impl Provider for MagickPen {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            let reply = self.ask(request).await;
            reply.map_err(|error| error.with_provider(NAME))
        })
    }
}
