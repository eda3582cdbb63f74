use std::fmt;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::url::RequestUrl;
use crate::error::{Error, ErrorKind};

/// One request.
#[derive(Clone)]
pub struct HttpRequest {
    pub(super) method: Method,
    pub(super) url: RequestUrl,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) follows_redirects: bool,
}

impl HttpRequest {
    /// Creates a request with this method and without a body.
    pub fn new(method: Method, url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method,
            ..HttpRequest::get(url)
        }
    }

    /// Creates a GET.
    pub fn get(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
            follows_redirects: true,
        }
    }

    /// Creates a POST without a body.
    pub fn post(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::POST,
            ..HttpRequest::get(url)
        }
    }

    /// Creates a DELETE without a body.
    pub fn delete(url: RequestUrl) -> HttpRequest {
        HttpRequest {
            method: Method::DELETE,
            ..HttpRequest::get(url)
        }
    }

    /// Returns the address that the request goes to.
    pub fn url(&self) -> &RequestUrl {
        &self.url
    }

    /// Makes a redirect the response, for protocols in which it means something
    /// else than another address.
    #[must_use]
    pub fn without_redirects(mut self) -> HttpRequest {
        self.follows_redirects = false;
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> HttpRequest {
        self.body = Some(body.into());
        self
    }

    /// Sets the body to this value as JSON, and the `Content-Type` with it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the value cannot be written as JSON,
    /// for example a map whose keys are not texts.
    pub fn json(self, body: &impl Serialize) -> Result<HttpRequest, Error> {
        // Without the error as a source: it may repeat what it was given.
        let body = serde_json::to_vec(body).map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the body of the request cannot be written as JSON",
            )
        })?;
        let json = HeaderValue::from_static("application/json");
        Ok(self.header(CONTENT_TYPE, json).body(body))
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> HttpRequest {
        self.headers.insert(name, value);
        self
    }

    /// Sets several headers.
    #[must_use]
    pub fn headers(mut self, headers: &HeaderMap) -> HttpRequest {
        for (name, value) in headers {
            self.headers.insert(name, value.clone());
        }
        self
    }
}

/// Without the values of headers and the body: secrets are among them.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &names)
            .field("body_len", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}
