//! Lines are the same wherever the pieces are cut, and never too long.
#![no_main]

use chatwire_core::provider_kit::decode::Lines;

const LIMIT: usize = 64;

/// Lines as one reads them: LF, CR or CRLF ends one.
fn plainly(data: &[u8]) -> (Vec<String>, String) {
    let text = String::from_utf8_lossy(data);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let rest = lines.pop().unwrap_or_default();
    (lines, rest)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = chatwire_fuzz::pieces(data);
    let (expected, rest) = plainly(whole);
    let mut lines = Lines::new(None);
    let mut limited = Lines::new(LIMIT);
    let (mut found, mut too_long) = (Vec::new(), false);
    for piece in pieces {
        lines.feed(piece);
        while let Some(line) = lines.next_line().unwrap() {
            found.push(line.to_owned());
        }
        if too_long {
            continue;
        }
        limited.feed(piece);
        loop {
            match limited.next_line() {
                Ok(Some(line)) => assert!(line.len() <= LIMIT),
                Ok(None) => break,
                Err(_) => {
                    too_long = true;
                    break;
                }
            }
        }
    }
    assert_eq!(found, expected);
    assert_eq!(lines.rest(), rest);
    // Half a character at the end is not counted before the stream has ended.
    let is_long = |line: &String| line.len() > LIMIT;
    assert!(too_long || !expected.iter().any(is_long));
    assert!(!too_long || expected.iter().chain([&rest]).any(is_long));
});
