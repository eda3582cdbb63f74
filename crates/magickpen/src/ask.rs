use chatwire_core::provider_kit::{BaseUrl, HttpRequest, RequestUrl};
use chatwire_core::{Error, ErrorKind};
use http::HeaderValue;
use http::header::{self, HeaderMap, HeaderName};
use serde::Serialize;

use crate::credentials::Credentials;
use crate::signature::Signature;

/// The body of a question.
#[derive(Serialize)]
struct Ask<'a> {
    query: &'a str,
    #[serde(rename = "turnstileResponse")]
    turnstile_response: &'a str,
    action: &'a str,
}

/// The body of a question; it is the same for every attempt.
pub(crate) fn body(prompt: &str) -> Result<Vec<u8>, Error> {
    let ask = Ask {
        query: prompt,
        turnstile_response: "",
        action: "verify",
    };
    serde_json::to_vec(&ask).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            "the prompt cannot be written as JSON",
        )
        .with_source(error)
    })
}

/// The headers that do not change between requests.
pub(crate) fn fixed_headers(site: &BaseUrl) -> Result<HeaderMap, Error> {
    let mut headers = site.page_headers()?;
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("application/json, text/plain, */*"),
    );
    headers.insert(
        header::ACCEPT_LANGUAGE,
        HeaderValue::from_static("en-US,en;q=0.9"),
    );
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(headers)
}

/// A signed question.
pub(crate) fn request(
    url: &RequestUrl,
    headers: &HeaderMap,
    credentials: &Credentials,
    body: &bytes::Bytes,
) -> Result<HttpRequest, Error> {
    let signature = Signature::fresh();
    let value = |text: &str, what: &str| chatwire_core::Secret::new(text).header_value(what);
    Ok(HttpRequest::post(url.clone())
        .headers(headers)
        .header(
            HeaderName::from_static("nonce"),
            value(&signature.nonce, "the nonce")?,
        )
        .header(
            HeaderName::from_static("timestamp"),
            value(&signature.timestamp, "the timestamp")?,
        )
        .header(
            HeaderName::from_static("signature"),
            value(&signature.digest, "the signature")?,
        )
        .header(
            HeaderName::from_static("secret"),
            credentials.secret.header_value("the secret of the site")?,
        )
        .header(
            HeaderName::from_static("x-api-secret"),
            credentials
                .api_secret
                .header_value("the X-API-Secret of the site")?,
        )
        .body(body.clone()))
}
