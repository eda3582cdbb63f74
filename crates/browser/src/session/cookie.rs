use std::cmp::Reverse;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A cookie of the session's own server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cookie {
    pub(crate) name: String,
    pub(crate) value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    /// Seconds since 1970; `None` for a cookie that ends with its browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<i64>,
}

impl Cookie {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    fn is_expired(&self, now: i64) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// The `Cookie` header for a path, as a browser sends it: the longest paths
/// first, without what has expired. `None` if no cookie is left.
///
/// Without a time, nothing has expired.
pub(crate) fn cookie_header(
    cookies: &[Cookie],
    path: &str,
    now: Option<SystemTime>,
) -> Option<String> {
    let now = now
        .and_then(|now| now.duration_since(UNIX_EPOCH).ok())
        .and_then(|now| i64::try_from(now.as_secs()).ok())
        .unwrap_or(i64::MIN);
    let mut cookies: Vec<&Cookie> = cookies
        .iter()
        .filter(|cookie| path_matches(cookie.path(), path) && !cookie.is_expired(now))
        .collect();
    cookies.sort_by_key(|cookie| Reverse(cookie.path().len()));
    let pairs: Vec<String> = cookies
        .iter()
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// Whether a cookie with this path is sent to that path (RFC 6265, 5.1.4).
fn path_matches(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Cookie, cookie_header};

    #[test]
    fn cookies_follow_paths_and_expiry() {
        let cookie = |name: &str, path: Option<&str>, expires| Cookie {
            name: name.to_owned(),
            value: "1".to_owned(),
            path: path.map(str::to_owned),
            expires,
        };
        let cookies = [
            cookie("a", None, None),
            cookie("b", Some("/api"), None),
            cookie("c", Some("/api/"), Some(100)),
            cookie("d", Some("/other"), None),
            cookie("e", Some("/"), Some(-1)),
        ];
        for (path, now, header) in [
            ("/api/chat", Some(99), Some("c=1; b=1; a=1")),
            ("/api/chat", Some(100), Some("b=1; a=1")),
            ("/api", Some(0), Some("b=1; a=1")),
            ("/apis", Some(0), Some("a=1")),
            ("/other/x", None, Some("d=1; a=1; e=1")),
            ("", Some(0), None),
        ] {
            let now = now.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
            let found = cookie_header(&cookies, path, now);
            assert_eq!(found.as_deref(), header, "{path} {now:?}");
        }
    }
}
