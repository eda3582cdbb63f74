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
    Setting::secret("key", SettingKind::Text, "a key"),
    Setting::new("shape", SettingKind::Text, "round or square"),
];

#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    page: Option<String>,
    stream: bool,
    limit: Option<u32>,
    models: Vec<String>,
    key: Option<Secret>,
    shape: Shape,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    #[default]
    Round,
    Square,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            page: None,
            stream: true,
            limit: None,
            models: Vec::new(),
            key: None,
            shape: Shape::Round,
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
        ("key", "12345"),
        ("shape", "square"),
    ]);
    let wanted = Config {
        page: Some("/chat".to_owned()),
        stream: false,
        limit: Some(u32::MAX),
        models: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
        key: Some(Secret::new("12345")),
        shape: Shape::Square,
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
        (
            "shape",
            "sk-secret",
            "setting shape must be `round` or `square`",
        ),
        ("shape", "sk-a, expected sk-b", "setting shape"),
        ("shape", "round`", "setting shape"),
    ] {
        let error = read(&[(name, text)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error} {error:?}").contains("sk-"), "{error:?}");
    }
}
