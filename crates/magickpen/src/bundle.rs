use std::sync::LazyLock;

use chatwire_core::Secret;
use chatwire_core::provider_kit::html::{Tag, tags};
use regex::Regex;

/// The value after `"X-API-Secret":`. Values are visible ASCII, which is what
/// a header can carry.
static API_SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""X-API-Secret"(?-u:\s)*:(?-u:\s)*"([ -!#-~]+)""#).ok());

/// The value after `secret:`, which is not the end of a longer name.
static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?-u:\b)secret(?-u:\s)*:(?-u:\s)*"([ -!#-~]+)""#).ok());

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
            self.api_secret = first(API_SECRET.as_ref(), script);
        }
        if self.secret.is_none() {
            self.secret = first(SECRET.as_ref(), script);
        }
    }

    /// The names of those that are missing; empty if there are none.
    pub(crate) fn missing(&self) -> String {
        let names = [("X-API-Secret", &self.api_secret), ("secret", &self.secret)];
        let missing = names.iter().filter(|(_, secret)| secret.is_none());
        let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
        missing.join(" and ")
    }
}

/// The first value in the script that a header can carry. Newer bundles have
/// only word characters in their secrets, so such a value goes before any other.
fn first(pattern: Option<&Regex>, script: &str) -> Option<Secret> {
    let mut other = None;
    for found in pattern?.captures_iter(script) {
        let (_, [value]) = found.extract();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match value.bytes().all(is_word) {
            _ if value.len() > MAX_SECRET => {}
            true => return Some(Secret::new(value)),
            false => _ = other.get_or_insert(value),
        }
    }
    other.map(Secret::new)
}

/// The longest text that counts as a secret.
const MAX_SECRET: usize = 1024;

/// The addresses of the scripts that a page names, in its order and as they
/// stand there: `<script src>` and `<link rel="preload" as="script">`.
pub(crate) fn script_addresses(page: &str) -> Vec<String> {
    let address = |tag: Tag| {
        let is = |name, value: &str| {
            let attribute = tag.attribute(name);
            attribute.is_some_and(|it| it.trim().eq_ignore_ascii_case(value))
        };
        let is_link_to_script = is("rel", "modulepreload")
            || (is("rel", "preload") || is("rel", "prefetch")) && is("as", "script");
        let address = match tag.is("script") {
            true => tag.attribute("src"),
            false if tag.is("link") && is_link_to_script => tag.attribute("href"),
            false => None,
        };
        let address = address?.trim().to_owned();
        (!address.is_empty()).then_some(address)
    };
    tags(page).filter_map(address).collect()
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
    fn reading_takes_linear_time() {
        let hostile = ["<", "<a ", "<a b=\"", "<!--"].map(|text| (text, 1024 * 1024));
        let others = "<a b=c |<!-- -|</|<script|<script>|<script><!--<script|</script|&|&#|\0|\
            <link rel=preload as=script |secret|secret:|secret:\"|secret:\"a|secret:   |\
            secret:\"a b\"|\"X-API-Secret\":\"|\"X-API-Secret\" |\"X-API-Secret\":\"ü\"";
        let others = others.split('|').map(|text| (text, 128 * 1024));
        for (pattern, size) in hostile.into_iter().chain(others) {
            let text = format!("<script {}", pattern.repeat(size / pattern.len()));
            let started = std::time::Instant::now();
            script_addresses(&text);
            Found::default().search(&text);
            // Half a second is usual; quadratic time would be hours.
            assert!(started.elapsed().as_secs() < 60, "{pattern}");
        }
    }

    #[test]
    fn scripts_are_found_in_pages() {
        let page = r#"<!doctype html><link rel="icon" href="/i.png">
            <LINK as=script rel=preload href=/_nuxt/a.js><link rel="preload" href="/f.woff" as="font">
            <link rel="modulepreload" href='/_nuxt/m.js'>
            <script>inline()</script><script defer src="/_nuxt/b.js?x=1&amp;y=2"></script>
            <!-- <script src="/comment.js"></script> --><script>"<script src='/text.js'>"</script>
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
