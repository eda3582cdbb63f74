//! The site's pages.

use serde_json::json;

use super::options::Options;
use super::php_json;
use crate::answers::Answer;

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>A web site</title></head><body><p>An ordinary HTML page, not the REST API.</p></body></html>\n";

/// A page without anything of the plugin.
pub(crate) fn ordinary(status: u16) -> Answer {
    Answer::html(status, PAGE)
}

/// The page with the chatbots, for a visitor with this nonce, if the page shows it.
pub(crate) fn with_bots(options: &Options, site: &str, nonce: Option<&str>) -> Answer {
    let bots: String = options
        .page_bots
        .iter()
        .map(|bot| container(options, bot, site, nonce))
        .collect();
    Answer::html(
        200,
        format!(
            "<!DOCTYPE html>\n<html><head><title>A chat</title></head><body>{bots}</body></html>\n"
        ),
    )
}

fn container(options: &Options, bot: &str, site: &str, nonce: Option<&str>) -> String {
    let params = json!({
        "aiName": "AI: ",
        "userName": "User: ",
        "guestName": "Guest: ",
        "imageUpload": options.shows_upload,
        "textInputPlaceholder": "Type your message...",
        "textInputMaxLength": options.max_input,
        "startSentence": "Hi! How can I help you?",
    });
    let system = json!({
        "botId": bot,
        "customId": null,
        "userData": null,
        "sessionId": null,
        "restNonce": nonce,
        "contextId": 4,
        "pluginUrl": format!("{site}/wp-content/plugins/ai-engine"),
        "restUrl": format!("{site}/wp-json"),
        "stream": true,
    });
    let attribute = |value| {
        php_json::encode(&value)
            .replace('&', "&amp;")
            .replace('"', "&quot;")
    };
    format!(
        "<div class='mwai-chatbot-container' data-params='{}' data-system='{}' data-theme='{{}}'></div>",
        attribute(params).replace('\'', "&#039;"),
        attribute(system).replace('\'', "&#039;")
    )
}
