//! How servers write a text when they repeat it, besides escaping it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::reading::Reading;
use crate::refusal::plain_text;

/// Shorter texts would be found in every other word.
pub(super) const MIN_LENGTH: usize = 4;

/// How many levels of escapes are seen through, as in JSON within JSON.
pub(super) const LEVELS: usize = 3;

/// Returns what a [`Reading`] is searched for: the text itself, as it reads with
/// its own escapes or markup taken out, in base64 and in hexadecimal digits.
pub(super) fn spellings(text: &str) -> Vec<Vec<u8>> {
    // What looks like a tag is gone where a message is shown without markup.
    let mut readings = vec![Reading::of(text), Reading::of(&plain_text(text))];
    // A cookie may be encoded, and is shown as the server reads it.
    let mut decoded = readings.first().and_then(Reading::decoded);
    while let Some(reading) = decoded {
        decoded = (readings.len() <= LEVELS)
            .then(|| reading.decoded())
            .flatten();
        readings.push(reading);
    }
    let mut all: Vec<Vec<u8>> = readings.iter().map(Reading::folded).collect();
    let raw = std::iter::once(text.as_bytes());
    for bytes in raw.chain(readings.iter().map(Reading::bytes)) {
        let encoded = in_base64(bytes).into_iter().chain(in_hex(bytes));
        all.extend(encoded.map(|text| Reading::of(&text).folded()));
    }
    all.retain(|text| text.len() >= MIN_LENGTH);
    all.sort_unstable();
    all.dedup();
    all
}

/// In base64: by itself, and within a longer text, where the first and the last
/// character depend on what stands beside it.
fn in_base64(bytes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for engine in [STANDARD, URL_SAFE] {
        let whole = engine.encode(bytes);
        all.push(whole.trim_end_matches('=').to_owned());
        all.push(whole);
        for before in 0..3 {
            let mut padded = vec![0; before];
            padded.extend_from_slice(bytes);
            let encoded = engine.encode(&padded);
            let start = [0, 2, 3].get(before).copied().unwrap_or_default();
            let end = padded.len() * 8 / 6;
            let inside = encoded.get(start..end).unwrap_or_default();
            // Less is in any longer text.
            if inside.len() >= 2 * MIN_LENGTH {
                all.push(inside.to_owned());
            }
        }
    }
    all
}

fn in_hex(bytes: &[u8]) -> [String; 2] {
    let lower: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let upper = lower.to_uppercase();
    [lower, upper]
}
