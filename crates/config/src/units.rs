//! How times, sizes and addresses are written: in the file, in the flags of
//! the program and in the scripts of its mock servers.

use std::net::SocketAddr;
use std::time::Duration;

use bytesize::ByteSize;

/// Reads a time with its unit, such as `500ms`, `30s`, `1.5m` or `1h 30m`, or a
/// number of seconds such as `30` or `0.5`. Returns `None` if it is neither.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    if text.chars().all(digits) {
        return Duration::try_from_secs_f64(text.parse().ok()?).ok();
    }
    humantime::parse_duration(text).ok()
}

/// Reads an address to listen on: `127.0.0.1:8080`, `localhost:8080`, or a port
/// of the loopback interface such as `8080`. Returns `None` if it is none.
pub fn parse_address(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    if let Ok(port) = text.strip_prefix("localhost:").unwrap_or(text).parse() {
        return Some(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().ok()
}

/// Reads a number of bytes such as `512`, `64KiB`, `4 MiB` or `1GB`.
pub(crate) fn parse_size(text: &str) -> Option<usize> {
    let size: ByteSize = text.trim().parse().ok()?;
    usize::try_from(size.as_u64()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("10s", Some(10_000)),
            ("1.5 m", Some(90_000)),
            ("1.5m", Some(90_000)),
            ("2h", Some(7_200_000)),
            ("2 min", Some(120_000)),
            ("1h 30m", Some(5_400_000)),
            ("10", Some(10_000)),
            (" 0.25 ", Some(250)),
            ("-1s", None),
            ("-1", None),
            ("soon", None),
            ("", None),
            (".", None),
            ("1e3s", None),
            ("1e3", None),
            ("NaN", None),
            ("99999999999999999999", None),
        ] {
            let expected = millis.map(Duration::from_millis);
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("512", Some(512)),
            ("512B", Some(512)),
            ("4MiB", Some(4 << 20)),
            ("4 MiB", Some(4 << 20)),
            ("0.5 KiB", Some(512)),
            ("2kB", Some(2000)),
            ("2KB", Some(2000)),
            ("3MB", Some(3_000_000)),
            ("1GB", Some(1_000_000_000)),
            ("1GiB", Some(1 << 30)),
            ("big", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text:?}");
        }
    }

    #[test]
    fn addresses() {
        for (text, address) in [
            ("8080", Some("127.0.0.1:8080")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("localhost", None),
            ("70000", None),
            ("example.org:80", None),
            ("", None),
        ] {
            let read = parse_address(text).map(|address| address.to_string());
            assert_eq!(read.as_deref(), address, "{text:?}");
        }
    }
}
