//! Parsers for the values of flags and environment variables.

use std::net::SocketAddr;
use std::time::Duration;

/// Reads an address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    chatwire_config::parse_address(text).ok_or_else(|| {
        "expected a port such as 3000, or an address such as 127.0.0.1:3000".to_owned()
    })
}

/// Reads a limit on time.
pub(crate) fn limit(text: &str) -> Result<Duration, String> {
    chatwire_config::parse_duration(text)
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "expected a time above 0, such as 30s, 500ms or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        for (text, millis) in [
            ("2.5", Some(2500)),
            ("30s", Some(30_000)),
            ("2m", Some(120_000)),
            ("0", None),
            ("0s", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
            ("soon", None),
        ] {
            let expected = millis.map(Duration::from_millis);
            assert_eq!(limit(text).ok(), expected, "{text:?}");
        }
    }
}
