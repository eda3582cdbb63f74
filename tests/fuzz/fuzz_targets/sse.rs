//! The decoder of server-sent events against a plain reading of the
//! specification, which looks at the whole stream at once.
#![no_main]

use chatwire_core::provider_kit::decode::SseDecoder;

#[derive(Debug, PartialEq)]
struct Event {
    event: String,
    data: String,
    id: String,
}

/// <https://html.spec.whatwg.org/multipage/server-sent-events.html>, section
/// "Interpreting an event stream", step by step.
fn plainly(stream: &[u8]) -> (Vec<Event>, Option<u64>) {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What no line end follows is no line.
    lines.pop();
    let (mut events, mut retry) = (Vec::new(), None);
    let (mut data, mut event_type, mut id) = (String::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            let data = std::mem::take(&mut data);
            let event_type = std::mem::take(&mut event_type);
            if !data.is_empty() {
                events.push(Event {
                    event: match event_type.as_str() {
                        "" => "message".to_owned(),
                        _ => event_type,
                    },
                    data: data.strip_suffix('\n').unwrap_or(&data).to_owned(),
                    id: id.clone(),
                });
            }
            continue;
        }
        let (field, value) = match line.split_once(':') {
            Some(("", _)) => continue,
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line, ""),
        };
        match field {
            "event" => event_type = value.to_owned(),
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => id = value.to_owned(),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // Longer than any clock runs is no time at all: the last one
                // stays.
                retry = value.parse().ok().or(retry);
            }
            _ => {}
        }
    }
    (events, retry)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (pieces, whole) = chatwire_fuzz::pieces(data);
    let mut decoder = SseDecoder::new(None);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(event) = decoder.next_event().unwrap() {
            events.push(Event {
                event: event.event.to_owned(),
                data: event.data.to_owned(),
                id: event.last_event_id.to_owned(),
            });
        }
    }
    let (expected, retry) = plainly(whole);
    assert_eq!(events, expected);
    assert_eq!(decoder.retry(), retry);
});
