use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{BoxFuture, Error, ErrorKind, HttpConfig, Secret};
use tokio::sync::Mutex;
use url::Url;

use super::capabilities::capabilities;
use super::visit::Visit;
use super::worker::visit;
use crate::session::BrowserSession;
use crate::source::{SessionRequest, SessionSource};

/// A real browser, driven through a WebDriver server that runs already:
/// chromedriver, geckodriver or Selenium.
///
/// ```no_run
/// use std::time::Duration;
/// use chatwire_browser::{Browser, SessionOptions};
///
/// let browser = Browser::new("http://127.0.0.1:9515")
///     .headless(true)
///     .ready_cookie("session")
///     .timeout(Duration::from_secs(30));
/// let sessions = SessionOptions::new()
///     .with_source(browser)
///     .with_file("session.json");
/// # let _ = sessions;
/// ```
///
/// The browser opens the base URL and waits until the page is ready: until it
/// has loaded and its status is not an error, or until the
/// [selector](Browser::ready_selector) and [cookie](Browser::ready_cookie) that
/// were set are there. A page that it is led to on the way, such as one to log
/// in with, may be on any server; at the end the browser must be back at the
/// base URL's own server, or at the same host over https, with or without
/// `www.`. Requests then go to the server where it ended, and nowhere else.
///
/// The browser goes through the provider's proxy. It is closed whatever
/// happens, also when the caller goes away or the runtime is shut down: only a
/// process that is killed leaves it behind. Clones take turns, as some WebDriver
/// servers have one browser only.
///
/// The session has the cookies that the browser sends to the page it ended at,
/// and client hints if the browser tells them to pages.
#[derive(Clone)]
pub struct Browser {
    webdriver: Secret,
    page: String,
    selector: Option<String>,
    cookie: Option<String>,
    timeout: Duration,
    headless: bool,
    capabilities: Option<String>,
    turn: Arc<Mutex<()>>,
}

impl Browser {
    /// A browser of the WebDriver server at this address, for example
    /// `http://127.0.0.1:9515`.
    pub fn new(webdriver: impl Into<String>) -> Browser {
        Browser {
            webdriver: Secret::new(webdriver.into()),
            page: String::new(),
            selector: None,
            cookie: None,
            timeout: Duration::from_secs(60),
            headless: false,
            capabilities: None,
            turn: Arc::default(),
        }
    }

    /// The page to open, below the base URL (default: the base URL itself).
    #[must_use]
    pub fn page(mut self, path: impl Into<String>) -> Browser {
        self.page = path.into();
        self
    }

    /// The page is ready when this CSS selector matches an element.
    #[must_use]
    pub fn ready_selector(mut self, selector: impl Into<String>) -> Browser {
        self.selector = Some(selector.into());
        self
    }

    /// The page is ready when the browser has a cookie of this name for it. A
    /// browser with a profile of its own has those of its last visit at once:
    /// there, a [selector](Browser::ready_selector) may tell better.
    #[must_use]
    pub fn ready_cookie(mut self, name: impl Into<String>) -> Browser {
        self.cookie = Some(name.into());
        self
    }

    /// What the page waits for, as a setting has it: `cookie:NAME`, or a CSS
    /// selector.
    #[must_use]
    pub fn ready(self, condition: &str) -> Browser {
        match condition.strip_prefix("cookie:") {
            Some(name) => self.ready_cookie(name.trim()),
            None => self.ready_selector(condition),
        }
    }

    /// The longest time for a session, from starting the browser until the page
    /// is ready (default: 60 s).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Browser {
        self.timeout = limit;
        self
    }

    /// Starts Chrome, Edge or Firefox without a window (default: no).
    #[must_use]
    pub fn headless(mut self, yes: bool) -> Browser {
        self.headless = yes;
        self
    }

    /// Further [capabilities] that the WebDriver server is asked for, as a JSON
    /// object, for example
    /// `{"goog:chromeOptions": {"args": ["--user-data-dir=/home/me/profile"]}}`.
    ///
    /// [capabilities]: https://www.w3.org/TR/webdriver2/#capabilities
    #[must_use]
    pub fn capabilities(mut self, json: impl Into<String>) -> Browser {
        self.capabilities = Some(json.into());
        self
    }

    /// The visit to the provider's server.
    fn visit(&self, request: SessionRequest<'_>) -> Result<Visit, Error> {
        let asked = Url::parse(request.base_url().expose()).map_err(|_| {
            let what = format!("base URL {} cannot be read", request.base_url());
            Error::new(ErrorKind::InvalidRequest, what)
        })?;
        let mut page = asked.clone();
        if !self.page.is_empty() {
            let (path, query) = match self.page.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (self.page.as_str(), None),
            };
            let below = asked.path().trim_end_matches('/');
            page.set_path(&format!("{below}/{}", path.trim_start_matches('/')));
            page.set_query(query);
        }
        let proxy = request.http().proxy();
        Ok(Visit {
            provider: request.provider().to_owned(),
            webdriver: self.webdriver.clone(),
            capabilities: capabilities(self.capabilities.as_deref(), self.headless, proxy)?,
            asked,
            page,
            selector: self.selector.clone(),
            cookie: self.cookie.clone(),
            timeout: self.timeout,
            turn: self.turn.clone(),
        })
    }
}

impl SessionSource for Browser {
    fn check(&self, http: &HttpConfig) -> Result<(), Error> {
        BaseUrl::parse(self.webdriver.expose())
            .map_err(|error| error.with_context("as the address of the WebDriver server"))?;
        capabilities(self.capabilities.as_deref(), self.headless, http.proxy()).map(|_| ())
    }

    fn open<'a>(
        &'a self,
        request: SessionRequest<'a>,
    ) -> BoxFuture<'a, Result<BrowserSession, Error>> {
        Box::pin(async move { visit(self.visit(request)?).await })
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("webdriver", &self.webdriver)
            .field("page", &self.page)
            .field("selector", &self.selector)
            .field("cookie", &self.cookie)
            .field("timeout", &self.timeout)
            .field("headless", &self.headless)
            .finish_non_exhaustive()
    }
}
