//! What pages of a site say: pure functions that take linear time.

use chatwire_core::Secret;
use chatwire_core::provider_kit::html::{Tag, tags};
use serde::Deserialize;

use crate::payload::{flag, text_or_empty};

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

/// A chatbot that a page of the site shows, as far as the page describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bot {
    /// Its id, if it is one of the site's.
    pub bot_id: Option<String>,
    /// Its id, if it is a custom one of that page.
    pub custom_id: Option<String>,
    /// How many characters a question may have, where there is a limit.
    pub max_length: Option<usize>,
    /// Whether the page has a button for uploads. Sites take pictures without
    /// one too.
    pub shows_upload: bool,
    /// What it says first.
    pub start_sentence: Option<String>,
}

impl Bot {
    /// The name that a request calls it by.
    pub fn id(&self) -> Option<&str> {
        self.bot_id.as_deref().or(self.custom_id.as_deref())
    }
}

/// What a page says about the chatbots on it.
#[derive(Default)]
pub(crate) struct BotPage {
    pub(crate) nonce: Option<Secret>,
    pub(crate) bots: Vec<Bot>,
}

/// How many chatbots of a page are looked at.
const MAX_BOTS: usize = 100;

/// The chatbots of a page, and the nonce in their settings: JSON in attributes,
/// escaped for HTML. Of several descriptions of one bot the first counts.
pub(crate) fn bots_in(page: &str) -> BotPage {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct System {
        #[serde(deserialize_with = "text_or_empty")]
        rest_nonce: String,
        #[serde(deserialize_with = "text_or_empty")]
        bot_id: String,
        #[serde(deserialize_with = "text_or_empty")]
        custom_id: String,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Params {
        #[serde(deserialize_with = "text_or_empty")]
        text_input_max_length: String,
        #[serde(deserialize_with = "flag")]
        image_upload: Option<bool>,
        #[serde(deserialize_with = "flag")]
        file_upload: Option<bool>,
        #[serde(deserialize_with = "text_or_empty")]
        start_sentence: String,
    }
    let mut found = BotPage::default();
    for tag in tags(page) {
        let Some(system) = tag.attribute("data-system") else {
            continue;
        };
        let Ok(system) = serde_json::from_str::<System>(&system) else {
            continue;
        };
        if found.nonce.is_none() {
            found.nonce = checked_nonce(&system.rest_nonce);
        }
        let params = tag.attribute("data-params").unwrap_or_default();
        let params = serde_json::from_str::<Params>(&params).unwrap_or_default();
        let text = |text: String| Some(text).filter(|it| !it.is_empty());
        let bot = Bot {
            bot_id: text(system.bot_id),
            custom_id: text(system.custom_id),
            max_length: params.text_input_max_length.parse().ok(),
            shows_upload: [params.image_upload, params.file_upload].contains(&Some(true)),
            start_sentence: text(params.start_sentence),
        };
        let is_new = !found.bots.iter().any(|known| known.id() == bot.id());
        if bot.id().is_some() && is_new && found.bots.len() < MAX_BOTS {
            found.bots.push(bot);
        }
    }
    found
}

/// The nonce in the settings of a chatbot on a page.
#[cfg(any(test, fuzzing))]
pub(crate) fn nonce_in(page: &str) -> Option<Secret> {
    bots_in(page).nonce
}

/// The address of the REST API in a page's `<link rel="https://api.w.org/">`.
pub(crate) fn linked_root(page: &str) -> Option<String> {
    let is_link = |tag: &Tag| tag.is("link") && tag.attribute("rel").is_some_and(|rel| rel == API);
    let link = tags(page).find(is_link)?;
    Some(link.attribute("href")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Bot, bots_in, checked_nonce, linked_root, nonce_in};

    #[test]
    fn bots_are_found_in_pages() {
        let page = r#"<div data-params='{"textInputMaxLength":512,"imageUpload":true,"startSentence":"Hi!"}' data-system='{"botId":"default","customId":null}'></div>
            <div data-params='{"textInputMaxLength":"2000"}' data-system='{"botId":null,"customId":"c1"}'>
            <div data-params='not json' data-system='{"botId":"x","other":{"a":[]}}'>
            <div data-system='{"botId":"default"}'><div data-system='{}'><div data-params='{}'>"#;
        let bots = [
            Bot {
                bot_id: Some("default".into()),
                max_length: Some(512),
                shows_upload: true,
                start_sentence: Some("Hi!".into()),
                ..Bot::default()
            },
            Bot {
                custom_id: Some("c1".into()),
                max_length: Some(2000),
                ..Bot::default()
            },
            Bot {
                bot_id: Some("x".into()),
                ..Bot::default()
            },
        ];
        assert_eq!(bots_in(page).bots, bots);
    }

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
