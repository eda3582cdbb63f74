use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;

/// The first segments of paths that clients also request without `/v1`,
/// because it was missing from the base URL that they were given.
const UNDER_V1: [&str; 5] = ["chat", "completions", "messages", "models", "responses"];

/// Returns the address with the path that the routes know.
///
/// Base URLs are typed by hand: with `/v1` or without, with it twice, and with
/// slashes that are doubled or at the end.
pub(crate) fn normalized(uri: Uri) -> Uri {
    let Cow::Owned(mut path) = normalized_path(uri.path()) else {
        return uri;
    };
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    match PathAndQuery::try_from(path) {
        Ok(path) => parts.path_and_query = Some(path),
        Err(_) => return uri,
    }
    Uri::from_parts(parts).unwrap_or(uri)
}

fn normalized_path(path: &str) -> Cow<'_, str> {
    let is_known = |segment: Option<&str>| segment.is_some_and(|name| UNDER_V1.contains(&name));
    let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let versions = segments.iter().take_while(|part| **part == "v1").count();
    segments.drain(..versions.saturating_sub(1));
    if is_known(segments.first().copied()) {
        segments.insert(0, "v1");
    }
    // A base URL for another API than the client's.
    if segments.starts_with(&["v1", "api"]) {
        segments.remove(0);
    }
    let normalized = format!("/{}", segments.join("/"));
    if normalized == path {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(normalized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_paths() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/chat/completions/", "/v1/chat/completions"),
            ("//v1//chat/completions", "/v1/chat/completions"),
            ("/v1/v1/chat/completions", "/v1/chat/completions"),
            ("/v1/v1/v1/models", "/v1/models"),
            ("/chat/completions", "/v1/chat/completions"),
            ("/models", "/v1/models"),
            ("/models/home/m/", "/v1/models/home/m"),
            ("/v1/models/home%2Fm", "/v1/models/home%2Fm"),
            ("/v1/models?a=/b//", "/v1/models?a=/b//"),
            ("/models/?a=1", "/v1/models?a=1"),
            ("/healthz/", "/healthz"),
            (
                "/messages/count_tokens?beta=true",
                "/v1/messages/count_tokens?beta=true",
            ),
            ("/responses/resp_1", "/v1/responses/resp_1"),
            ("/v1/api/chat", "/api/chat"),
            ("/api/chat/", "/api/chat"),
            ("/nothing", "/nothing"),
            ("/v2/chat/completions", "/v2/chat/completions"),
        ] {
            let uri: Uri = path.parse().unwrap();
            assert_eq!(normalized(uri).to_string(), expected);
        }
        let absolute: Uri = "http://localhost:1337//models/".parse().unwrap();
        assert_eq!(
            normalized(absolute).to_string(),
            "http://localhost:1337/v1/models"
        );
    }

    #[test]
    fn long_paths_cost_little() {
        let path = format!("/{}", "v1/".repeat(10_000));
        assert_eq!(normalized(path.parse().unwrap()).path(), "/v1");
    }
}
