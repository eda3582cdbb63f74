use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chatwire_core::provider_kit::BaseUrl;
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use url::Url;

use crate::BrowserSession;
use crate::visit::{Visit, visit};

/// A real browser, driven through a WebDriver server that runs already:
/// chromedriver, geckodriver or Selenium.
///
/// ```no_run
/// use std::time::Duration;
/// use chatwire_aura::{Aura, Browser};
///
/// # fn main() -> Result<(), chatwire_aura::Error> {
/// let browser = Browser::new("http://127.0.0.1:9515")
///     .headless(true)
///     .ready_cookie("session")
///     .timeout(Duration::from_secs(30));
/// let provider = Aura::builder()
///     .base_url("https://chat.example.org")
///     .webdriver(browser)
///     .session_file("session.json")
///     .build()?;
/// # let _ = provider;
/// # Ok(())
/// # }
/// ```
///
/// The browser opens the base URL and waits until the page is there: until it
/// has loaded and was not answered with an error status, or until the
/// [selector](Browser::ready_selector) and [cookie](Browser::ready_cookie) that
/// were set are. A page that it is led to on the way, such as one to log in
/// with, may be on any server; at the end the browser must be back at the base
/// URL's own server, or at the same host over https, with or without `www.`.
/// Requests then go to the server where it ended, and nowhere else.
///
/// The browser goes through the client's proxy. It is closed whatever happens,
/// also when the caller goes away or the runtime is shut down: only a process
/// that is killed leaves it behind. Clones take turns, as some WebDriver
/// servers have one browser only.
///
/// Cookies count that the browser sends to the page it ended at, and that their
/// path allows; client hints are there where the browser tells them to pages.
#[derive(Clone)]
pub struct Browser {
    webdriver: Secret,
    page: String,
    selector: Option<String>,
    cookie: Option<String>,
    timeout: Duration,
    headless: bool,
    capabilities: Option<String>,
    proxy: Option<Value>,
    turn: Arc<Mutex<()>>,
}

impl Browser {
    /// A browser of the WebDriver server at that address, for example
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
            proxy: None,
            turn: Arc::default(),
        }
    }

    /// The page to open, below the base URL (default: the base URL itself).
    #[must_use]
    pub fn page(mut self, path: impl Into<String>) -> Browser {
        self.page = path.into();
        self
    }

    /// The page is there when it has an element that this CSS selector finds.
    #[must_use]
    pub fn ready_selector(mut self, selector: impl Into<String>) -> Browser {
        self.selector = Some(selector.into());
        self
    }

    /// The page is there when the browser has a cookie of that name for it. A
    /// browser with a profile of its own has those of its last visit at once:
    /// there, a [selector](Browser::ready_selector) may tell better.
    #[must_use]
    pub fn ready_cookie(mut self, name: impl Into<String>) -> Browser {
        self.cookie = Some(name.into());
        self
    }

    /// The longest time for a session, from starting the browser until the page
    /// is there (default: 60 s).
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

    /// What the WebDriver server is asked for besides, as a JSON object of
    /// [capabilities], for example
    /// `{"goog:chromeOptions": {"args": ["--user-data-dir=/home/me/profile"]}}`.
    ///
    /// [capabilities]: https://www.w3.org/TR/webdriver2/#capabilities
    #[must_use]
    pub fn capabilities(mut self, json: impl Into<String>) -> Browser {
        self.capabilities = Some(json.into());
        self
    }

    /// The same, if it can be used, with the client's proxy.
    pub(crate) fn checked(mut self, http: &HttpConfig) -> Result<Browser, Error> {
        BaseUrl::parse(self.webdriver.expose())
            .map_err(|error| error.with_context("as the address of the WebDriver server"))?;
        self.proxy = http.proxy().map(proxy).transpose()?;
        self.all_capabilities()?;
        Ok(self)
    }

    /// A fresh session for that base URL.
    pub(crate) async fn session(&self, asked: &Url) -> Result<BrowserSession, Error> {
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
        visit(Visit {
            webdriver: self.webdriver.clone(),
            capabilities: self.all_capabilities()?,
            asked: asked.clone(),
            page,
            selector: self.selector.clone(),
            cookie: self.cookie.clone(),
            timeout: self.timeout,
            turn: self.turn.clone(),
        })
        .await
    }

    fn all_capabilities(&self) -> Result<Map<String, Value>, Error> {
        let mut all = match &self.capabilities {
            None => Map::new(),
            Some(json) => serde_json::from_str(json).map_err(|error| {
                Error::new(
                    ErrorKind::InvalidRequest,
                    format!("WebDriver capabilities must be a JSON object: {error}"),
                )
            })?,
        };
        // Waiting is done here, by a condition and with a limit: a page that
        // does not end loading would hold up even the closing of the browser.
        all.entry("pageLoadStrategy").or_insert(json!("none"));
        if let Some(proxy) = &self.proxy {
            all.entry("proxy").or_insert(proxy.clone());
        }
        if self.headless {
            for (options, argument) in [
                ("goog:chromeOptions", "--headless=new"),
                ("ms:edgeOptions", "--headless=new"),
                ("moz:firefoxOptions", "-headless"),
            ] {
                let options = all.entry(options).or_insert(json!({}));
                let arguments = options
                    .as_object_mut()
                    .map(|options| options.entry("args").or_insert(json!([])));
                if let Some(Value::Array(arguments)) = arguments {
                    arguments.push(json!(argument));
                }
            }
        }
        Ok(all)
    }
}

/// The client's proxy, as WebDriver has it.
fn proxy(proxy: &Secret) -> Result<Value, Error> {
    let unusable = |why: &str| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("a browser cannot be told to use the proxy: {why}"),
        )
    };
    let url = Url::parse(proxy.expose().trim()).map_err(|_| unusable("it is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("it wants a user name and password"));
    }
    let host = url.host_str().unwrap_or_default();
    let at = |port: u16| format!("{host}:{}", url.port().unwrap_or(port));
    match url.scheme() {
        "http" => {
            let at = at(80);
            Ok(json!({"proxyType": "manual", "httpProxy": at, "sslProxy": at}))
        }
        "socks5" | "socks5h" => Ok(json!({
            "proxyType": "manual", "socksProxy": at(1080), "socksVersion": 5,
        })),
        scheme => Err(unusable(&format!("it is one of {scheme}://"))),
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
