//! The decoders alone, with what they allocate, on 1,000 events.
//!
//! `cargo bench --bench decoders`

use bytes::Bytes;
use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire_benches::{ServerEvents, live_event};
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::provider_kit::decode::{Lines, PlainText, SseDecoder};
use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const EVENTS: usize = 1000;
const PIECES: [usize; 2] = [16 * 1024, 64];

fn main() {
    divan::main();
}

#[divan::bench(args = PIECES)]
fn lines(bencher: Bencher<'_, '_>, piece: usize) {
    run(bencher, piece, |pieces| {
        let mut lines = Lines::new(4096);
        for piece in pieces {
            lines.feed(piece);
            while let Some(line) = lines.next_line().unwrap() {
                black_box(line);
            }
        }
    });
}

#[divan::bench(args = PIECES)]
fn server_sent_events(bencher: Bencher<'_, '_>, piece: usize) {
    run(bencher, piece, |pieces| {
        let mut events = SseDecoder::new(4096);
        for piece in pieces {
            events.feed(piece);
            while let Some(event) = events.next_event().unwrap() {
                black_box(&event);
            }
        }
    });
}

#[divan::bench(args = PIECES)]
fn ai_engine(bencher: Bencher<'_, '_>, piece: usize) {
    run(bencher, piece, |pieces| {
        take_all(AiEngineDecoder::new(4096), pieces);
    });
}

#[divan::bench(args = PIECES)]
fn plain_text(bencher: Bencher<'_, '_>, piece: usize) {
    run(bencher, piece, |pieces| {
        take_all(PlainText::new(Some("text/plain")), pieces);
    });
}

fn take_all(mut decoder: impl ReplyDecoder, pieces: &[Bytes]) {
    for piece in pieces {
        decoder.feed(piece.clone());
        while let Some(event) = decoder.next_event().unwrap() {
            black_box(event);
        }
    }
}

fn run(bencher: Bencher<'_, '_>, piece: usize, decode: impl Fn(&[Bytes]) + Sync) {
    let event = live_event("tok");
    let input = ServerEvents::new(&event, EVENTS * event.len(), piece);
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(input.body.len()))
        .bench(|| decode(&input.pieces));
}
