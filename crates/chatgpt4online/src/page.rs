//! What pages of a site say: pure functions that take linear time.

use chatwire_core::Secret;
use chatwire_core::provider_kit::html::{Tag, tags};
use serde::Deserialize;

/// The relation of a link to the REST API of WordPress.
pub(crate) const API: &str = "https://api.w.org/";

/// A nonce that may be sent back as a header: what a site hands out is letters
/// and digits.
pub(crate) fn checked_nonce(nonce: &str) -> Option<Secret> {
    let is_nonce = (1..=64).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_nonce.then(|| Secret::new(nonce))
}

/// The nonce in the settings of a chatbot on a page: JSON in an attribute,
/// escaped for HTML.
pub(crate) fn nonce_in(page: &str) -> Option<Secret> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct System {
        rest_nonce: Option<String>,
    }
    tags(page).find_map(|tag| {
        let system = tag.attribute("data-system")?;
        let system: System = serde_json::from_str(&system).ok()?;
        checked_nonce(&system.rest_nonce?)
    })
}

/// The address of the REST API in a page's `<link rel="https://api.w.org/">`.
pub(crate) fn linked_root(page: &str) -> Option<String> {
    let is_link = |tag: &Tag| tag.is("link") && tag.attribute("rel").is_some_and(|rel| rel == API);
    let link = tags(page).find(is_link)?;
    Some(link.attribute("href")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{checked_nonce, linked_root, nonce_in};

    #[test]
    fn nonces_are_found_in_pages() {
        let cases = [
            (
                r#"<div data-params='{}' data-system='{&quot;botId&quot;:&quot;default&quot;,&quot;restNonce&quot;:&quot;1291618659&quot;}'></div>"#,
                Some("1291618659"),
            ),
            (
                r#"<div data-system="{&quot;a&quot;:1}"></div><div data-system="{&#34;restNonce&#34;:&#34;cbf23cc13b&#34;}">"#,
                Some("cbf23cc13b"),
            ),
            (r#"<div data-system='{&quot;restNonce&quot;:null}'>"#, None),
            (
                r#"<div data-system='{&quot;restNonce&quot;:&quot;a b&quot;}'>"#,
                None,
            ),
            ("<div data-system='not json'>", None),
            ("<div data-system=", None),
            (
                r#"<script>"<div data-system='{\"restNonce\":\"a\"}'>"</script>"#,
                None,
            ),
            (
                r#"<DIV DATA-SYSTEM='{"restNonce":"cbf23cc13b"}'/>"#,
                Some("cbf23cc13b"),
            ),
            ("<html></html>", None),
        ];
        for (page, nonce) in cases {
            let found = nonce_in(page);
            assert_eq!(found.as_ref().map(|nonce| nonce.expose()), nonce, "{page}");
        }
    }

    #[test]
    fn pages_are_read_in_linear_time() {
        let hostile = ["<", "<a ", "<a b=\"", "<!--"].map(|text| (text, 1024 * 1024));
        let others = [
            "<!-- -",
            "</",
            "<script",
            "<script>",
            "&",
            "&#",
            "data-system=",
            "\0",
            "<a data-system='{'>",
            "<a data-system=\"[\">",
        ];
        for (pattern, size) in hostile
            .into_iter()
            .chain(others.map(|text| (text, 128 * 1024)))
        {
            let page = pattern.repeat(size / pattern.len());
            let started = std::time::Instant::now();
            assert!(linked_root(&page).is_none());
            assert!(nonce_in(&format!("<div data-system='{page}'>")).is_none());
            // A second is usual; quadratic time would be hours.
            assert!(started.elapsed().as_secs() < 60, "{pattern}");
        }
    }

    #[test]
    fn nonces_are_checked_before_they_are_sent() {
        for (nonce, ok) in [
            ("cbf23cc13b", true),
            ("", false),
            ("a\r\nb", false),
            ("ü", false),
            (&"x".repeat(65), false),
        ] {
            assert_eq!(checked_nonce(nonce).is_some(), ok, "{nonce:?}");
        }
    }
}
