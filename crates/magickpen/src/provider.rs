use bytes::Bytes;
use chatwire_core::provider_kit::{BaseUrl, CredentialCache, HttpClient, RequestUrl};
use chatwire_core::{
    BoxFuture, Capabilities, ChatRequest, Error, ErrorKind, HttpConfig, PromptFormat, Provider,
    ProviderInfo, ReplyStream,
};
use http::HeaderMap;

use crate::ask;
use crate::credentials::{self, Credentials};

/// The public site that this is named after. It is offline, and nothing here
/// contacts it unless it is set as the base URL.
pub const HISTORICAL_BASE_URL: &str = "https://magickpen.com";

/// The API of the public site, which is offline, too.
pub const HISTORICAL_API_URL: &str = "https://api.magickpen.com";

const NAME: &str = "magickpen";
const MODEL: &str = "gpt-4o-mini";

/// A client for one MagickPen server. Credentials and connections are shared by
/// all its requests; make one and keep it.
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
    base_url: Option<String>,
    api_url: Option<String>,
    http: HttpConfig,
}

impl MagickPenBuilder {
    /// The site, and the API too unless that is set apart. It is required.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> MagickPenBuilder {
        self.base_url = Some(url.into());
        self
    }

    /// Where questions go, without the `/ask`.
    #[must_use]
    pub fn api_url(mut self, url: impl Into<String>) -> MagickPenBuilder {
        self.api_url = Some(url.into());
        self
    }

    /// Time limits, size limits, proxy and headers of every request.
    #[must_use]
    pub fn http(mut self, config: HttpConfig) -> MagickPenBuilder {
        self.http = config;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if there is no base URL, and for an
    /// address, proxy or header that cannot be used.
    pub fn build(self) -> Result<MagickPen, Error> {
        let named = |error: Error| error.with_provider(NAME);
        let site = BaseUrl::required(self.base_url.as_deref()).map_err(named)?;
        let api = match &self.api_url {
            Some(api) => BaseUrl::parse(api).map_err(named)?,
            None => site.clone(),
        };
        let mut info = ProviderInfo::new(NAME, site.as_text(), MODEL);
        let mut capabilities = Capabilities::default();
        capabilities.streaming = true;
        capabilities.system = true;
        capabilities.history = true;
        info.capabilities = capabilities;
        Ok(MagickPen {
            info,
            http: HttpClient::new(NAME, self.http)?,
            ask: api.join("/ask").map_err(named)?,
            headers: ask::fixed_headers(&site).map_err(named)?,
            site,
            credentials: CredentialCache::new(),
        })
    }
}

impl MagickPen {
    /// Sets up a client.
    pub fn builder() -> MagickPenBuilder {
        MagickPenBuilder::default()
    }

    /// A client for the site at this address, with all defaults.
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
        let body = Bytes::from(ask::body(&prompt)?);
        let mut renewed = false;
        loop {
            let lease = self
                .credentials
                .get(|| credentials::fetch(&self.http, &self.site))
                .await?;
            let request = ask::request(&self.ask, &self.headers, lease.value(), &body)?;
            let response = self.http.send(request).await?;
            match response.status() {
                200..300 => return response.into_text_reply(MODEL).await,
                401 | 403 if !renewed => {
                    self.credentials.discard(&lease);
                    renewed = true;
                }
                401 | 403 => {
                    let error = response.into_error().await;
                    return Err(match error.kind() {
                        ErrorKind::Blocked => error,
                        _ => error.with_kind(ErrorKind::Credentials),
                    });
                }
                _ => return Err(response.into_error().await),
            }
        }
    }
}

impl Provider for MagickPen {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>> {
        Box::pin(async move {
            self.ask(request)
                .await
                .map_err(|error| error.with_provider(NAME))
        })
    }
}
