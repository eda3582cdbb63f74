//! The decoders against their floors and peers: thread CPU time, medians of
//! paired runs.
//!
//! `cargo bench --bench ratios`

use std::borrow::Cow;
use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use chatwire::ReplyEvent;
use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire_benches::{
    Clock, ServerEvents, Verdict, live_event, median, paired, ratios, spread, text_of,
};
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::SseDecoder;
use eventsource_stream::Eventsource as _;
use futures::StreamExt as _;
use futures::executor::block_on;
use serde::Deserialize;
use sse_stream::SseByteStream;

const MIB: usize = 1024 * 1024;

fn main() {
    // For a profiler, so that it sees nothing else.
    if std::env::args().any(|argument| argument == "profile-sse") {
        let pieces = ServerEvents::new(&live_event("tok"), 16 * MIB, 16 * 1024).pieces;
        (0..40).for_each(|_| {
            black_box(with_chatwire(&pieces));
        });
        return;
    }
    if std::env::args().any(|argument| argument == "profile-ai-engine") {
        let pieces = ServerEvents::new(&live_event("tok"), 16 * MIB, 16 * 1024).pieces;
        (0..40).for_each(|_| {
            black_box(with_ai_engine(&pieces));
        });
        return;
    }
    server_sent_events();
    long_lines();
    typed_events();
}

fn server_sent_events() {
    Verdict::head("16 MiB of server-sent events");
    let event = live_event("tok");
    let cases = [
        // How models stream: each event arrives by itself.
        ("one event in a piece", event.len(), 1.5, 6.0, 9),
        ("pieces of 16 KiB", 16 * 1024, 3.5, 30.0, 15),
        ("pieces of 64 bytes", 64, 3.0, 10.0, 9),
    ];
    for (name, piece, sse, eventsource, rounds) in cases {
        let input = ServerEvents::new(&event, 16 * MIB, piece);
        let times = paired(
            Clock::Thread,
            rounds,
            &mut [
                &mut || assert_eq!(with_chatwire(&input.pieces), input.events),
                &mut || assert_eq!(with_sse_stream(&input.pieces), input.events),
                &mut || assert_eq!(with_eventsource_stream(&input.pieces), input.events),
                &mut || assert_eq!(with_memchr(&input.body), 2 * input.events),
            ],
        );
        let [ours, sse_stream, eventsource_stream, floor] = times.as_slice() else {
            unreachable!()
        };
        let each = format!("{:.1} ns an event", nanoseconds(ours) / input.events as f64);
        let rows = [
            ("sse-stream", sse_stream, Verdict::AtLeast(sse)),
            (
                "eventsource-stream",
                eventsource_stream,
                Verdict::AtLeast(eventsource),
            ),
        ];
        for (peer, theirs, verdict) in rows {
            let ratios = ratios(theirs, ours);
            let what = format!("SSE, {name}, faster than {peer}");
            verdict.row(
                &what,
                median(&ratios),
                "×",
                &format!("{}; {each}", spread(&ratios)),
            );
        }
        let ratios = ratios(ours, floor);
        let what = format!("SSE, {name}, CPU of memchr alone");
        Verdict::Told.row(&what, median(&ratios), "×", &spread(&ratios));
    }
}

/// One line in small pieces: twice as long must take twice the time.
fn long_lines() {
    Verdict::head("One line in pieces of 64 bytes");
    let line = |bytes: usize| {
        let body = live_event(&text_of(bytes));
        ServerEvents::from_body(Bytes::from(body), 1, 64)
    };
    let (whole, half) = (line(MIB), line(MIB / 2));
    let times = paired(
        Clock::Thread,
        51,
        &mut [
            &mut || assert_eq!(with_chatwire(&whole.pieces), 1),
            &mut || assert_eq!(with_chatwire(&half.pieces), 1),
        ],
    );
    let ratios = ratios(&times[0], &times[1]);
    Verdict::AtMost(2.2).row(
        "a line of 1 MiB, time of one of 512 KiB",
        median(&ratios),
        "×",
        &spread(&ratios),
    );
}

