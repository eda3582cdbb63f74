use std::fmt;
use std::time::SystemTime;

use chatwire_core::provider_kit::{BaseUrl, Cached, CredentialCache, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind};
use http::header::{self, HeaderMap};
use url::Url;

#[cfg(feature = "webdriver")]
use crate::Browser;
use crate::BrowserSession;
use crate::session_file::SessionFile;

/// Where a client's sessions come from, and the one it has: fetched once,
/// shared by all requests, renewed when the server refuses it.
pub(crate) struct Access {
    asked: Url,
    file: Option<SessionFile>,
    #[cfg(feature = "webdriver")]
    browser: Option<Browser>,
    passes: CredentialCache<Pass>,
}

/// A session made ready for sending.
pub(crate) struct Pass {
    session: BrowserSession,
    base: BaseUrl,
    headers: HeaderMap,
}

/// What a client was given to make an [`Access`] of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(crate) session: Option<BrowserSession>,
    pub(crate) file: Option<SessionFile>,
    #[cfg(feature = "webdriver")]
    pub(crate) browser: Option<Browser>,
}

impl Pass {
    fn new(session: BrowserSession, asked: &Url, http: &HttpClient) -> Result<Pass, Error> {
        session.hide_from(http);
        Ok(Pass {
            base: session.base_for(asked)?,
            headers: session.headers()?,
            session,
        })
    }

    /// A POST as the browser would make it.
    pub(crate) fn post(&self, route: &str, headers: &HeaderMap) -> Result<HttpRequest, Error> {
        let url = self.base.join(route)?;
        let path = Url::parse(&url.to_string()).map_or(route.to_owned(), |url| url.path().into());
        let cookies = self.session.cookie_header(&path, Some(SystemTime::now()))?;
        let mut request = HttpRequest::post(url)
            .headers(headers)
            .headers(&self.headers);
        if let Some(cookies) = cookies {
            request = request.header(header::COOKIE, cookies);
        }
        Ok(request)
    }

    pub(crate) fn session(&self) -> &BrowserSession {
        &self.session
    }
}

impl Access {
    /// Nothing if no session is wanted.
    pub(crate) fn new(
        sources: Sources,
        base: &str,
        http: &HttpClient,
    ) -> Result<Option<Access>, Error> {
        #[cfg(feature = "webdriver")]
        let has_browser = sources.browser.is_some();
        #[cfg(not(feature = "webdriver"))]
        let has_browser = false;
        if sources.session.is_none() && sources.file.is_none() && !has_browser {
            return Ok(None);
        }
        let asked = Url::parse(base.trim()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the base URL cannot be read: it must be a whole address",
            )
        })?;
        let session = match (sources.session, &sources.file) {
            (Some(session), _) => Some(session),
            (None, Some(file)) => match file.load()? {
                None if !has_browser => return Err(file.missing()),
                session => session,
            },
            (None, None) => None,
        };
        let access = Access {
            asked,
            file: sources.file,
            #[cfg(feature = "webdriver")]
            browser: sources.browser,
            passes: CredentialCache::new(),
        };
        if let Some(session) = session {
            let pass = Pass::new(session, &access.asked, http)?;
            access.passes.adopt(pass);
        }
        Ok(Some(access))
    }

    /// The session at hand, or a fresh one.
    pub(crate) async fn get(&self, http: &HttpClient) -> Result<Cached<Pass>, Error> {
        self.passes
            .get(|| async {
                let session = self.fetch().await?;
                let pass = Pass::new(session, &self.asked, http)?;
                if let Some(file) = &self.file {
                    file.save(pass.session())?;
                }
                Ok(pass)
            })
            .await
    }

    /// The session at hand.
    pub(crate) fn current(&self) -> Option<BrowserSession> {
        let cached = self.passes.current()?;
        Some(cached.value().session().clone())
    }

    /// Forgets a session that the server refused, if there can be another one.
    pub(crate) fn renew(&self, refused: &Cached<Pass>) -> bool {
        #[cfg(feature = "webdriver")]
        if self.browser.is_some() {
            self.passes.discard(refused);
            return true;
        }
        let _ = refused;
        false
    }

    #[cfg(feature = "webdriver")]
    async fn fetch(&self) -> Result<BrowserSession, Error> {
        match &self.browser {
            Some(browser) => browser.session(&self.asked).await,
            None => Err(none()),
        }
    }

    #[cfg(not(feature = "webdriver"))]
    async fn fetch(&self) -> Result<BrowserSession, Error> {
        Err(none())
    }
}

fn none() -> Error {
    Error::new(ErrorKind::Credentials, "there is no browser session")
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Access");
        fields.field("file", &self.file);
        #[cfg(feature = "webdriver")]
        fields.field("browser", &self.browser);
        fields.finish_non_exhaustive()
    }
}
