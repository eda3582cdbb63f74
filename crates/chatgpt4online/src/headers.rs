use chatwire_core::Error;
use chatwire_core::provider_kit::BaseUrl;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What the visitors of the original site sent, as their browser did.
const BROWSER: [(HeaderName, &str); 10] = [
    (header::ACCEPT_LANGUAGE, "en-US,en;q=0.9"),
    (HeaderName::from_static("dnt"), "1"),
    (HeaderName::from_static("priority"), "u=1, i"),
    (
        HeaderName::from_static("sec-ch-ua"),
        "\"Not/A)Brand\";v=\"8\", \"Chromium\";v=\"126\"",
    ),
    (HeaderName::from_static("sec-ch-ua-mobile"), "?0"),
    (HeaderName::from_static("sec-ch-ua-platform"), "\"Linux\""),
    (HeaderName::from_static("sec-fetch-dest"), "empty"),
    (HeaderName::from_static("sec-fetch-mode"), "cors"),
    (HeaderName::from_static("sec-fetch-site"), "same-origin"),
    (
        header::USER_AGENT,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/126.0.0.0 Safari/537.36",
    ),
];

/// The headers of every request to the site.
pub(crate) fn headers(base: &BaseUrl, browser: bool) -> Result<HeaderMap, Error> {
    let mut headers = base.page_headers()?;
    if browser {
        for (name, value) in BROWSER {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(headers)
}
