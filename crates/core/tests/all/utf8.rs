//! UTF-8 from pieces: the same as the whole at once, wherever it is cut.

use chatwire_core::provider_kit::decode::Utf8Decoder;
use proptest::prelude::*;

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut decoder = Utf8Decoder::new();
    let mut text = String::new();
    for piece in pieces {
        text.push_str(&decoder.decode(piece));
    }
    text.push_str(&decoder.finish());
    // A finished decoder is a new one.
    assert_eq!(decoder.decode(b"x"), "x");
    text
}

fn same_wherever_cut(bytes: &[u8]) {
    let expected = String::from_utf8_lossy(bytes);
    assert_eq!(decode([bytes]), expected, "{bytes:x?} whole");
    assert_eq!(decode(bytes.chunks(1)), expected, "{bytes:x?} byte by byte");
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(
                decode(pieces),
                expected,
                "{bytes:x?} cut at {first} and {second}"
            );
        }
    }
}

#[test]
fn nasty_cases() {
    let cases: &[&[u8]] = &[
        b"",
        b"plain",
        "é".as_bytes(),
        "日本語".as_bytes(),
        "👩‍👩‍👧‍👦".as_bytes(),
        b"\xef\xbb\xbfBOM stays",
        b"\xff",
        b"\xc3",
        b"\xc3\xc3\xa9",
        b"\xe2\x82",
        b"\xe2\x82\xe2\x82\xac",
        b"\xf0\x9f\x98",
        b"\xf0\x9f\x98\xf0\x9f\x98\x80",
        b"\xf0\x9fA",
        b"\x80\x80\x80\x80",
        // Overlong, surrogate, beyond the last character: wrong from the second byte on.
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xa0",
        b"\xf4\x90\x80\x80",
        b"\xf4\x90",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"a\xf0\x90\x80b\xe1\x80c\xc2",
    ];
    for bytes in cases {
        same_wherever_cut(bytes);
    }
}

#[test]
fn only_the_unfinished_character_is_held_back() {
    let mut decoder = Utf8Decoder::new();
    assert_eq!(decoder.decode(b"ab\xf0"), "ab");
    assert_eq!(decoder.decode(b"\x9f"), "");
    assert_eq!(decoder.decode(b"\x98\x80c"), "😀c");
    assert_eq!(decoder.finish(), "");
}

/// Bytes that are often a part of a longer character.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        Just(b'a'),
        0x80..=0xbfu8,
        0xc0..=0xdfu8,
        0xe0..=0xefu8,
        0xf0..=0xffu8,
        any::<u8>(),
    ]
}

proptest! {
    #[test]
    fn any_bytes_cut_anywhere(
        pieces in prop::collection::vec(prop::collection::vec(byte(), 0..6), 0..12)
    ) {
        let whole = pieces.concat();
        let decoded = decode(pieces.iter().map(Vec::as_slice));
        prop_assert_eq!(decoded, String::from_utf8_lossy(&whole));
    }
}
