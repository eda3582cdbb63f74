//! The page to chat on, for browsers: three files from memory.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, ORIGIN,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::status;

/// Nothing of another host, no script and no style inside the page, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";

/// A file of the page.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

const INDEX: Asset = Asset {
    path: "/",
    content_type: "text/html; charset=utf-8",
    text: include_str!("../page/index.html"),
};

/// What the page loads. The addresses in it are relative, so that it also works
/// below a path of another server.
const ASSETS: [Asset; 2] = [
    Asset {
        path: "/page.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("../page/page.css"),
    },
    Asset {
        path: "/page.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("../page/page.js"),
    },
];

/// Adds the page to the routes.
pub(crate) fn add<S: Clone + Send + Sync + 'static>(mut router: Router<S>) -> Router<S> {
    for asset in &ASSETS {
        router = router.route(
            asset.path,
            get(async |request: Request| asset.answer(request.headers())),
        );
    }
    router.route(INDEX.path, get(root))
}

/// Returns `true` for what a browser loads before it can know a key.
pub(crate) fn is_asset(path: &str) -> bool {
    ASSETS.iter().any(|asset| asset.path == path)
}

/// Returns `true` if a browser opens the page in a tab.
pub(crate) fn is_opened_by(request: &Request) -> bool {
    let says = |name, word: &str| {
        let mut values = request.headers().get_all(name).iter();
        values.next().is_some_and(|value| value == word) && values.next().is_none()
    };
    request.method() == Method::GET
        && request.uri().path() == INDEX.path
        && !request.headers().contains_key(ORIGIN)
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
}

/// `GET /`: the page for browsers, one line for programs.
async fn root(request: Request) -> Response {
    let mut response = if request.method() == Method::GET && wants_html(request.headers()) {
        INDEX.answer(request.headers())
    } else {
        status::root().await.into_response()
    };
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// Returns `true` if `text/html` is accepted by name, as browsers do.
fn wants_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_html = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
            is_html && !parts.any(is_zero)
        })
}

/// Returns `true` for a quality that refuses, such as `q=0.0`.
fn is_zero(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        let quality: Option<f32> = value.trim().parse().ok();
        name.trim().eq_ignore_ascii_case("q") && quality.is_some_and(|quality| quality <= 0.0)
    })
}

impl Asset {
    /// The file, or that the client has it already.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let tag = self.tag();
        let is_known = headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|known| known.trim().trim_start_matches("W/") == tag);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.text.into_response()
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            // Kept, and asked for again each time: a new version is shown at once.
            (CACHE_CONTROL, "no-cache"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        response
    }

    /// Differs when the text does.
    fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_the_page() {
        for (accept, expected) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("TEXT/HTML", true),
            ("*/*;q=0.1, text/html ;q=0.5", true),
            ("text/html;q=0", false),
            ("text/html; q=0.000", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("text/htmlx", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(wants_html(&headers), expected, "{accept}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn the_page_is_small_and_whole() {
        let files = [&INDEX, &ASSETS[0], &ASSETS[1]];
        let size: usize = files.iter().map(|file| file.text.len()).sum();
        assert!(size < 60_000, "{size} bytes");
        let html = INDEX.text;
        for asset in &ASSETS {
            // Relative, so that the page can be below a path.
            let name = asset.path.trim_start_matches('/');
            assert!(html.contains(&format!("=\"{name}\"")), "{name}");
        }
        // The policy allows neither, and a page that has them would be broken.
        for forbidden in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        let script = ASSETS[1].text;
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval("] {
            assert!(!script.contains(forbidden), "{forbidden}");
        }
    }
}
