//! Settings of the command line: options, headers and the proxy. No message
//! repeats a value: it may be a secret.

use std::env;
use std::path::Path;

use chatwire::ProviderKind;

use crate::failure::Failure;

/// Reads `NAME: VALUE`, `NAME_env=VARIABLE` or `NAME_file=PATH`.
pub(super) fn header(text: &str) -> Result<(String, String), Failure> {
    let is_name = |name: &str| !name.contains([':', ' ', '\t']);
    if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name))
        && let Some((name, value)) = elsewhere("header", name, value)?
    {
        return Ok((name, value));
    }
    match text.split_once(':') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failure::Usage(
            "a --header has no colon: expected 'NAME: VALUE', NAME_env=VARIABLE or \
             NAME_file=PATH"
                .into(),
        )),
    }
}

/// Reads `KEY=VALUE`, `KEY_env=VARIABLE` or `KEY_file=PATH`. A setting whose own
/// name ends so is taken as it is.
pub(super) fn setting(option: &str, kind: &ProviderKind) -> Result<(String, String), Failure> {
    let (key, value) = option
        .split_once('=')
        .map(|(key, value)| (key.trim(), value))
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| {
            Failure::Usage(
                "an --option is not a setting: expected KEY=VALUE, KEY_env=VARIABLE or \
                 KEY_file=PATH"
                    .into(),
            )
        })?;
    if kind.setting(key).is_none()
        && let Some(read) = elsewhere("option", key, value)?
    {
        return Ok(read);
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads the value of an argument that is a secret: `NAME_env=VARIABLE`,
/// `NAME_file=PATH`, or the value itself.
pub(crate) fn secret_argument(name: &str, text: &str) -> Result<String, Failure> {
    let (key, place) = text.split_once('=').unwrap_or((text, ""));
    let is_elsewhere = ["_env", "_file"].map(|end| format!("{name}{end}"));
    if !is_elsewhere.iter().any(|known| known == key) {
        return Ok(text.to_owned());
    }
    let read = elsewhere("argument", key, place)?;
    Ok(read.map_or_else(|| text.to_owned(), |(_, value)| value))
}

/// Reads the file of `--ca-file`.
pub(crate) fn certificates(path: &Path) -> Result<Vec<u8>, Failure> {
    chatwire_config::read_certificates(path)
        .map_err(|why| Failure::Usage(format!("--ca-file: {why}")))
}

/// Returns name and value if the name ends in `_env` or `_file`.
fn elsewhere(what: &str, name: &str, place: &str) -> Result<Option<(String, String)>, Failure> {
    if let Some(name) = name.strip_suffix("_env") {
        let value = env::var(place).map_err(|_| {
            let variable = chatwire_config::shown_variable(place);
            Failure::Usage(format!(
                "{what} {name}: the environment variable {variable} is not set, or is not text"
            ))
        })?;
        return Ok(Some((name.to_owned(), value)));
    }
    if let Some(name) = name.strip_suffix("_file") {
        let text = chatwire_config::read_secret(Path::new(place))
            .map_err(|why| Failure::Usage(format!("{what} {name}: {why}")))?;
        let value = text.trim_end_matches(['\r', '\n']).to_owned();
        return Ok(Some((name.to_owned(), value)));
    }
    Ok(None)
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
