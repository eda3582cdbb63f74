//! A configuration without its secrets.
//!
//! What was read is shown, not the text of the file: comments and spellings of
//! addresses that only a parser sees through can hide a secret.

use chatwire::Setting;

use crate::address::shown_address;
use crate::file::{File, Leaf, Source};

/// The file as TOML, with `[redacted]` for everything that may be secret.
pub(crate) fn shown(file: &File) -> String {
    let mut file = file.clone();
    for endpoint in file.endpoints.values_mut().map(toml::Spanned::get_mut) {
        let provider = endpoint.provider.as_ref().map(|name| &name.get_ref().0);
        let kind = chatwire::providers()
            .iter()
            .find(|kind| provider.is_some_and(|name| kind.name == name));
        let settings = kind.map_or(&[][..], |kind| kind.settings);
        for (name, value) in &mut endpoint.options {
            let Leaf(value, shown) = value.get_mut();
            // An option that is not known to be harmless is not shown.
            if settings.iter().any(|known| is_harmless(known, name))
                && let Source::Text(text) = &value.0
            {
                *shown = scalar(text.expose());
            }
        }
    }
    toml::to_string(&file).unwrap_or_default()
}

fn is_harmless(setting: &Setting, name: &str) -> bool {
    setting.name == name && !setting.secret
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
