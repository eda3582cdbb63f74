/// Decodes UTF-8 that is cut into pieces anywhere. It never fails: the result is
/// what [`String::from_utf8_lossy`] makes of the whole.
///
/// ```
/// use chatwire_core::provider_kit::decode::Utf8Decoder;
///
/// let mut text = Utf8Decoder::new();
/// assert_eq!(text.decode(b"caf\xc3"), "caf");
/// assert_eq!(text.decode(b"\xa9 \xff!"), "é \u{fffd}!");
/// assert_eq!(text.decode(b"\xf0\x9f"), "");
/// assert_eq!(text.finish(), "\u{fffd}");
/// ```
#[derive(Debug, Default, Clone)]
pub struct Utf8Decoder {
    /// The start of a character whose end is in a later piece: up to 3 bytes.
    partial: [u8; 3],
    partial_len: usize,
}

impl Utf8Decoder {
    /// Creates a decoder at the start of a text.
    pub fn new() -> Utf8Decoder {
        Utf8Decoder::default()
    }

    /// Decodes the next piece. An incomplete character at its end is kept for the
    /// next call.
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len());
        self.decode_into(bytes, &mut text);
        text
    }

    /// Decodes the next piece and appends it to `text`.
    #[inline]
    pub(super) fn decode_into(&mut self, bytes: &[u8], text: &mut String) {
        if self.partial_len == 0
            && let Ok(whole) = std::str::from_utf8(bytes)
        {
            text.push_str(whole);
        } else {
            self.decode_slowly(bytes, text);
        }
    }

    /// Decodes a piece that starts or ends within a character, or has invalid
    /// bytes.
    fn decode_slowly(&mut self, bytes: &[u8], text: &mut String) {
        // Completes the character that has started: at most three steps.
        let mut taken = 0;
        for byte in bytes {
            if self.partial_len == 0 {
                break;
            }
            let mut joined: Vec<u8> = self.held().to_vec();
            joined.push(*byte);
            taken += 1;
            match std::str::from_utf8(&joined) {
                Ok(character) => {
                    text.push_str(character);
                    self.partial_len = 0;
                }
                Err(error) if error.error_len().is_none() => self.hold(&joined),
                Err(_) => {
                    // The byte does not continue the character: that one is
                    // invalid, and the byte starts anew.
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.partial_len = 0;
                    taken -= 1;
                }
            }
        }
        let rest = bytes.get(taken..).unwrap_or_default();
        if !rest.is_empty() {
            let (whole, start) = rest.split_at(rest.len() - unfinished(rest));
            self.hold(start);
            text.push_str(&String::from_utf8_lossy(whole));
        }
    }

    /// Ends the text. An incomplete character becomes one U+FFFD.
    pub fn finish(&mut self) -> String {
        let cut_off = self.partial_len > 0;
        self.partial_len = 0;
        if cut_off {
            char::REPLACEMENT_CHARACTER.to_string()
        } else {
            String::new()
        }
    }

    fn held(&self) -> &[u8] {
        self.partial.get(..self.partial_len).unwrap_or_default()
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.partial_len = 0;
        for (slot, byte) in self.partial.iter_mut().zip(bytes) {
            *slot = *byte;
            self.partial_len += 1;
        }
    }
}

/// Returns how many bytes at the end are the start of an incomplete character:
/// 0 to 3.
fn unfinished(bytes: &[u8]) -> usize {
    for length in 1..=3.min(bytes.len()) {
        let tail = bytes.get(bytes.len() - length..).unwrap_or_default();
        if let Err(error) = std::str::from_utf8(tail)
            && error.valid_up_to() == 0
            && error.error_len().is_none()
        {
            return length;
        }
    }
    0
}
