//! A configuration without its secrets.
//!
//! What was read is shown, not the text of the file: comments and spellings of
//! addresses that only a parser sees through can hide a secret.

use chatwire::{Setting, SettingKind};

use crate::address::shown_address;
use crate::file::{EndpointTable, File, HttpTable, Leaf, OrOff, Source};

/// The file as TOML, with `[redacted]` for everything that may be secret.
pub(crate) fn shown(file: &File) -> String {
    let mut file = file.clone();
    for endpoint in file.endpoints.values_mut().map(toml::Spanned::get_mut) {
        let provider = endpoint.provider.as_ref().map(|name| &name.get_ref().0);
        let kind = provider.and_then(|name| chatwire::provider_kind(name));
        for (name, value) in &mut endpoint.options {
            let Leaf(value, shown) = value.get_mut();
            // An option that is not known to be harmless is not shown.
            if let Source::Text(text) = &value.0
                && kind
                    .and_then(|kind| kind.setting(name))
                    .is_some_and(|known| is_harmless(known, text.expose()))
            {
                *shown = scalar(text.expose());
            }
        }
    }
    toml::to_string(&file).unwrap_or_default()
}

/// Whether secrets may stand in the file itself.
pub(crate) fn has_secrets(file: &File) -> bool {
    let in_http = |http: &HttpTable| {
        let proxy = http.proxy.as_ref().is_some_and(|proxy| {
            let Leaf(OrOff(source), _) = proxy.get_ref();
            matches!(source, Some(Source::Text(text)) if is_hidden(text.expose()))
        });
        let mut headers = http.headers.values();
        proxy || headers.any(|value| matches!(value.get_ref().0, Source::Text(_)))
    };
    let in_endpoint = |endpoint: &EndpointTable| {
        let name = endpoint.provider.as_ref().map(|name| &name.get_ref().0);
        let kind = name.and_then(|name| chatwire::provider_kind(name));
        let url = endpoint.base_url.as_ref();
        let in_url = url.is_some_and(|url| is_hidden(&url.get_ref().0.0));
        let in_options = endpoint.options.iter().any(|(name, value)| {
            matches!(value.get_ref().0.0, Source::Text(_))
                && kind
                    .and_then(|kind| kind.setting(name))
                    .is_some_and(|known| known.secret)
        });
        in_url || in_options || in_http(&endpoint.http)
    };
    let mut endpoints = file.endpoints.values();
    in_http(&file.http) || endpoints.any(|endpoint| in_endpoint(endpoint.get_ref()))
}

/// Whether something in an address is not to be shown.
fn is_hidden(address: &str) -> bool {
    shown_address(address) != address
}

/// Whether a setting is known not to be a secret, and its value is of its kind: a
/// text in the place of a number may be a value from another line.
fn is_harmless(setting: &Setting, value: &str) -> bool {
    let is_its_kind = match setting.kind {
        SettingKind::Boolean => value.parse::<bool>().is_ok(),
        SettingKind::Integer => value.parse::<i64>().is_ok(),
        _ => true,
    };
    !setting.secret && is_its_kind
}

fn scalar(text: &str) -> toml::Value {
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    match text.parse::<bool>() {
        Ok(flag) => flag.into(),
        Err(_) => shown_address(text).into(),
    }
}
