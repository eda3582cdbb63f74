use std::time::Duration;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::session::Cookie;

/// How long closing a browser may take before it is given up.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(20);

/// A WebDriver server: the five commands of the [protocol] that a session
/// needs, over the HTTP client that the providers use.
///
/// [protocol]: https://www.w3.org/TR/webdriver2/
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    http: HttpClient,
    base: BaseUrl,
}

/// A browser that was opened and is to be closed.
#[derive(Debug)]
pub(crate) struct OpenBrowser {
    driver: Driver,
    /// The path of its commands.
    path: String,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// There was no response.
    Http(Error),
    /// The server refused it: the error code of the protocol, and words.
    Refused { code: String, message: String },
    /// The response is not one of a WebDriver server.
    NotWebDriver,
}

/// What every response is.
#[derive(Deserialize)]
struct Response<T> {
    value: T,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewSession {
    session_id: String,
}

#[derive(Deserialize)]
struct DriverCookie {
    name: String,
    value: String,
    path: Option<String>,
    expiry: Option<f64>,
}

impl Driver {
    /// The server at that address.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for an address that cannot be used.
    pub(crate) fn new(provider: &str, address: &Secret) -> Result<Driver, Error> {
        // A browser takes its time to open; there is one limit for everything.
        let config = HttpConfig::new()
            .without_proxy()
            .with_first_byte_timeout(None)
            .with_idle_timeout(None);
        Ok(Driver {
            http: HttpClient::new(provider, config)?,
            base: BaseUrl::parse(address.expose())?,
        })
    }

    /// Opens a browser.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`], [`ErrorKind::Protocol`] if the server is not a
    /// WebDriver server, and [`ErrorKind::Credentials`] if it opens no browser.
    pub(crate) async fn open(
        &self,
        capabilities: Map<String, Value>,
    ) -> Result<OpenBrowser, Error> {
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let opened = self.post::<NewSession>("/session", &body).await;
        let id = opened.map_err(|error| self.open_error(error))?.session_id;
        // It becomes part of an address.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || !id.chars().all(is_plain) {
            return Err(self.open_error(CommandError::NotWebDriver));
        }
        Ok(OpenBrowser {
            driver: self.clone(),
            path: format!("/session/{id}"),
        })
    }

    fn open_error(&self, error: CommandError) -> Error {
        match error {
            CommandError::Http(error) => {
                error.with_context("is chromedriver or geckodriver running at this address?")
            }
            CommandError::NotWebDriver => self.not_webdriver(),
            CommandError::Refused { code, .. }
                if matches!(code.as_str(), "unknown command" | "unknown method") =>
            {
                self.not_webdriver()
            }
            refused @ CommandError::Refused { .. } => Error::new(
                ErrorKind::Credentials,
                format!("{} opened no browser: {}", self.base, refused.words()),
            ),
        }
    }

    fn not_webdriver(&self) -> Error {
        Error::new(
            ErrorKind::Protocol,
            format!("{} does not answer as a WebDriver server does", self.base),
        )
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, CommandError> {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let url = self.base.join(path).map_err(CommandError::Http)?;
        let request = HttpRequest::post(url).header(CONTENT_TYPE, json);
        self.command(request.body(body.to_string())).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CommandError> {
        let url = self.base.join(path).map_err(CommandError::Http)?;
        self.command(HttpRequest::get(url)).await
    }

    async fn command<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, CommandError> {
        let response = self.http.send(request).await.map_err(CommandError::Http)?;
        let is_success = response.is_success();
        let text = response.into_page().await.map_err(CommandError::Http)?;
        if is_success {
            let response = serde_json::from_str(&text).map_err(|_| CommandError::NotWebDriver);
            return response.map(|response: Response<T>| response.value);
        }
        match serde_json::from_str(&text) {
            Ok(Response {
                value: Refusal { error, message },
            }) => Err(CommandError::Refused {
                code: error,
                message,
            }),
            Err(_) => Err(CommandError::NotWebDriver),
        }
    }
}

impl OpenBrowser {
    /// Starts loading a page.
    pub(crate) async fn navigate(&self, url: &str) -> Result<(), CommandError> {
        let path = format!("{}/url", self.path);
        let body = json!({ "url": url });
        self.driver.post(&path, &body).await.map(|_: Value| ())
    }

    /// Runs a script in the page, and returns what it returns.
    pub(crate) async fn execute(
        &self,
        script: &str,
        argument: Value,
    ) -> Result<Value, CommandError> {
        let path = format!("{}/execute/sync", self.path);
        let body = json!({ "script": script, "args": [argument] });
        self.driver.post(&path, &body).await
    }

    /// The cookies that the browser sends to the page.
    pub(crate) async fn cookies(&self) -> Result<Vec<Cookie>, CommandError> {
        let path = format!("{}/cookie", self.path);
        let cookies: Vec<DriverCookie> = self.driver.get(&path).await?;
        let cookies = cookies.into_iter().map(|cookie| Cookie {
            name: cookie.name,
            value: cookie.value,
            path: cookie.path,
            expires: cookie.expiry.map(|end| end as i64),
        });
        Ok(cookies.collect())
    }

    /// Closes the browser. If the server does not do it in time, nothing more
    /// can be done.
    pub(crate) async fn close(self) {
        let closing = async {
            let url = self.driver.base.join(&self.path);
            let request = HttpRequest::delete(url.map_err(CommandError::Http)?);
            self.driver.command::<Value>(request).await
        };
        if let Ok(Ok(_)) = timeout(CLOSE_TIMEOUT, closing).await {
            return;
        }
        tracing::warn!("a browser of {} could not be closed", self.driver.base);
    }
}

impl CommandError {
    /// The error for a command in an open browser.
    pub(crate) fn into_error(self) -> Error {
        match self {
            CommandError::Http(error) => error.with_context("the WebDriver server went away"),
            other => Error::new(
                ErrorKind::Credentials,
                format!("the browser failed: {}", other.words()),
            ),
        }
    }

    /// Whether no later command of this browser can succeed.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            CommandError::Http(_) => true,
            CommandError::Refused { code, .. } => {
                matches!(code.as_str(), "invalid session id" | "no such window")
            }
            CommandError::NotWebDriver => false,
        }
    }

    /// The first line of what the server says; a stack trace follows.
    pub(crate) fn words(&self) -> String {
        let words = match self {
            CommandError::Http(error) => error.message(),
            CommandError::Refused { code, message } if message.trim().is_empty() => code,
            CommandError::Refused { message, .. } => message,
            CommandError::NotWebDriver => "the answer is not one of a WebDriver server",
        };
        let line = words.trim().lines().next().unwrap_or_default();
        line.chars().take(300).collect()
    }
}
