use std::time::SystemTime;

use chatwire_core::Error;
use chatwire_core::provider_kit::{BaseUrl, HttpRequest, Redactor};
use http::header::{COOKIE, HeaderMap};
use url::Url;

use crate::session::BrowserSession;

/// A session in use: where requests go, and what they carry. Without a session
/// that is the base URL, and nothing.
#[derive(Debug)]
pub struct ActiveSession {
    base: BaseUrl,
    headers: HeaderMap,
    session: Option<BrowserSession>,
}

impl ActiveSession {
    /// No session.
    pub(crate) fn none(base: BaseUrl) -> ActiveSession {
        ActiveSession {
            base,
            headers: HeaderMap::new(),
            session: None,
        }
    }

    /// A session for the server with this base URL.
    pub(crate) fn new(
        session: BrowserSession,
        base: &BaseUrl,
        redactor: &Redactor,
    ) -> Result<ActiveSession, Error> {
        session.hide_from(redactor);
        Ok(ActiveSession {
            base: BaseUrl::parse(session.base_for(&whole(base)?)?.as_str())?,
            headers: session.headers()?,
            session: Some(session),
        })
    }

    /// Where requests go: the provider's base URL, or the address of the same
    /// server that the browser ended at.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }

    /// The session, if there is one.
    pub fn session(&self) -> Option<&BrowserSession> {
        self.session.as_ref()
    }

    /// The request as the browser would make it: with its headers and cookies.
    /// A request to another server is left as it is.
    #[must_use]
    pub fn apply(&self, request: HttpRequest) -> HttpRequest {
        let Some(session) = &self.session else {
            return request;
        };
        if !self.base.same_origin(request.url()) {
            return request;
        }
        let cookies = session.cookies_for(request.url().path(), SystemTime::now());
        let request = request.headers(&self.headers);
        match cookies {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        }
    }
}

/// The base URL with its user name and password.
pub(crate) fn whole(base: &BaseUrl) -> Result<Url, Error> {
    Url::parse(base.expose()).map_err(|_| {
        Error::new(
            chatwire_core::ErrorKind::InvalidRequest,
            format!("base URL {base} cannot be read"),
        )
    })
}
