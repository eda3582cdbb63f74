use std::time::Duration;

/// A time with its unit: `500ms`, `10s`, `1.5m`, `1h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// A size with its unit: `512`, `64KiB`, `4 MiB`, `1GB`.
pub(super) fn size(text: &str) -> Option<usize> {
    let (number, unit) = split(text)?;
    let factor: f64 = match unit {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * factor;
    // Beyond this, a float no longer counts in ones.
    (bytes <= 9e15 && bytes.fract() == 0.0).then_some(bytes as usize)
}

fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("10s", Some(10_000)),
            ("1.5 m", Some(90_000)),
            ("2h", Some(7_200_000)),
            ("10", None),
            ("-1s", None),
            ("soon", None),
            ("", None),
            ("1e3s", None),
        ] {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("512", Some(512)),
            ("4MiB", Some(4 << 20)),
            ("0.5 KiB", Some(512)),
            ("1GB", Some(1_000_000_000)),
            ("0.3B", None),
            ("big", None),
            ("-1", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
