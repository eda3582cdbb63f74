use std::fmt;
use std::sync::Arc;

use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{BoxFuture, Error, HttpConfig};

use crate::session::BrowserSession;

/// For which provider and server a session is wanted.
#[derive(Debug, Clone, Copy)]
pub struct SessionRequest<'a> {
    pub(crate) provider: &'a str,
    pub(crate) base_url: &'a BaseUrl,
    pub(crate) http: &'a HttpConfig,
}

impl<'a> SessionRequest<'a> {
    /// The provider's name, for errors.
    pub fn provider(&self) -> &'a str {
        self.provider
    }

    /// The server.
    pub fn base_url(&self) -> &'a BaseUrl {
        self.base_url
    }

    /// The provider's settings for HTTP: its proxy, for example.
    pub fn http(&self) -> &'a HttpConfig {
        self.http
    }
}

/// Where new sessions come from: a real browser (`Browser`, with the feature
/// `webdriver`), or whatever else can log in.
///
/// A [`SessionClient`](crate::SessionClient) asks its source when there is no
/// session yet, and when the server has refused the last one; never twice at
/// the same time.
///
/// ```
/// use chatwire_browser::{BrowserSession, SessionRequest, SessionSource};
/// use chatwire_core::{BoxFuture, Error};
///
/// /// Takes the session from a program that keeps it fresh.
/// #[derive(Debug)]
/// struct Keeper;
///
/// impl SessionSource for Keeper {
///     fn open<'a>(
///         &'a self,
///         request: SessionRequest<'a>,
///     ) -> BoxFuture<'a, Result<BrowserSession, Error>> {
///         Box::pin(async move {
///             let cookies = "chat.example.org\tFALSE\t/\tTRUE\t0\tsession\td2h5";
///             BrowserSession::import(cookies, &request.base_url().to_string())
///         })
///     }
/// }
/// ```
pub trait SessionSource: fmt::Debug + Send + Sync {
    /// Finds out whether the source can be used with these settings, before
    /// anything is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// if it cannot.
    fn check(&self, http: &HttpConfig) -> Result<(), Error> {
        let _ = http;
        Ok(())
    }

    /// Opens a new session at the provider's server.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from getting one, usually
    /// [`ErrorKind::Credentials`](chatwire_core::ErrorKind::Credentials).
    fn open<'a>(
        &'a self,
        request: SessionRequest<'a>,
    ) -> BoxFuture<'a, Result<BrowserSession, Error>>;
}

impl<S: SessionSource + ?Sized> SessionSource for Arc<S> {
    fn check(&self, http: &HttpConfig) -> Result<(), Error> {
        (**self).check(http)
    }

    fn open<'a>(
        &'a self,
        request: SessionRequest<'a>,
    ) -> BoxFuture<'a, Result<BrowserSession, Error>> {
        (**self).open(request)
    }
}
