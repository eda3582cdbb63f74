//! The pure functions of this crate that read what a server sends, for the
//! fuzz tests alone: `--cfg fuzzing` is what brings them.

use crate::bundle::Found;

/// The two secrets in a script: `X-API-Secret` and `secret`.
pub fn secrets(script: &str) -> [Option<String>; 2] {
    let mut found = Found::default();
    found.search(script);
    [found.api_secret, found.secret].map(|secret| secret.map(|it| it.expose().to_owned()))
}

/// The addresses of the scripts that a page names.
pub fn script_addresses(page: &str) -> Vec<String> {
    crate::bundle::script_addresses(page)
}
