//! Settings of the command line: options and headers.

use std::env;
use std::fs;

use chatwire::ProviderKind;

use crate::failure::Failure;

/// Reads `Name: value`.
pub(super) fn split_header(header: &str) -> Result<(&str, &str), Failure> {
    match header.split_once(':') {
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => {
            // What stands behind the first word may be a secret.
            let start = header.split_whitespace().next().unwrap_or_default();
            Err(Failure::Usage(format!(
                "header {start:?} has no colon: it must be 'Name: value'"
            )))
        }
    }
}

/// Reads `KEY=VALUE`, `KEY_env=NAME` or `KEY_file=PATH`. A setting whose own
/// name ends so is taken as it is.
pub(super) fn setting(option: &str, kind: &ProviderKind) -> Result<(String, String), Failure> {
    let usage = |message: String| Err(Failure::Usage(message));
    let Some((key, value)) = option.split_once('=') else {
        return usage(format!(
            "option {option:?} has no '=': it must be KEY=VALUE"
        ));
    };
    let key = key.trim();
    if key.is_empty() {
        return usage("an option has no name before its '=': it must be KEY=VALUE".to_owned());
    }
    let mut known = kind.settings.iter().chain(kind.request_options);
    if known.any(|setting| setting.name == key) {
        return Ok((key.to_owned(), value.to_owned()));
    }
    if let Some(key) = key.strip_suffix("_env") {
        return match env::var(value) {
            Ok(value) => Ok((key.to_owned(), value)),
            Err(_) => usage(format!(
                "option {key}: the environment has no variable {value:?}, or it is not text"
            )),
        };
    }
    if let Some(key) = key.strip_suffix("_file") {
        return match fs::read_to_string(value) {
            Ok(text) => Ok((
                key.to_owned(),
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )),
            Err(error) => usage(format!(
                "option {key}: file {value:?} cannot be read: {error}"
            )),
        };
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        for kind in chatwire::providers() {
            for known in kind.settings.iter().chain(kind.request_options) {
                let read = setting(&format!("{}=a=b", known.name), kind).unwrap();
                assert_eq!(read, (known.name.to_owned(), "a=b".to_owned()));
            }
            assert!(setting("x_env=NO_SUCH_VARIABLE", kind).is_err());
            assert!(setting("=x", kind).is_err());
        }
    }
}
