//! Server-sent events against the WHATWG specification.

use chatwire_core::provider_kit::decode::SseDecoder;
use chatwire_core::{Error, ErrorKind, Limit};
use proptest::prelude::*;

/// Name, data, last event id.
type Event = (String, String, String);

fn event(name: &str, data: &str, id: &str) -> Event {
    (name.into(), data.into(), id.into())
}

fn data(data: &str) -> Event {
    event("message", data, "")
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<u64>) {
    let mut decoder = SseDecoder::new(None);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(event) = decoder.next_event().unwrap() {
            events.push((
                event.event.to_owned(),
                event.data.to_owned(),
                event.last_event_id.to_owned(),
            ));
        }
    }
    (events, decoder.retry())
}

#[test]
fn the_specification_as_a_table() {
    let cases: Vec<(&str, &[u8], Vec<Event>)> = vec![
        ("nothing", b"", vec![]),
        ("one event", b"data: a\n\n", vec![data("a")]),
        ("two events", b"data: a\n\ndata: b\n\n", vec![data("a"), data("b")]),
        ("LF", b"data: a\n\n", vec![data("a")]),
        ("CR", b"data: a\r\r", vec![data("a")]),
        ("CRLF", b"data: a\r\n\r\n", vec![data("a")]),
        ("mixed line ends", b"data: a\rdata: b\r\ndata: c\n\r\ndata: d\r\n\rdata: e\r\r\n", vec![data("a\nb\nc"), data("d"), data("e")]),
        ("LF and CR are two line ends", b"data: a\n\rdata: b\n\r", vec![data("a"), data("b")]),
        ("CRLF is one line end", b"data: a\r\ndata: b\r\n\r\n", vec![data("a\nb")]),
        ("a mark at the start", b"\xef\xbb\xbfdata: a\n\n", vec![data("a")]),
        ("only one mark is taken off", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", vec![data("b")]),
        ("a mark later belongs to the name", b"data: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n", vec![data("a"), data("c")]),
        ("a mark in the data stays", b"data: \xef\xbb\xbfa\n\n", vec![data("\u{feff}a")]),
        ("half a mark is no mark", b"\xef\xbbdata: a\n\ndata: b\n\n", vec![data("b")]),
        ("a mark and nothing else", b"\xef\xbb\xbf", vec![]),
        ("several data lines", b"data: YHOO\ndata: +2\ndata: 10\n\n", vec![data("YHOO\n+2\n10")]),
        ("comments", b": test stream\n\ndata: a\n:\n: in between\ndata: b\n\n", vec![data("a\nb")]),
        ("a comment alone is no event", b": keepalive\n\n", vec![]),
        ("data without a colon is an empty line", b"data\n\n", vec![data("")]),
        ("twice", b"data\ndata\n\n", vec![data("\n")]),
        ("an empty data line", b"data:\n\n", vec![data("")]),
        ("empty data lines around", b"data:\ndata: a\ndata:\n\n", vec![data("\na\n")]),
        ("no blank after the colon", b"data:test\n\ndata: test\n\n", vec![data("test"), data("test")]),
        ("only one blank is taken off", b"data:  a \n\ndata:\ta\n\n", vec![data(" a "), data("\ta")]),
        ("a colon in the data", b"data: a: b\n\ndata::\n\n", vec![data("a: b"), data(":")]),
        ("a blank before the colon is part of the name", b"data : a\n\n data: b\n\n", vec![]),
        ("names are case sensitive", b"Data: a\nDATA: b\n\n", vec![]),
        ("unknown fields", b"foo: x\nfoo\ndata: a\ndatabase: y\ndat: z\n\n", vec![data("a")]),
        ("a name", b"event: add\ndata: 73\n\n", vec![event("add", "73", "")]),
        ("the name is used up", b"event: add\ndata: a\n\ndata: b\n\n", vec![event("add", "a", ""), data("b")]),
        ("also by an event without data", b"event: add\n\ndata: b\n\n", vec![data("b")]),
        ("the last name counts", b"event: a\nevent: b\ndata: x\n\n", vec![event("b", "x", "")]),
        ("an empty name is none", b"event: a\nevent\ndata: x\n\n", vec![data("x")]),
        ("an id stays", b"id: 1\ndata: a\n\ndata: b\n\n", vec![event("message", "a", "1"), event("message", "b", "1")]),
        ("an id without data stays too", b"id: 1\n\ndata: b\n\n", vec![event("message", "b", "1")]),
        ("an empty id resets it", b"id: 1\ndata: a\n\nid\ndata: b\n\n", vec![event("message", "a", "1"), data("b")]),
        ("an id with NUL is ignored", b"id: 1\nid: 2\x003\ndata: a\n\n", vec![event("message", "a", "1")]),
        ("the example with ids", b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", vec![event("message", "first event", "1"), data("second event")]),
        ("an unfinished event is dropped", b"data: a\n\ndata: b\n", vec![data("a")]),
        ("an unfinished line is dropped", b"data: a\n\ndata: b", vec![data("a")]),
        ("NUL in the data", b"data: a\0b\n\n", vec![data("a\0b")]),
        ("wrong UTF-8", b"data: a\xffb\n\n", vec![data("a\u{fffd}b")]),
        ("a character cut off by the line end", b"data: a\xe2\x82\ndata: \xacb\n\n", vec![data("a\u{fffd}\n\u{fffd}b")]),
        ("wrong UTF-8 in a name and an id", b"event: \xff\nid: \xfe\ndata: a\n\n", vec![event("\u{fffd}", "a", "\u{fffd}")]),
        ("characters", "data: é日本😀\n\n".as_bytes(), vec![data("é日本😀")]),
        ("many blank lines", b"\n\r\r\n\n\ndata: a\n\n\n\n\n", vec![data("a")]),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(decode([bytes]).0, expected, "{name}, whole");
        assert_eq!(decode(bytes.chunks(1)).0, expected, "{name}, byte by byte");
        for at in 0..=bytes.len() {
            let (start, rest) = bytes.split_at(at);
            assert_eq!(decode([start, rest]).0, expected, "{name}, cut at {at}");
            assert_eq!(
                decode([start, b"", rest]).0,
                expected,
                "{name}, cut at {at} with an empty piece"
            );
        }
        // The table and the plain reading below are checked by each other.
        assert_eq!(plain_reading(bytes).0, expected, "{name}, plain reading");
    }
}

#[test]
fn retry() {
    let cases: &[(&[u8], Option<u64>)] = &[
        (b"data: a\n\n", None),
        (b"retry: 1000\n", Some(1000)),
        (b"retry:0\n\n", Some(0)),
        (b"retry: 1000\nretry: 2000\n", Some(2000)),
        (
            b"retry: 1000\nretry: x\nretry: -1\nretry: 1.5\nretry: +1\nretry\nretry: 1 \n",
            Some(1000),
        ),
        (b"retry: 1000\nretry: 99999999999999999999999\n", Some(1000)),
        (b"retry: 1000", None),
    ];
    for (bytes, expected) in cases {
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(decode([*bytes]).1, *expected, "{shown:?}");
        assert_eq!(
            decode(bytes.chunks(1)).1,
            *expected,
            "{shown:?} byte by byte"
        );
    }
}

#[test]
fn events_come_as_soon_as_they_are_complete() {
    let mut decoder = SseDecoder::new(None);
    decoder.feed(b"data: a\r\n\r");
    // The LF that may follow belongs to the line end, but is not waited for.
    assert_eq!(decoder.next_event().unwrap().unwrap().data, "a");
    assert!(decoder.next_event().unwrap().is_none());
    decoder.feed(b"\ndata: b\n\n");
    assert_eq!(decoder.next_event().unwrap().unwrap().data, "b");
}

#[test]
fn what_was_not_taken_stays() {
    let mut decoder = SseDecoder::new(None);
    let mut expected = Vec::new();
    for number in 0..2000 {
        decoder.feed(format!("event: e\ndata: {number}\n\ndata: {number}\n\n").as_bytes());
        expected.extend([
            event("e", &number.to_string(), ""),
            data(&number.to_string()),
        ]);
        let next = decoder.next_event().unwrap().unwrap();
        assert_eq!(event(next.event, next.data, ""), expected.remove(0));
    }
    while let Some(next) = decoder.next_event().unwrap() {
        assert_eq!(event(next.event, next.data, ""), expected.remove(0));
    }
    assert_eq!(expected, []);
}

#[test]
fn debug_shows_the_limit_and_no_data() {
    let mut decoder = SseDecoder::new(64);
    decoder.feed(b"data: s3cret");
    assert_eq!(format!("{decoder:?}"), "SseDecoder { limit: 64, .. }");
}

fn first_error(limit: usize, pieces: &[&[u8]]) -> Option<Error> {
    let mut decoder = SseDecoder::new(limit);
    for piece in pieces {
        decoder.feed(piece);
        loop {
            match decoder.next_event() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Some(error),
            }
        }
    }
    None
}

#[test]
fn the_size_limit() {
    // name, bytes, whether they pass a limit of 10 bytes
    let ten = "0123456789";
    let cases: Vec<(&str, String, bool)> = vec![
        ("data of the limit", format!("data: {ten}\n\n"), true),
        ("data above it", format!("data: {ten}x\n\n"), false),
        (
            "data above it, not ended",
            format!("data: {ten}xxxxxxxxxxxxxxx"),
            false,
        ),
        (
            "lines that are the limit together",
            "data: 0123\ndata: 56789\n\n".to_owned(),
            true,
        ),
        (
            "lines above it together",
            "data: 01234\ndata: 56789\n\n".to_owned(),
            false,
        ),
        (
            "three lines above it together",
            "data: 012\ndata: 345\ndata: 678\n\n".to_owned(),
            false,
        ),
        ("many empty lines", "data\n".repeat(12), false),
        ("many events", "data: 01234\n\n".repeat(12), true),
        ("a long comment", format!(":{}\n", "x".repeat(100)), false),
        ("many comments", ": x\n".repeat(100), true),
        ("a long name", format!("event: {ten}x\n"), false),
        ("a name of the limit", format!("event: {ten}\n"), true),
        ("a long id", format!("id: {ten}x\n"), false),
    ];
    for (name, text, passes) in cases {
        let bytes = text.as_bytes();
        let cut: Vec<&[u8]> = bytes.chunks(1).collect();
        for pieces in [&[bytes][..], &cut] {
            match first_error(10, pieces) {
                None => assert!(passes, "{name} passed the limit in {} pieces", pieces.len()),
                Some(error) => {
                    assert!(!passes, "{name}: {error}");
                    assert_eq!(
                        error.kind(),
                        ErrorKind::LimitExceeded(Limit::Event),
                        "{name}"
                    );
                    assert!(error.message().contains("10 bytes"), "{name}: {error}");
                }
            }
        }
    }
}

/// A line of 16 MiB in pieces of 64 bytes is two hundred thousand pieces. Were
/// the line searched or copied anew with each, that would be two terabytes and
/// some minutes; looked at once it is a moment, even on a slow machine.
#[test]
fn long_lines_take_linear_time() {
    let started = std::time::Instant::now();
    let mut decoder = SseDecoder::new(None);
    decoder.feed(b"data: ");
    assert!(decoder.next_event().unwrap().is_none());
    let piece = [b'x'; 64];
    for _ in 0..(16 * 1024 * 1024 / 64) {
        decoder.feed(&piece);
        assert!(decoder.next_event().unwrap().is_none());
    }
    decoder.feed(b"\n\n");
    let event = decoder.next_event().unwrap().unwrap();
    assert_eq!(event.data.len(), 16 * 1024 * 1024);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

/// The specification read plainly: the whole at once, with what the standard
/// library has.
fn plain_reading(bytes: &[u8]) -> (Vec<Event>, Option<u64>) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last line end is no line.
    lines.pop();

    let (mut events, mut retry) = (Vec::new(), None);
    let (mut name, mut data, mut id) = (String::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let name = if name.is_empty() { "message" } else { &name };
                events.push(event(name, &data, &id));
            }
            name.clear();
            data.clear();
            continue;
        }
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line, ""),
        };
        match field {
            "event" => name = value.to_owned(),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if value.bytes().all(|b| b.is_ascii_digit()) => {
                retry = value.parse().ok().or(retry);
            }
            _ => {}
        }
    }
    (events, retry)
}

/// Pieces of what event streams are made of, and rubbish.
fn token() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "data:", "data: ", "data", "event:", "event: ", "id:", "id: ", "retry: ", ":", " ",
            "a", "7", "é", "\0",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        4 => prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "\r\n\r\n"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::sample::select(vec![
            &b"\xef\xbb\xbf"[..], b"\xef", b"\xbb", b"\xbf", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xff",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        // Of lengths around those that the search for line ends takes at once.
        1 => (0..200usize).prop_map(|length| vec![b'x'; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_bytes_cut_anywhere_read_as_the_specification_says(
        tokens in prop::collection::vec(token(), 0..40),
        mark in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut bytes = tokens.concat();
        if mark {
            bytes.splice(0..0, *b"\xef\xbb\xbf");
        }
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces = at.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        prop_assert_eq!(decode(pieces), plain_reading(&bytes));
    }
}
