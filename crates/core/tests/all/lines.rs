//! Lines from pieces cut anywhere.

use chatwire_core::decode::Lines;
use chatwire_core::{ErrorKind, Limit};
use proptest::prelude::*;

/// The lines, and what is left at the end.
fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut decoder = Lines::new(None);
    let mut lines = Vec::new();
    for piece in pieces {
        decoder.feed(piece.to_vec().into());
        while let Some(line) = decoder.next_line().unwrap() {
            lines.push(line.to_vec());
        }
    }
    let rest = decoder.rest().to_vec();
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
        let expected = (
            lines
                .iter()
                .map(|line| line.as_bytes().to_vec())
                .collect::<Vec<_>>(),
            rest.as_bytes().to_vec(),
        );
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
                lines.feed(piece.to_vec().into());
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

proptest! {
    #[test]
    fn any_bytes_cut_anywhere(
        pieces in prop::collection::vec(
            prop::collection::vec(prop::sample::select(b"\r\n\r\nab".to_vec()), 0..6),
            0..10,
        )
    ) {
        let whole = String::from_utf8(pieces.concat()).unwrap();
        let plain = whole.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<Vec<u8>> = plain.split('\n').map(|l| l.as_bytes().to_vec()).collect();
        let rest = lines.pop().unwrap();
        prop_assert_eq!(cut(pieces.iter().map(Vec::as_slice)), (lines, rest));
    }
}
