/// Reads a body as UTF-8, or as Latin text in one byte for each character where its
/// content type says so and UTF-8 it is not.
pub(super) fn decode(body: Vec<u8>, content_type: &str) -> String {
    let error = match String::from_utf8(body) {
        Ok(text) => return text,
        Err(error) => error,
    };
    match is_latin(content_type) {
        true => error.as_bytes().iter().copied().map(latin).collect(),
        false => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Whether a content type names one of the character sets that browsers read as
/// windows-1252.
fn is_latin(content_type: &str) -> bool {
    let lower = content_type.to_ascii_lowercase();
    let charset = lower.split(';').skip(1).find_map(|parameter| {
        let value = parameter.trim().strip_prefix("charset=")?;
        Some(value.trim_matches(['"', '\'', ' ']).to_owned())
    });
    charset.is_some_and(|charset| {
        matches!(
            charset.as_str(),
            "iso-8859-1" | "iso8859-1" | "latin1" | "us-ascii" | "windows-1252" | "cp1252"
        )
    })
}

/// What a byte stands for in windows-1252.
fn latin(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let special = byte.checked_sub(0x80).map(usize::from);
    let special = special.and_then(|index| FROM_80.get(index));
    special.copied().unwrap_or_else(|| char::from(byte))
}
