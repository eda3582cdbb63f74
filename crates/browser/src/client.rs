use std::fmt;
use std::sync::{Mutex, PoisonError};

use chatwire_core::provider_kit::{
    BaseUrl, Cached, CredentialCache, HttpClient, HttpRequest, HttpResponse,
};
use chatwire_core::{Error, ErrorKind, HttpConfig};

use crate::active::{ActiveSession, whole};
use crate::file::SessionFile;
use crate::import::Format;
use crate::options::SessionOptions;
use crate::session::BrowserSession;
use crate::source::SessionRequest;

/// A provider's HTTP client with a browser's session: the one seam between
/// providers and sessions.
///
/// The session is opened with the first request, shared by all of them, and
/// renewed once for a request that the server refuses with 401 or 403. Without
/// a session, requests are sent as they are.
pub struct SessionClient {
    provider: String,
    http: HttpClient,
    config: HttpConfig,
    base: BaseUrl,
    options: SessionOptions,
    /// What another program wrote into the session file.
    foreign: Option<Format>,
    active: CredentialCache<ActiveSession>,
    save_error: Mutex<Option<Error>>,
}

impl SessionClient {
    /// A client for the named provider. The session file is read; nothing is
    /// sent yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for settings of HTTP that cannot be used,
    /// for a session that cannot be read or is of another server, and for a
    /// source that cannot be used with these settings.
    pub fn new(
        provider: &str,
        http: HttpConfig,
        base_url: BaseUrl,
        options: SessionOptions,
    ) -> Result<SessionClient, Error> {
        let mut client = SessionClient {
            provider: provider.to_owned(),
            http: HttpClient::new(provider, http.clone())?,
            config: http,
            base: base_url,
            options,
            foreign: None,
            active: CredentialCache::new(),
            save_error: Mutex::new(None),
        };
        match client.begin() {
            Ok(Some(active)) => {
                client.active = CredentialCache::new().with_known(active);
                Ok(client)
            }
            Ok(None) => Ok(client),
            Err(error) => Err(error.with_provider(provider)),
        }
    }

    /// What there is before anything was sent; `None` if the source has to be
    /// asked.
    fn begin(&mut self) -> Result<Option<ActiveSession>, Error> {
        if let Some(source) = &self.options.source {
            source.check(&self.config)?;
        }
        let session = match (&self.options.session, &self.options.file) {
            (Some(session), _) => Some(session.clone()),
            (None, Some(file)) => match file.load(&whole(&self.base)?)? {
                Some((session, format)) => {
                    self.foreign = Some(format).filter(|format| *format != Format::Own);
                    Some(session)
                }
                None if self.options.source.is_none() => return Err(file.missing()),
                None => None,
            },
            (None, None) => None,
        };
        match session {
            Some(session) => self.activate(session).map(Some),
            None if self.options.source.is_some() => Ok(None),
            None => Ok(Some(ActiveSession::none(self.base.clone()))),
        }
    }

    fn activate(&self, session: BrowserSession) -> Result<ActiveSession, Error> {
        ActiveSession::new(session, &self.base, self.http.redactor())
    }

    /// The HTTP client, for requests that need no session.
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// The base URL as it was set. With a session, requests may go
    /// [elsewhere](ActiveSession::base_url) on the same server.
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }

    /// Sends the request that `request` makes for a base URL, with the session.
    /// If the server refuses it with 401 or 403 and there is a source, it is
    /// made and sent once more with a new session.
    ///
    /// Give the error that you make of the response to
    /// [`explain`](SessionClient::explain).
    ///
    /// # Errors
    ///
    /// Those of the request, of the session, and of [`HttpClient::send`].
    pub async fn send(
        &self,
        request: impl Fn(&BaseUrl) -> Result<HttpRequest, Error>,
    ) -> Result<HttpResponse, Error> {
        let request = &request;
        let sent = self.active.with_renewal(
            || self.open(),
            |active| async move {
                let request = request(active.value().base_url())?;
                self.http.send(active.value().apply(request)).await
            },
            |response| is_refusal(response.status()) && self.options.source.is_some(),
        );
        sent.await
    }

    /// Adds to a refusal what became of the session, and what to do.
    #[must_use]
    pub fn explain(&self, error: Error) -> Error {
        let has_session = self.current().is_some();
        match error.status() {
            Some(status) if is_refusal(status) && self.options.source.is_some() => {
                error.with_context("with a fresh session of the browser")
            }
            Some(status) if is_refusal(status) && has_session => {
                error.with_context("with this session: a browser has to make a new one")
            }
            _ => error,
        }
    }

    /// The session in use, opened if there is none yet: for protocols that
    /// notice a refusal in other ways than [`send`](SessionClient::send) does.
    ///
    /// # Errors
    ///
    /// Those of the source.
    pub async fn active(&self) -> Result<Cached<ActiveSession>, Error> {
        let active = self.active.get(|| self.open()).await;
        active.map_err(|error| error.with_provider(&self.provider))
    }

    /// Forgets a session that the server refused. Returns whether there can be
    /// another one, so that it is worth trying again.
    pub fn renew(&self, refused: &Cached<ActiveSession>) -> bool {
        if self.options.source.is_none() {
            return false;
        }
        self.active.discard(refused);
        true
    }

    /// The browser's session, if there is one by now, to be
    /// [kept](BrowserSession::to_json) for another time.
    pub fn current(&self) -> Option<BrowserSession> {
        self.active.current()?.value().session().cloned()
    }

    /// The browser's session, opened if there is none yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`] if there is neither a session nor a source,
    /// and those of the source.
    pub async fn open_session(&self) -> Result<BrowserSession, Error> {
        let active = self.active().await?;
        let session = active.value().session().cloned();
        session.ok_or_else(|| none().with_provider(&self.provider))
    }

    /// Why the newest session is not in the session file, if it should be.
    pub fn save_error(&self) -> Option<Error> {
        let error = self.save_error.lock();
        error.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn open(&self) -> Result<ActiveSession, Error> {
        let source = self.options.source.as_ref().ok_or_else(none)?;
        let request = SessionRequest {
            provider: &self.provider,
            base_url: &self.base,
            http: &self.config,
        };
        let session = source.open(request).await?;
        let active = self.activate(session.clone())?;
        if let Some(file) = &self.options.file {
            let error = self.save(file.clone(), session).await.err();
            if let Some(error) = &error {
                tracing::warn!("{error}; it is used all the same");
            }
            *self
                .save_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = error;
        }
        Ok(active)
    }

    async fn save(&self, file: SessionFile, session: BrowserSession) -> Result<(), Error> {
        if let Some(format) = self.foreign {
            return Err(file.foreign(format));
        }
        // A slow disk holds up no other task, and a caller that goes away
        // leaves no half of a file.
        let saving = tokio::task::spawn_blocking(move || file.save(&session));
        saving.await.unwrap_or_else(|_| {
            let what = "the session file was not written: the runtime is being shut down";
            Err(Error::new(ErrorKind::Interrupted, what))
        })
    }
}

fn is_refusal(status: u16) -> bool {
    matches!(status, 401 | 403)
}

fn none() -> Error {
    Error::new(
        ErrorKind::Credentials,
        "there is neither a browser session nor a browser to get one from",
    )
}

impl fmt::Debug for SessionClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionClient")
            .field("http", &self.http)
            .field("base", &self.base)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