fn typed_events() {
    Verdict::head("AI Engine, bytes to typed events");
    let words = [" the", " of", "ing", " a", ",", " chat", " and", "er"];
    let plain: String = words.iter().map(|word| live_event(word)).collect();
    // What PHP escapes: line ends, slashes, and all that is not ASCII.
    let escaped: String = ["\\n", " caf\\u00e9", "1\\/2", "\\u4f60\\u597d"]
        .iter()
        .chain(&words[..4])
        .map(|word| live_event(word))
        .collect();
    let long = live_event(&text_of(155));
    let cases = [
        (
            "events of one token",
            live_event("tok"),
            1,
            Verdict::AtMost(1.15),
        ),
        ("events of one word", plain, 8, Verdict::AtMost(1.15)),
        ("events of 190 bytes", long, 1, Verdict::AtMost(1.15)),
        ("half of them with escapes", escaped, 8, Verdict::Told),
    ];
    for (name, block, events, verdict) in cases {
        let blocks = 4 * MIB / block.len();
        let body = Bytes::from(block.repeat(blocks));
        let input = ServerEvents::from_body(body, events * blocks, 16 * 1024);
        let payloads = input.payloads();
        let times = paired(
            Clock::Thread,
            31,
            &mut [
                &mut || assert_eq!(with_ai_engine(&input.pieces), input.events),
                &mut || assert_eq!(with_serde_json(&payloads), input.events),
            ],
        );
        let ratios = ratios(&times[0], &times[1]);
        let each = nanoseconds(&times[0]) / input.events as f64;
        verdict.row(
            &format!("{name}, CPU of serde_json alone"),
            median(&ratios),
            "×",
            &format!("{}; {each:.1} ns an event", spread(&ratios)),
        );
    }
}

fn nanoseconds(times: &[Duration]) -> f64 {
    let times: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    median(&times) * 1e9
}

fn with_chatwire(pieces: &[Bytes]) -> usize {
    let mut decoder = SseDecoder::new(2 * MIB);
    let mut events = 0;
    for piece in pieces {
        decoder.feed(piece);
        while let Some(event) = decoder.next_event().unwrap() {
            black_box(&event);
            events += 1;
        }
    }
    events
}

fn with_sse_stream(pieces: &[Bytes]) -> usize {
    let pieces = futures::stream::iter(pieces.iter().cloned().map(Ok::<_, Infallible>));
    let mut stream = SseByteStream::new(pieces);
    block_on(async {
        let mut events = 0;
        while let Some(event) = stream.next().await {
            black_box(event.unwrap());
            events += 1;
        }
        events
    })
}

fn with_eventsource_stream(pieces: &[Bytes]) -> usize {
    let pieces = futures::stream::iter(pieces.iter().cloned().map(Ok::<_, Infallible>));
    let mut stream = pieces.eventsource();
    block_on(async {
        let mut events = 0;
        while let Some(event) = stream.next().await {
            black_box(event.unwrap());
            events += 1;
        }
        events
    })
}

/// How many line ends there are: the least that any decoder must find.
fn with_memchr(body: &Bytes) -> usize {
    let mut lines = 0;
    for end in memchr::memchr_iter(b'\n', body) {
        black_box(end);
        lines += 1;
    }
    lines
}

fn with_ai_engine(pieces: &[Bytes]) -> usize {
    let mut decoder = AiEngineDecoder::new(MIB);
    let mut events = 0;
    for piece in pieces {
        decoder.feed(piece.clone());
        while let Some(event) = decoder.next_event().unwrap() {
            assert!(matches!(event, ReplyEvent::Text(_)));
            black_box(event);
            events += 1;
        }
    }
    events
}

/// What any decoder of these events by serde_json does at least.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

fn with_serde_json(payloads: &[Bytes]) -> usize {
    let mut events = 0;
    for payload in payloads {
        let event: Event<'_> = serde_json::from_slice(payload).unwrap();
        black_box((&event.kind, &event.data));
        events += 1;
    }
    events
}
