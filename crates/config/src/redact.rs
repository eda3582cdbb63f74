//! A configuration without its secrets.
//!
//! What was read is shown, not the text of the file: comments and spellings of
//! addresses that only a parser sees through can hide a secret.

use chatwire::Setting;
use url::Url;

use crate::file::{File, Source};

pub(crate) const REDACTED: &str = "[redacted]";

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
            let value = &mut value.get_mut().0;
            // An option that is not known to be harmless is not shown.
            if settings.iter().any(|known| is_harmless(known, name))
                && let Source::Text(text) = &value.source
            {
                value.shown = Some(scalar(text.expose()));
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

/// An address without user name, password, query and fragment, whether it is
/// a whole one or not; any other text as it is.
pub(crate) fn shown_address(text: &str) -> String {
    let names_a_user = text.contains('@') || text.contains("%40");
    if !names_a_user && !text.contains(['?', '#']) {
        return text.to_owned();
    }
    let url = Url::parse(text).ok().filter(Url::has_host);
    let (mut shown, query) = match &url {
        Some(url) => {
            let user = match (url.username(), url.password()) {
                ("", None) => String::new(),
                _ => format!("{REDACTED}@"),
            };
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map_or(String::new(), |port| format!(":{port}"));
            let shown = format!("{}://{user}{host}{port}{}", url.scheme(), url.path());
            (shown, url.query().is_some() || url.fragment().is_some())
        }
        None if names_a_user => return REDACTED.to_owned(),
        None => {
            let path = text.split(['?', '#']).next().unwrap_or_default();
            (path.to_owned(), true)
        }
    };
    if query {
        shown.push('?');
        shown.push_str(REDACTED);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, shown) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://host/path", "https://host/path"),
            ("http://me:hush@host/path", "http://[redacted]@host/path"),
            ("http://me@host:81", "http://[redacted]@host:81/"),
            ("http:me:hush@host", "http://[redacted]@host/"),
            ("http:/me:hush@host", "http://[redacted]@host/"),
            ("http:\\\\me:hush@host", "http://[redacted]@host/"),
            ("ht\ttp://me:hush@host", "http://[redacted]@host/"),
            ("http://me:hush%40host", "[redacted]"),
            ("http://me:hush@", "[redacted]"),
            ("me:hush@host", "[redacted]"),
            ("//me:hush@host/", "[redacted]"),
            ("socks5://me:hush@host:1", "socks5://[redacted]@host:1"),
            ("https://host/?token=hush", "https://host/?[redacted]"),
            ("https://host/a#hush", "https://host/a?[redacted]"),
            ("/chat?token=hush", "/chat?[redacted]"),
            ("https://host/@me", "https://host/@me"),
            ("gpt-4", "gpt-4"),
        ] {
            assert_eq!(shown_address(text), shown, "{text}");
        }
    }
}
