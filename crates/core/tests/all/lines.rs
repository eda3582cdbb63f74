//! Lines from pieces cut anywhere.

use chatwire_core::provider_kit::decode::Lines;
use chatwire_core::{ErrorKind, Limit};
use proptest::prelude::*;

/// The lines, and what is left at the end.
fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, String) {
    let mut decoder = Lines::new(None);
    let mut lines = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(line) = decoder.next_line().unwrap() {
            lines.push(line.to_owned());
        }
    }
    let rest = decoder.rest().to_owned();
    // Asking again changes nothing.
    assert_eq!(decoder.rest(), rest);
    (lines, rest)
}

#[test]
fn lines_and_the_rest() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("", &[], ""),
        ("a", &[], "a"),
        ("a\n", &["a"], ""),
        ("a\nb", &["a"], "b"),
        ("a\r", &["a"], ""),
        ("a\r\n", &["a"], ""),
        ("a\r\nb\rc\nd", &["a", "b", "c"], "d"),
        ("\n", &[""], ""),
        ("\r\n\r\n", &["", ""], ""),
        ("\n\r", &["", ""], ""),
        ("\r\r\n\n", &["", "", ""], ""),
        ("a\n\nb\n", &["a", "", "b"], ""),
        ("é\u{85}\u{2028}x\n", &["é\u{85}\u{2028}x"], ""),
    ];
    for (text, lines, rest) in cases {
        let bytes = text.as_bytes();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let expected = (lines, (*rest).to_owned());
        assert_eq!(cut([bytes]), expected, "{text:?} whole");
        assert_eq!(cut(bytes.chunks(1)), expected, "{text:?} byte by byte");
        for at in 0..=bytes.len() {
            let (start, end) = bytes.split_at(at);
            assert_eq!(cut([start, end]), expected, "{text:?} cut at {at}");
            assert_eq!(
                cut([start, b"", end]),
                expected,
                "{text:?} cut at {at}, with an empty piece"
            );
        }
    }
}

#[test]
fn the_limit() {
    // bytes, whether they pass a limit of 4
    let cases = [
        ("1234\n", true),
        ("12345\n", false),
        ("1234", true),
        ("12345", false),
        ("1\n2\n3\n4\n5\n", true),
        ("1234\r\n1234\r\n", true),
    ];
    for (text, passes) in cases {
        let whole = [text.as_bytes()];
        let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        for pieces in [&whole[..], &single] {
            let mut lines = Lines::new(4);
            let mut error = None;
            for piece in pieces {
                lines.feed(piece);
                while error.is_none() {
                    match lines.next_line() {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(failed) => error = Some(failed),
                    }
                }
            }
            let kind = error.map(|error| error.kind());
            let expected = (!passes).then_some(ErrorKind::LimitExceeded(Limit::Event));
            assert_eq!(kind, expected, "{text:?} in {} pieces", pieces.len());
        }
    }
}

#[test]
fn text_as_browsers_read_it() {
    // bytes, lines, rest
    let cases: &[(&[u8], &[&str], &str)] = &[
        (b"\xef\xbb\xbfa\nb", &["a"], "b"),
        (b"\xef\xbb\xbf\n", &[""], ""),
        (
            b"\xef\xbb\xbf\xef\xbb\xbfa\n\xef\xbb\xbfb\n",
            &["\u{feff}a", "\u{feff}b"],
            "",
        ),
        (b"a\xff\nb\xe2\x82", &["a\u{fffd}"], "b\u{fffd}"),
        (b"a\xe2\x82\n\xac\n", &["a\u{fffd}", "\u{fffd}"], ""),
        // Control characters that are no line ends.
        (
            b"\ta\x0b\x0c\0\x0e\n\t\t\t\t\t\t\t\t\t\n",
            &["\ta\x0b\x0c\0\x0e", "\t\t\t\t\t\t\t\t\t"],
            "",
        ),
        // A line end's value with the highest bit set, and bytes next to it.
        (
            "\u{8a}\u{8d}\u{10a}\n\u{10d}\r".as_bytes(),
            &["\u{8a}\u{8d}\u{10a}", "\u{10d}"],
            "",
        ),
    ];
    for (bytes, lines, rest) in cases {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let expected = (lines, (*rest).to_owned());
        assert_eq!(cut([*bytes]), expected, "{bytes:x?} whole");
        assert_eq!(cut(bytes.chunks(1)), expected, "{bytes:x?} byte by byte");
    }
}

#[test]
fn what_was_not_taken_stays() {
    let mut lines = Lines::new(None);
    let mut expected = Vec::new();
    // A mark, and no line taken before the next piece.
    lines.feed(b"\xef\xbb\xbf");
    for number in 0..2000 {
        let line = format!("line {number} {}", "x".repeat(number % 50));
        lines.feed(format!("{line}\r\n").as_bytes());
        expected.push(line);
        // One of two, so that more and more are left.
        if number % 2 == 0 {
            let next = lines.next_line().unwrap().unwrap().to_owned();
            assert_eq!(next, expected.remove(0));
        }
    }
    while let Some(line) = lines.next_line().unwrap() {
        assert_eq!(line, expected.remove(0));
    }
    assert_eq!(expected, [""; 0]);
}

/// Pieces of lines, of lengths around those that the search takes at once.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let ends = prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "\r\n\r\n"]);
    let others = prop::sample::select(vec![
        "a", "\t", "\0", "\u{b}", "é", "\u{10a}", "日", "\u{feff}",
    ]);
    prop_oneof![
        3 => ends.prop_map(|text| text.as_bytes().to_vec()),
        2 => others.prop_map(|text| text.as_bytes().to_vec()),
        2 => (0..40usize).prop_map(|length| vec![b'x'; length]),
        1 => (100..300usize).prop_map(|length| vec![b'y'; length]),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

#[test]
fn debug_shows_the_limit_and_no_text() {
    let mut lines = Lines::new(64);
    lines.feed(b"s3cret");
    assert_eq!(format!("{lines:?}"), "Lines { limit: 64, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_bytes_cut_anywhere(
        tokens in prop::collection::vec(token(), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = tokens.concat();
        let whole = String::from_utf8_lossy(&bytes);
        let plain = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
        let plain = plain.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<String> = plain.split('\n').map(str::to_owned).collect();
        let rest = lines.pop().unwrap();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces = at.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        prop_assert_eq!(cut(pieces), (lines, rest));
    }
}
