//! The settings of each provider: the fields of its configuration, of the same
//! names and types, and nothing else.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chatwire::chatgpt4online::Chatgpt4Online;
use chatwire::{
    ChatRequest, ErrorKind, Provider as _, ProviderOptions, Secret, Setting, SettingKind, provider,
    providers,
};
use chatwire_core::provider_kit::read_settings;
use serde::de::DeserializeOwned;

/// A value of each kind.
fn sample(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "some text",
        SettingKind::Path => "folder/file",
        SettingKind::Boolean => "true",
        SettingKind::Integer => "9000",
        SettingKind::List => "a, b",
        other => panic!("{other:?}"),
    }
}

/// The names of the fields of a configuration, those of its parts included, as
/// `Debug` shows them: serde names no fields where a part is flattened.
fn fields<C: Default + Debug>() -> Vec<String> {
    let shown = format!("{:#?}", C::default());
    let mut lines = shown.lines();
    assert!(lines.next().is_some_and(|line| line.ends_with("Config {")));
    let named = lines.filter_map(|line| line.trim_start().split_once(": "));
    // What has fields itself is a part that is flattened.
    let plain = named.filter(|(_, value)| !value.ends_with('{'));
    plain.map(|(name, _)| name.to_owned()).collect()
}

fn check<C: DeserializeOwned + Default + Debug>(provider: &str, settings: &[Setting]) {
    let mut fields = fields::<C>();
    let mut names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
    names.push("base_url");
    fields.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, fields, "{provider}");
    let error = serde_json::from_str::<C>(r#"{"?": 0}"#).err().unwrap();
    assert!(error.to_string().contains("unknown field `?`"), "{error}");
    for setting in settings {
        let text = match setting.name {
            // Texts of a form of their own; their providers' tests have them.
            "protocol" => "ui",
            "body" => "v5",
            "system_prompt" => "refuse",
            "long_questions" => "history",
            "extra" => "{}",
            "server" => "chatbot-ollama",
            _ => sample(setting.kind),
        };
        let text = Secret::new(text);
        let texts = BTreeMap::from([(setting.name.to_owned(), text)]);
        let read = read_settings::<C>(settings, &texts);
        assert!(read.is_ok(), "{provider}: {}", setting.name);
        assert!(!setting.help.is_empty() && setting.help.len() < 80);
    }
}

#[test]
fn settings_are_the_fields_of_the_configuration() {
    use chatwire::{ai_sdk, aura, chatgpt4online, magickpen};

    check::<ai_sdk::Config>("ai-sdk", ai_sdk::SETTINGS);
    check::<aura::Config>("aura", aura::SETTINGS);
    check::<chatgpt4online::Config>("chatgpt4online", chatgpt4online::SETTINGS);
    check::<magickpen::Config>("magickpen", magickpen::SETTINGS);
}

#[test]
fn values_of_the_wrong_type_are_refused_and_not_repeated() {
    for kind in providers() {
        for setting in kind.settings {
            let words = match setting.kind {
                SettingKind::Boolean => "must be true or false",
                SettingKind::Integer => "must be a whole number",
                _ => continue,
            };
            let options = ProviderOptions::new()
                .with_base_url("http://localhost:1")
                .with_setting(setting.name, "sk-secret");
            let error = provider(kind.name, options).unwrap_err();
            let message = error.to_string();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{message}");
            assert!(message.starts_with(kind.name), "{message}");
            assert!(message.contains(setting.name), "{message}");
            assert!(message.contains(words), "{message}");
            assert!(!format!("{error:?}{message}").contains("sk-"), "{error:?}");
        }
    }
}

#[test]
fn a_configuration_and_a_builder_hide_what_they_hold() {
    let config: chatwire::aura::Config = serde_json::from_str(
        r#"{"base_url": "http://me:hush@h", "key": "hush", "webdriver": "http://me:hush@h",
            "webdriver_page": "/?token=hush", "webdriver_capabilities": "{\"a\":\"hush\"}"}"#,
    )
    .unwrap();
    let builder = chatwire::aura::Aura::builder().config(config.clone());
    let pen = chatwire::magickpen::MagickPen::builder()
        .base_url("http://me:hush@h")
        .api_url("http://me:hush@h");
    let site = Chatgpt4Online::builder().base_url("http://me:hush@h");
    let shown = format!(
        "{config:?} {builder:?} {pen:?} {site:?} {:?}",
        site.clone().build()
    );
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn a_configuration_sets_up_a_client() {
    let config: chatwire::chatgpt4online::Config = serde_json::from_str(
        r#"{"base_url": "http://localhost:1", "models": ["a"], "trusted": true,
            "stream": false}"#,
    )
    .unwrap();
    let client = Chatgpt4Online::builder().config(config).model("b").build();
    let client = client.unwrap();
    let info = client.info();
    let models: Vec<&str> = info.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(models, ["b", "a", "default"]);
    assert_eq!(info.default_model, "b");
    assert!(!info.capabilities.streaming);
    // It may be a bot of the site's page, so that the page is looked at.
    let error = client.stream(&ChatRequest::new("hi").with_model("c")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Connect);
}
