//! Lines are the same wherever the pieces are cut, and never too long.
#![no_main]

use bytes::Bytes;
use chatwire_core::decode::Lines;

const LIMIT: usize = 64;

/// Lines as one reads them: LF, CR or CRLF ends one.
fn plainly(data: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    let mut bytes = data.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => lines.push(std::mem::take(&mut line)),
            b'\r' => {
                bytes.next_if(|next| **next == b'\n');
                lines.push(std::mem::take(&mut line));
            }
            byte => line.push(*byte),
        }
    }
    (lines, line)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = chatwire_fuzz::pieces(data);
    let (expected, rest) = plainly(whole);
    let mut lines = Lines::new(None);
    let mut limited = Lines::new(LIMIT);
    let (mut found, mut too_long) = (Vec::new(), false);
    for piece in pieces {
        lines.feed(Bytes::copy_from_slice(piece));
        while let Some(line) = lines.next_line().unwrap() {
            found.push(line.to_vec());
        }
        if too_long {
            continue;
        }
        limited.feed(Bytes::copy_from_slice(piece));
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
    let longest = expected.iter().chain([&rest]).map(Vec::len).max();
    assert_eq!(too_long, longest > Some(LIMIT));
});
