use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};
use http::{HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use thirtyfour::WebDriver;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::session::handle::SessionHandle;
use thirtyfour::session::http::{Body, HttpClient as DriverClient};
use tokio::time::timeout;

use crate::provider::NAME;

/// How long a look at the page may take.
const SCRIPT: Duration = Duration::from_secs(3);

/// How long closing a browser may take before it is given up.
const CLOSING: Duration = Duration::from_secs(20);

/// The connection to a WebDriver server. It knows every browser that was opened
/// over it, also those that nobody waited for, and so can close them all.
#[derive(Clone)]
pub(crate) struct Wire {
    http: HttpClient,
    base: BaseUrl,
    address: Secret,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The WebDriver sessions that are open.
    open: Vec<String>,
    /// What kept the last request from being answered.
    failure: Option<Error>,
}

impl Wire {
    /// # Errors
    ///
    /// An address that cannot be used.
    pub(crate) fn new(webdriver: &Secret) -> Result<Wire, Error> {
        // Opening a browser takes its time; the visit has a limit of its own.
        let config = HttpConfig::new()
            .without_proxy()
            .with_first_byte_timeout(None)
            .with_idle_timeout(None);
        Ok(Wire {
            http: HttpClient::new(NAME, config)?,
            base: BaseUrl::parse(webdriver.expose())?,
            address: webdriver.clone(),
            state: Arc::default(),
        })
    }

    /// Opens a browser.
    pub(crate) async fn open(
        &self,
        capabilities: Map<String, Value>,
    ) -> Result<Arc<SessionHandle>, Error> {
        // The slash makes what follows part of the address.
        let address = format!("{}/", self.address.expose().trim().trim_end_matches('/'));
        let driver = WebDriver::builder(address, capabilities)
            .client(self.clone())
            .connect()
            .await
            .map_err(|error| self.open_error(error))?;
        let handle = driver.handle().clone();
        // It would close the browser by blocking the thread; this does it.
        let _ = driver.leak();
        // A page that keeps its browser busy holds up the closing so long.
        handle
            .set_script_timeout(SCRIPT)
            .await
            .map_err(|error| self.command_error(&error))?;
        Ok(handle)
    }

    /// Closes every browser that is still open.
    pub(crate) async fn close(&self) {
        let open = std::mem::take(&mut self.state().open);
        for id in open {
            let Ok(url) = self.base.join(&format!("/session/{id}")) else {
                continue;
            };
            let closing = async {
                let response = self.http.send(HttpRequest::delete(url)).await?;
                response.into_page().await
            };
            let _ = timeout(CLOSING, closing).await;
        }
    }

    fn open_error(&self, error: WebDriverError) -> Error {
        let at = &self.base;
        if let Some(failure) = self.state().failure.take() {
            let hint = "is chromedriver or geckodriver running at the WebDriver address?";
            return failure.with_context(hint);
        }
        match error.as_inner() {
            WebDriverErrorInner::UnknownResponse(..)
            | WebDriverErrorInner::Json(_)
            | WebDriverErrorInner::NotInSpec(_)
            | WebDriverErrorInner::UnknownCommand(_)
            | WebDriverErrorInner::UnknownMethod(_) => Error::new(
                ErrorKind::Protocol,
                format!("{at} does not answer as a WebDriver server does"),
            ),
            _ => Error::new(
                ErrorKind::Credentials,
                format!("{at} opened no browser: {}", words(&error)),
            ),
        }
    }

    /// What a command in an open browser failed with.
    pub(crate) fn command_error(&self, error: &WebDriverError) -> Error {
        if let Some(failure) = self.state().failure.take() {
            return failure.with_context("the WebDriver server went away");
        }
        Error::new(
            ErrorKind::Credentials,
            format!("the browser failed: {}", words(error)),
        )
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(
        &self,
        method: &Method,
        url: RequestUrl,
        body: Option<String>,
    ) -> Result<(u16, String), Error> {
        let request = match *method {
            Method::GET => HttpRequest::get(url),
            Method::DELETE => HttpRequest::delete(url),
            _ => HttpRequest::post(url),
        };
        let request = match body {
            Some(body) => request.body(body).header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            ),
            None => request,
        };
        let response = self.http.send(request).await?;
        let status = response.status();
        Ok((status, response.into_page().await?))
    }
}

#[async_trait]
impl DriverClient for Wire {
    async fn send(
        &self,
        request: http::Request<Body<'_>>,
    ) -> Result<http::Response<Bytes>, WebDriverError> {
        let (head, body) = request.into_parts();
        let failed = |error: Error| {
            let message = error.to_string();
            self.state().failure = Some(error);
            WebDriverError::from_inner(WebDriverErrorInner::RequestFailed(message))
        };
        let url = BaseUrl::parse(&head.uri.to_string())
            .and_then(|url| url.join(""))
            .map_err(failed)?;
        let body = match body {
            Body::Empty => None,
            Body::Json(json) => Some(json.to_string()),
        };
        let opens = head.method == Method::POST && head.uri.path().ends_with("/session");
        let (status, text) = self
            .exchange(&head.method, url, body)
            .await
            .map_err(failed)?;
        if opens && let Some(id) = session_id(&text) {
            self.state().open.push(id);
        }
        let mut response = http::Response::new(Bytes::from(text));
        *response.status_mut() =
            http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
        Ok(response)
    }

    async fn new(&self) -> Arc<dyn DriverClient> {
        Arc::new(self.clone())
    }
}

/// The id in the answer to a request for a browser.
fn session_id(answer: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Wire {
        value: Opened,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Opened {
        session_id: String,
    }
    let wire: Wire = serde_json::from_str(answer).ok()?;
    let id = wire.value.session_id;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!id.is_empty() && id.chars().all(is_plain)).then_some(id)
}

/// The first line of what a WebDriver server says; a stack trace follows.
pub(crate) fn words(error: &WebDriverError) -> String {
    use WebDriverErrorInner as E;
    let message = match error.as_inner() {
        E::SessionNotCreated(info)
        | E::InvalidArgument(info)
        | E::UnknownError(info)
        | E::JavascriptError(info)
        | E::WebDriverTimeout(info)
        | E::ScriptTimeout(info)
        | E::InvalidSessionId(info)
        | E::NoSuchWindow(info)
        | E::UnexpectedAlertOpen(info) => info.value.message.clone(),
        other => other.to_string(),
    };
    let line = message.lines().next().unwrap_or_default();
    line.chars().take(300).collect()
}
