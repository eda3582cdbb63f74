use std::sync::LazyLock;

use chatwire_core::Secret;
use regex::Regex;

/// The two secrets, as far as they have been found.
#[derive(Debug, Default, Clone)]
pub(crate) struct Found {
    pub(crate) api_secret: Option<Secret>,
    pub(crate) secret: Option<Secret>,
}

impl Found {
    /// Looks for what is still missing in one more script.
    pub(crate) fn search(&mut self, script: &str) {
        if self.api_secret.is_none() {
            self.api_secret = first(&API_SECRET, script);
        }
        if self.secret.is_none() {
            self.secret = first(&SECRET, script);
        }
    }

    /// The names of those that are missing.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.api_secret.is_none() {
            missing.push("X-API-Secret");
        }
        if self.secret.is_none() {
            missing.push("secret");
        }
        missing
    }
}

/// A pattern in two strengths: newer bundles have only word characters in their
/// values, older ones had others, and blanks after the colon.
struct Patterns {
    newer: Option<Regex>,
    older: Option<Regex>,
}

static API_SECRET: LazyLock<Patterns> = LazyLock::new(|| Patterns::new(r#""X-API-Secret""#));
static SECRET: LazyLock<Patterns> = LazyLock::new(|| Patterns::new(r"(?-u:\b)secret"));

impl Patterns {
    fn new(name: &str) -> Patterns {
        let compile = |value: &str| {
            // The patterns are constants that the tests compile.
            Regex::new(&format!(r#"{name}(?-u:\s*:\s*)"({value})""#)).ok()
        };
        Patterns {
            newer: compile(r"(?-u:\w)+"),
            older: compile(r#"[^"]+"#),
        }
    }
}

/// The first value that can be sent back. A bundle has other texts too, and
/// what a header cannot carry is one of those.
fn first(patterns: &Patterns, script: &str) -> Option<Secret> {
    [&patterns.newer, &patterns.older]
        .into_iter()
        .flatten()
        .flat_map(|pattern| pattern.captures_iter(script))
        .filter_map(|captures| captures.get(1))
        .map(|value| value.as_str())
        .find(|value| is_sendable(value))
        .map(Secret::new)
}

/// Whether a text from a server may go into a header.
fn is_sendable(value: &str) -> bool {
    value.len() <= MAX_SECRET
        && value
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// The longest secret that is believed to be one.
const MAX_SECRET: usize = 1024;

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<((?i-u:script|link))[\t\n\r ]([^>]*)>").ok());
static ATTRIBUTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z-]+)[\t\n\r ]*=[\t\n\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\r "'>]+))"#).ok()
});

/// The addresses of the scripts that a page names, in its order and as they
/// stand there: `<script src>` and `<link rel="preload" as="script">`.
pub(crate) fn script_addresses(page: &str) -> Vec<String> {
    let (Some(tags), Some(attributes)) = (TAG.as_ref(), ATTRIBUTE.as_ref()) else {
        return Vec::new();
    };
    let mut addresses = Vec::new();
    for tag in tags.captures_iter(page) {
        let part = |index| tag.get(index).map_or("", |part| part.as_str());
        let value_of = |wanted: &str| {
            attributes
                .captures_iter(part(2))
                .find(|attribute| {
                    attribute
                        .get(1)
                        .is_some_and(|name| name.as_str().eq_ignore_ascii_case(wanted))
                })
                .and_then(|attribute| (2..=4).find_map(|index| attribute.get(index)))
                .map(|value| value.as_str().replace("&amp;", "&"))
        };
        let address = if part(1).eq_ignore_ascii_case("script") {
            value_of("src")
        } else {
            let rel = value_of("rel").unwrap_or_default().to_ascii_lowercase();
            let is_script = match rel.as_str() {
                "preload" | "prefetch" => {
                    value_of("as").is_some_and(|kind| kind.eq_ignore_ascii_case("script"))
                }
                "modulepreload" => true,
                _ => false,
            };
            value_of("href").filter(|_| is_script)
        };
        addresses.extend(address.filter(|address| !address.is_empty()));
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::{Found, script_addresses};

    #[test]
    fn secrets_are_found_in_bundles_old_and_new() {
        // (script, X-API-Secret, secret)
        let cases = [
            (
                r#"headers:{"X-API-Secret":"W252GY255JVYBS9NAM",secret:"xyz_9"}"#,
                Some("W252GY255JVYBS9NAM"),
                Some("xyz_9"),
            ),
            (
                r#"{secret:   "a b-c", "X-API-Secret": "1/2=3"}"#,
                Some("1/2=3"),
                Some("a b-c"),
            ),
            (r#"{client_secret:"no",secret:"yes"}"#, None, Some("yes")),
            (
                r#"{secret:"two words"},{secret:"word"}"#,
                None,
                Some("word"),
            ),
            (r#"{"X-API-Secret":"only"}"#, Some("only"), None),
            (r#"{"X-API-Secret":"",secret:""}"#, None, None),
            // What no header can carry is some other text.
            (
                "{secret:\"a\nb\",\"X-API-Secret\":\"ü\"},{secret:\"x y\"}",
                None,
                Some("x y"),
            ),
            (
                "{secret:\"a\u{1}b\",\"X-API-Secret\":\"a\u{7f}\"}",
                None,
                None,
            ),
            ("", None, None),
        ];
        for (script, api_secret, secret) in cases {
            let mut found = Found::default();
            found.search(script);
            let text = |secret: &Option<chatwire_core::Secret>| {
                secret.as_ref().map(|secret| secret.expose().to_owned())
            };
            assert_eq!(text(&found.api_secret).as_deref(), api_secret, "{script}");
            assert_eq!(text(&found.secret).as_deref(), secret, "{script}");
        }
    }

    #[test]
    fn scripts_are_found_in_pages() {
        let page = r#"<!doctype html><link rel="icon" href="/i.png">
            <LINK as=script rel=preload href=/_nuxt/a.js><link rel="preload" href="/f.woff" as="font">
            <link rel="modulepreload" href='/_nuxt/m.js'>
            <script>inline()</script><script defer src="/_nuxt/b.js?x=1&amp;y=2"></script>
            <script src=''></script><script src="https://other.example/c.js"></script>"#;
        assert_eq!(
            script_addresses(page),
            [
                "/_nuxt/a.js",
                "/_nuxt/m.js",
                "/_nuxt/b.js?x=1&y=2",
                "https://other.example/c.js"
            ]
        );
    }
}
