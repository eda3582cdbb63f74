use chatwire_core::Secret;

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
            self.api_secret = first(r#""X-API-Secret""#, script);
        }
        if self.secret.is_none() {
            self.secret = first("secret", script);
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

/// The first value of that name that can be sent back. A bundle has other texts
/// too, and what a header cannot carry is one of those. Newer bundles have only
/// word characters in their values, so such a value goes before any other.
fn first(name: &str, script: &str) -> Option<Secret> {
    let sendable = || values(name, script).filter(|value| is_sendable(value));
    sendable()
        .find(|value| value.bytes().all(is_word))
        .or_else(|| sendable().next())
        .map(Secret::new)
}

/// The texts that stand after the name and a colon, with blanks around that.
fn values<'a>(name: &'a str, script: &'a str) -> impl Iterator<Item = &'a str> {
    script.match_indices(name).filter_map(|(at, _)| {
        let before = script.get(..at)?.bytes().last();
        // The end of a longer name is another name.
        if before.is_some_and(is_word) && name.bytes().next().is_some_and(is_word) {
            return None;
        }
        let colon = script.get(at + name.len()..)?.trim_start_matches(BLANKS);
        let quoted = colon.strip_prefix(':')?.trim_start_matches(BLANKS);
        let (value, _) = quoted.strip_prefix('"')?.split_once('"')?;
        (!value.is_empty()).then_some(value)
    })
}

const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\x0b', '\x0c'];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
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

/// The addresses of the scripts that a page names, in its order and as they
/// stand there: `<script src>` and `<link rel="preload" as="script">`.
pub(crate) fn script_addresses(page: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    for tag in page.split('<').skip(1) {
        let Some((name, rest)) = tag.split_once(['\t', '\n', '\r', ' ']) else {
            continue;
        };
        let Some((tag, _)) = rest.split_once('>') else {
            continue;
        };
        let value_of = |wanted: &str| {
            attributes(tag)
                .into_iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.replace("&amp;", "&"))
        };
        let address = if name.eq_ignore_ascii_case("script") {
            value_of("src")
        } else if name.eq_ignore_ascii_case("link") {
            let rel = value_of("rel").unwrap_or_default().to_ascii_lowercase();
            let is_script = match rel.as_str() {
                "preload" | "prefetch" => {
                    value_of("as").is_some_and(|kind| kind.eq_ignore_ascii_case("script"))
                }
                "modulepreload" => true,
                _ => false,
            };
            value_of("href").filter(|_| is_script)
        } else {
            None
        };
        addresses.extend(address.filter(|address| !address.is_empty()));
    }
    addresses
}

/// The attributes in a tag that have values, quoted or not.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once('=') {
        rest = after;
        let name = before
            .trim_end_matches(BLANKS)
            .rsplit(|c: char| !c.is_ascii_alphabetic() && c != '-')
            .next()
            .unwrap_or_default();
        let value = after.trim_start_matches(BLANKS);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let parts = match quote {
            Some(quote) => value.get(1..).and_then(|value| value.split_once(quote)),
            None => {
                let end = value.find(|c| BLANKS.contains(&c) || matches!(c, '"' | '\''));
                value.split_at_checked(end.unwrap_or(value.len()))
            }
        };
        if let Some((value, behind)) = parts {
            found.push((name, value));
            rest = behind;
        }
    }
    found
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
