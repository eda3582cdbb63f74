/// Joins the strings of a JavaScript server into text.
///
/// JavaScript cuts strings between UTF-16 units, so a character can arrive as
/// `"\ud83d"` in one delta and `"\ude00"` in the next. A trailing half is held
/// back for the next string; a half that stays alone becomes U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct Utf16 {
    high: Option<u16>,
}

impl Utf16 {
    /// Appends what a JSON string says, given with its quotes. `None` when it is
    /// no JSON string; `out` is then as it was.
    pub(crate) fn read(&mut self, json: &str, out: &mut String) -> Option<()> {
        let inner = json.strip_prefix('"')?.strip_suffix('"')?;
        if self.high.is_none() && is_plain(inner) {
            out.push_str(inner);
            return Some(());
        }
        let (length, high) = (out.len(), self.high);
        let read = self.read_escaped(inner, out);
        if read.is_none() {
            out.truncate(length);
            self.high = high;
        }
        read
    }

    /// The end of the part: a half that was held back stays alone.
    pub(crate) fn finish(&mut self, out: &mut String) {
        if self.high.take().is_some() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }

    fn read_escaped(&mut self, mut rest: &str, out: &mut String) -> Option<()> {
        while !rest.is_empty() {
            let special = rest.bytes().position(is_special).unwrap_or(rest.len());
            let (plain, after) = rest.split_at_checked(special)?;
            if !plain.is_empty() {
                self.finish(out);
                out.push_str(plain);
            }
            if after.is_empty() {
                break;
            }
            // A quote or a control character has no place here unescaped.
            let escape = after.strip_prefix('\\')?;
            let kind = escape.chars().next()?;
            rest = escape.get(kind.len_utf8()..)?;
            let unescaped = match kind {
                '"' | '\\' | '/' => kind,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, after) = rest.split_at_checked(4)?;
                    self.unit(hex(digits)?, out);
                    rest = after;
                    continue;
                }
                _ => return None,
            };
            self.finish(out);
            out.push(unescaped);
        }
        Some(())
    }

    fn unit(&mut self, unit: u16, out: &mut String) {
        if let Some(high) = self.high.take() {
            match pair(high, unit) {
                Some(character) => return out.push(character),
                None => out.push(char::REPLACEMENT_CHARACTER),
            }
        }
        match char::from_u32(unit.into()) {
            Some(character) => out.push(character),
            None if is_high(unit) => self.high = Some(unit),
            None => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// What a JSON string says. `None` when it is no string.
pub(crate) fn text(json: &str) -> Option<String> {
    let (mut units, mut text) = (Utf16::default(), String::new());
    units.read(json, &mut text)?;
    units.finish(&mut text);
    Some(text)
}

/// JSON in which every half of a surrogate pair that stands alone is the escape
/// of U+FFFD: other readers of JSON refuse a lone half.
pub(crate) fn without_lone_halves(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        clean.push_str(before);
        let unit = |from: usize| {
            let digits = escape.get(from..)?.strip_prefix("\\u")?.get(..4)?;
            hex(digits)
        };
        let (length, lone) = match (unit(0), unit(6)) {
            (Some(high), Some(low)) if pair(high, low).is_some() => (12, false),
            (Some(half), _) => (6, char::from_u32(half.into()).is_none()),
            (None, _) => (2, false),
        };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        clean.push_str(if lone { "\\ufffd" } else { escape });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Whether a string has nothing to unescape.
fn is_plain(inner: &str) -> bool {
    // All bytes are looked at, which compilers turn into vector instructions.
    !inner
        .bytes()
        .fold(false, |any, byte| any | is_special(byte))
}

fn hex(digits: &str) -> Option<u16> {
    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_hex
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

/// The character of a surrogate pair.
fn pair(high: u16, low: u16) -> Option<char> {
    if !is_high(high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let upper = (u32::from(high) - 0xd800) << 10;
    char::from_u32(0x1_0000 + upper + (u32::from(low) - 0xdc00))
}

#[cfg(test)]
mod tests {
    use super::{Utf16, text, without_lone_halves};

    #[test]
    fn strings_are_read_as_utf16() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[r#""plain""#], Some("plain")),
            (&[r#""""#], Some("")),
            (
                &[r#""a\"b\\c\/\b\f\n\r\t\u00e9""#],
                Some("a\"b\\c/\u{8}\u{c}\n\r\té"),
            ),
            (&[r#""\ud83d\ude00""#], Some("😀")),
            (
                &[r#""smile \ud83d""#, r#""\ude00 end""#],
                Some("smile 😀 end"),
            ),
            (&[r#""\ud83d""#, r#""""#, r#""\uDE00""#], Some("😀")),
            (&[r#""a\ud83d""#, r#""b""#], Some("a\u{fffd}b")),
            (&[r#""\ud83d""#, r#""\n""#], Some("\u{fffd}\n")),
            (&[r#""\ud83d\ud83d""#, r#""\ude00""#], Some("\u{fffd}😀")),
            (&[r#""\ude00x""#], Some("\u{fffd}x")),
            (&[r#""\ud83d""#], Some("\u{fffd}")),
            (&[r#""世界 😀""#], Some("世界 😀")),
            (&[r#""\u0000""#], Some("\0")),
            (&[r#"""#], None),
            (&[""], None),
            (&["7"], None),
            (&[r#""a"b""#], None),
            (&[r#""\""#], None),
            (&[r#""\x""#], None),
            (&[r#""\u12""#], None),
            (&[r#""\u+123""#], None),
            (&[r#""\u12é4""#], None),
            (&["\"a\nb\""], None),
        ];
        for (deltas, want) in table {
            let (mut units, mut out) = (Utf16::default(), String::new());
            let read: Option<()> = deltas
                .iter()
                .try_for_each(|json| units.read(json, &mut out));
            units.finish(&mut out);
            assert_eq!(read.map(|()| out.as_str()), *want, "{deltas:?}");
            if let [json] = deltas {
                assert_eq!(text(json).as_deref(), *want, "{json}");
            }
        }
    }

    #[test]
    fn a_string_that_is_none_changes_nothing() {
        let (mut units, mut out) = (Utf16::default(), "so far".to_owned());
        assert_eq!(units.read(r#""\ud83d""#, &mut out), Some(()));
        assert_eq!(units.read(r#""abc\q""#, &mut out), None);
        assert_eq!(units.read(r#""\ude00""#, &mut out), Some(()));
        assert_eq!(out, "so far😀");
    }

    #[test]
    fn lone_halves_are_replaced_in_json() {
        let table = [
            (r#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#),
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#),
            (r#"["\ude00\ud83d"]"#, r#"["\ufffd\ufffd"]"#),
            (r#"["\\ud83d","\n\\"]"#, r#"["\\ud83d","\n\\"]"#),
            (r#"["\u00e9"]"#, r#"["\u00e9"]"#),
            (r#""\ud83dé""#, r#""\ufffdé""#),
            (r#""\"#, r#""\"#),
            (r#""\é"#, r#""\é"#),
        ];
        for (json, want) in table {
            assert_eq!(without_lone_halves(json), want);
        }
    }
}
