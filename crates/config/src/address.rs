//! Addresses that can be shown.

use url::Url;

pub(crate) const REDACTED: &str = "[redacted]";

/// An address without user name, password, query and fragment, whether it is
/// a whole one or not; any other text as it is. There is no telling what is secret in
/// an address that cannot be read.
pub(crate) fn shown_address(text: &str) -> String {
    let names_a_user = text.contains('@') || text.contains("%40");
    let is_whole = text.contains("://") || text.get(..4).is_some_and(is_http);
    if !names_a_user && !is_whole && !text.contains(['?', '#']) {
        return text.to_owned();
    }
    let url = Url::parse(text).ok().filter(Url::has_host);
    let (mut shown, query) = match &url {
        Some(url) => {
            let user = match (url.username(), url.password()) {
                ("", None) => String::new(),
                _ => format!("{REDACTED}@"),
            };
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            // The slash that an address without a path gets is not the person's.
            let path = match url.path() {
                "/" if !text.ends_with('/') => "",
                // A slip before a user name makes it a part of the path.
                path if path.contains('@') || path.contains("%40") => "/[redacted]",
                path => path,
            };
            let shown = format!("{}://{user}{host}{port}{path}", url.scheme());
            (shown, url.query().is_some() || url.fragment().is_some())
        }
        None if names_a_user || is_whole => return REDACTED.to_owned(),
        None => {
            let path = text.split(['?', '#']).next().unwrap_or_default();
            (path.to_owned(), true)
        }
    };
    if query {
        shown.push('?');
        shown.push_str(REDACTED);
    }
    shown
}

fn is_http(start: &str) -> bool {
    start.eq_ignore_ascii_case("http")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://host/path", "https://host/path"),
            ("http://me:hush@host/path", "http://[redacted]@host/path"),
            ("http://me@host:81", "http://[redacted]@host:81"),
            ("http:me:hush@host", "http://[redacted]@host"),
            ("http:/me:hush@host", "http://[redacted]@host"),
            ("http:\\\\me:hush@host", "http://[redacted]@host"),
            ("ht\ttp://me:hush@host", "http://[redacted]@host"),
            ("http://me:hush%40host", "[redacted]"),
            ("http://me:hush@", "[redacted]"),
            ("me:hush@host", "[redacted]"),
            ("//me:hush@host/", "[redacted]"),
            ("socks5://me:hush@host:1", "socks5://[redacted]@host:1"),
            ("https://host/?token=hush", "https://host?[redacted]"),
            ("https://host/a#hush", "https://host/a?[redacted]"),
            ("/chat?token=hush", "/chat?[redacted]"),
            ("https://host/@me", "https://host/[redacted]"),
            ("http:'/me:hush@host", "http://'/[redacted]"),
            ("http:me:hushhost/path", "[redacted]"),
            ("http", "[redacted]"),
            ("HTTP://host/a", "http://host/a"),
            ("gpt-4", "gpt-4"),
        ] {
            assert_eq!(shown_address(text), shown, "{text}");
        }
    }
}
