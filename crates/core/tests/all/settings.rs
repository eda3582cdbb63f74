//! Settings of providers that are given as texts.

use std::collections::BTreeMap;

use chatwire_core::provider_kit::{Setting, SettingKind, read_settings};
use chatwire_core::{ErrorKind, Secret};
use serde::Deserialize;

const SETTINGS: [Setting; 6] = [
    Setting::new("page", SettingKind::Text, "a page"),
    Setting::new("stream", SettingKind::Boolean, "whether to stream"),
    Setting::new("limit", SettingKind::Integer, "a limit"),
    Setting::new("models", SettingKind::List, "models"),
    Setting::secret("extra", SettingKind::Json, "whatever else"),
    Setting::secret("key", SettingKind::Text, "a key"),
];

#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    page: Option<String>,
    stream: bool,
    limit: Option<u32>,
    models: Vec<String>,
    extra: serde_json::Value,
    key: Option<Secret>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            page: None,
            stream: true,
            limit: None,
            models: Vec::new(),
            extra: serde_json::Value::Null,
            key: None,
        }
    }
}

fn read(settings: &[(&str, &str)]) -> Result<Config, chatwire_core::Error> {
    let texts: BTreeMap<String, Secret> = settings
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Secret::new(*text)))
        .collect();
    read_settings(&SETTINGS, &texts)
}

#[test]
fn texts_become_what_the_configuration_has() {
    assert_eq!(read(&[]).unwrap(), Config::default());
    let config = read(&[
        ("page", " /chat "),
        ("stream", "false"),
        ("limit", " 4294967295"),
        ("models", "a, b,,c "),
        ("extra", r#"{"a":[1]}"#),
        ("key", "12345"),
    ]);
    let wanted = Config {
        page: Some("/chat".to_owned()),
        stream: false,
        limit: Some(u32::MAX),
        models: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
        extra: serde_json::json!({"a": [1]}),
        key: Some(Secret::new("12345")),
    };
    assert_eq!(config.unwrap(), wanted);
}

#[test]
fn what_does_not_fit_is_named_without_its_value() {
    for (name, text, words) in [
        (
            "colour",
            "sk-secret",
            "no setting \"colour\"; known: page, stream",
        ),
        (
            "stream",
            "sk-secret",
            "setting stream must be true or false",
        ),
        ("limit", "sk-secret", "setting limit must be a whole number"),
        ("limit", "-1", "limit"),
        ("limit", "4294967296", "limit"),
        ("limit", "1.5", "limit"),
        ("limit", "", "limit"),
        ("extra", "{sk-secret", "setting extra must be JSON"),
    ] {
        let error = read(&[(name, text)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error} {error:?}").contains("sk-"), "{error:?}");
    }
}
