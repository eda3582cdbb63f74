use std::path::PathBuf;
use std::sync::Arc;

use crate::file::SessionFile;
use crate::session::BrowserSession;
use crate::source::SessionSource;

/// Where a provider's sessions come from. By default there are none, and
/// requests are made as without this crate.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    pub(crate) session: Option<BrowserSession>,
    pub(crate) file: Option<SessionFile>,
    pub(crate) source: Option<Arc<dyn SessionSource>>,
}

impl SessionOptions {
    /// No session.
    pub fn new() -> SessionOptions {
        SessionOptions::default()
    }

    /// Starts with a session that a browser had earlier. The
    /// [source](SessionOptions::with_source), if there is one, is only asked
    /// once the server refuses it.
    #[must_use]
    pub fn with_session(mut self, session: BrowserSession) -> SessionOptions {
        self.session = Some(session);
        self
    }

    /// Keeps the session in a file: it is read when the provider is built, if
    /// it is there, and replaced whenever the source gives a new session. On
    /// Unix only its owner may read the new one.
    ///
    /// Every format of [`BrowserSession::import`] is read. A file that another
    /// program made is not replaced. If the file cannot be written, the new
    /// session is used all the same, and
    /// [`save_error`](crate::SessionClient::save_error) says why.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> SessionOptions {
        self.file = Some(SessionFile::new(path.into()));
        self
    }

    /// Gets sessions from a source, such as a real browser.
    #[must_use]
    pub fn with_source(mut self, source: impl SessionSource + 'static) -> SessionOptions {
        self.source = Some(Arc::new(source));
        self
    }
}
