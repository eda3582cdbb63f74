//! What each protocol's decoder makes of a body, whole and byte by byte.

use chatwire_ai_sdk::{
    AnswerDecoder, DataStream, Head, Limits, Protocol, TextStream, UiMessageStream,
};
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::{ErrorKind, Finish, ReplyEvent};

/// What came out of a decoder.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    text: String,
    notes: Vec<String>,
    end: Option<Result<Finish, (ErrorKind, String)>>,
}

fn run<'a>(mut decoder: Box<dyn ReplyDecoder>, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut take = |decoder: &mut Box<dyn ReplyDecoder>| {
        loop {
            match decoder.next_event() {
                Ok(Some(ReplyEvent::Text(text))) => outcome.text.push_str(&text),
                Ok(Some(ReplyEvent::Progress { kind, text })) => {
                    let kind = kind.to_string();
                    // Reasoning comes in pieces, too.
                    let same = format!("{kind}: ");
                    match outcome.notes.last_mut() {
                        Some(last) if kind == "thinking" && last.starts_with(&same) => {
                            last.push_str(&text);
                        }
                        _ => outcome.notes.push(same + &text),
                    }
                }
                Ok(Some(ReplyEvent::Finish(finish))) => {
                    assert!(outcome.end.is_none(), "a second end");
                    outcome.end = Some(Ok(finish));
                    return true;
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Ok(None) => return false,
                Err(error) => {
                    outcome.end = Some(Err((error.kind(), error.to_string())));
                    return true;
                }
            }
        }
    };
    for piece in pieces {
        decoder.feed(piece.to_vec().into());
        if take(&mut decoder) {
            return outcome;
        }
    }
    decoder.end();
    take(&mut decoder);
    outcome
}

/// What comes out of a body, which must not depend on how it is cut.
fn decode(make: impl Fn() -> Box<dyn ReplyDecoder>, body: &str) -> Outcome {
    let whole = run(make(), [body.as_bytes()].into_iter());
    let bytes = run(make(), body.as_bytes().chunks(1));
    assert_eq!(whole, bytes, "byte by byte: {body}");
    for at in 0..=body.len() {
        let (start, end) = body.as_bytes().split_at(at);
        assert_eq!(
            run(make(), [start, end].into_iter()),
            whole,
            "cut at {at}: {body}"
        );
    }
    whole
}

/// One row: the body, the text, and what ends it.
type Row<'a> = (&'a str, &'a str, Want<'a>);

enum Want<'a> {
    /// A whole answer, for this reason, with that text instead of the streamed.
    Whole(&'a str, Option<&'a str>),
    /// An error of this kind, whose message has these words.
    Fails(ErrorKind, &'a str),
}
use Want::{Fails, Whole};

fn check(
    make: impl Fn() -> Box<dyn ReplyDecoder>,
    rows: &[Row<'_>],
    frame: impl Fn(&str) -> String,
) {
    for (body, text, want) in rows {
        let got = decode(&make, &frame(body));
        assert_eq!(got.text, *text, "{body}");
        match (want, got.end.as_ref().expect(body)) {
            (Whole(reason, correction), Ok(finish)) => {
                assert_eq!(finish.reason.as_str(), *reason, "{body}");
                assert_eq!(finish.text.as_deref(), *correction, "{body}");
            }
            (Fails(kind, words), Err((got, message))) => {
                assert_eq!(got, kind, "{body}: {message}");
                assert!(message.contains(words), "{body}: {message}");
            }
            (_, end) => panic!("{body}: {end:?}"),
        }
    }
}

/// Each line is the data of an event; one that has a colon early on is a line of
/// the stream itself.
fn events(body: &str) -> String {
    body.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.strip_prefix('|') {
            Some(raw) => format!("{raw}\n"),
            None => format!("data: {line}\n\n"),
        })
        .collect()
}

fn ui() -> Box<dyn ReplyDecoder> {
    Box::new(UiMessageStream::new(Limits::new()))
}

fn data() -> Box<dyn ReplyDecoder> {
    Box::new(DataStream::new(Limits::new()).with_mark(true))
}

fn unmarked() -> Box<dyn ReplyDecoder> {
    Box::new(DataStream::new(Limits::new()))
}

const HI: &str = r#"{"type":"text-start","id":"t"}
{"type":"text-delta","id":"t","delta":"Hi"}
{"type":"text-end","id":"t"}"#;

#[test]
fn a_ui_message_stream_is_whole_by_its_events() {
    let hi = |rest: &str| format!("{HI}\n{rest}");
    let open = r#"{"type":"text-start","id":"t"}
        {"type":"text-delta","id":"t","delta":"Hi"}"#;
    let rows: &[(String, &str, Want<'_>)] = &[
        (
            hi(r#"{"type":"finish","finishReason":"stop"}
            [DONE]"#),
            "Hi",
            Whole("stop", None),
        ),
        (hi(r#"{"type":"finish"}"#), "Hi", Whole("stop", None)),
        (
            hi(r#"{"type":"finish","finishReason":7}"#),
            "Hi",
            Whole("stop", None),
        ),
        (hi("[DONE]"), "Hi", Whole("stop", None)),
        (
            format!("{open}\n{{\"type\":\"finish\"}}\n[DONE]"),
            "Hi",
            Whole("stop", None),
        ),
        // Without `finish`, all parts must be closed.
        (
            format!("{open}\n[DONE]"),
            "Hi",
            Fails(ErrorKind::Truncated, "left open"),
        ),
        (
            format!("{open}\n{{\"type\":\"finish-step\"}}\n[DONE]"),
            "Hi",
            Fails(ErrorKind::Truncated, "left open"),
        ),
        (
            r#"{"type":"text-delta","id":"t","delta":"Hi"}
            [DONE]"#
                .into(),
            "Hi",
            Whole("stop", None),
        ),
        (
            hi(""),
            "Hi",
            Fails(ErrorKind::Truncated, "without an end mark"),
        ),
        (
            hi(r#"|data: {"type":"finish"}"#),
            "Hi",
            Fails(ErrorKind::Truncated, "without an end mark"),
        ),
        // Events after `[DONE]` still count.
        (
            format!(
                "{open}\n[DONE]\n{{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"!\"}}\n{{\"type\":\"finish\"}}"
            ),
            "Hi!",
            Whole("stop", None),
        ),
        // Errors.
        (
            hi(r#"{"type":"error","errorText":"the model is lost"}
            {"type":"finish","finishReason":"error"}"#),
            "Hi",
            Fails(ErrorKind::Refused, "the model is lost"),
        ),
        (
            r#"{"type":"start"}
            {"type":"error","errorText":"An error occurred."}
            [DONE]"#
                .into(),
            "",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        (
            hi(r#"{"type":"error"}"#),
            "Hi",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        (
            hi(r#"{"type":"error","errorText":""}"#),
            "Hi",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        (
            hi(r#"{"type":"error","errorText":"{\"code\":\"E\",\"message\":\"lost it\"}"}"#),
            "Hi",
            Fails(ErrorKind::Refused, "lost it"),
        ),
        (
            hi(r#"{"type":"error","errorText":"Rate limit exceeded, try again in 20s"}"#),
            "Hi",
            Fails(ErrorKind::RateLimited, "Rate limit"),
        ),
        (
            hi(r#"{"type":"abort","reason":"AbortError: stop"}
            [DONE]"#),
            "Hi",
            Fails(ErrorKind::Truncated, "stopped the answer: AbortError: stop"),
        ),
        (
            hi(r#"{"type":"abort"}"#),
            "Hi",
            Fails(ErrorKind::Truncated, "stopped the answer"),
        ),
        // What comes after the end does not make it worse.
        (
            hi(r#"{"type":"finish"}
            {"type":"error","errorText":"late"}
            [DONE]"#),
            "Hi",
            Whole("stop", None),
        ),
        // A tool's error is not the answer's.
        (
            hi(
                r#"{"type":"tool-output-error","toolCallId":"c","errorText":"no"}
            {"type":"finish"}"#,
            ),
            "Hi",
            Whole("stop", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"error"}"#),
            "Hi",
            Whole("error", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"length"}"#),
            "Hi",
            Whole("length", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"content-filter"}"#),
            "Hi",
            Whole("content_filter", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"tool-calls"}"#),
            "Hi",
            Whole("tool_calls", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"unknown"}"#),
            "Hi",
            Whole("unknown", None),
        ),
        (
            hi(r#"{"type":"finish","finishReason":"interrupted"}"#),
            "Hi",
            Whole("interrupted", None),
        ),
        // No text.
        (
            r#"{"type":"start"}
            {"type":"tool-input-available","toolCallId":"c","toolName":"askUser","input":{}}
            {"type":"finish","finishReason":"tool-calls"}
            [DONE]"#
                .into(),
            "",
            Fails(ErrorKind::Refused, "waits for the tool askUser"),
        ),
        (
            r#"{"type":"finish","finishReason":"tool-calls"}"#.into(),
            "",
            Fails(ErrorKind::Refused, "waits for a tool"),
        ),
        (
            r#"{"type":"finish","finishReason":"content-filter"}"#.into(),
            "",
            Fails(ErrorKind::Refused, "filter"),
        ),
        (
            r#"{"type":"finish","finishReason":"stop"}"#.into(),
            "",
            Fails(ErrorKind::Protocol, "empty"),
        ),
        (
            r#"{"type":"data-weather","data":{"t":7}}
            [DONE]"#
                .into(),
            "",
            Fails(ErrorKind::Protocol, "empty"),
        ),
        ("[DONE]".into(), "", Fails(ErrorKind::Protocol, "empty")),
        // Parts.
        (
            format!("{HI}\n{}\n[DONE]", HI.replace("Hi", "there")),
            "Hi\n\nthere",
            Whole("stop", None),
        ),
        (
            r#"{"type":"start-step"}
            {"type":"text-delta","id":"t","delta":"Wrong"}
            {"type":"reset-step"}
            {"type":"text-start","id":"t"}
            {"type":"text-delta","id":"t","delta":"Right"}
            {"type":"text-end","id":"t"}
            {"type":"finish"}"#
                .into(),
            "Wrong\n\nRight",
            Whole("stop", Some("Right")),
        ),
        (
            r#"{"type":"text-delta","id":"t","delta":"Wrong"}
            {"type":"reset-step"}
            {"type":"finish"}"#
                .into(),
            "Wrong",
            Fails(ErrorKind::Protocol, "empty"),
        ),
        (
            r#"{"type":"text-delta","id":"t","delta":"smile \ud83d"}
            {"type":"text-delta","id":"t","delta":"\ude00 end"}
            {"type":"finish"}"#
                .into(),
            "smile 😀 end",
            Whole("stop", None),
        ),
        (
            r#"{"type":"text-delta","id":"t","delta":"x\ud83d"}
            {"type":"finish"}"#
                .into(),
            "x\u{fffd}",
            Whole("stop", None),
        ),
        // Members in another order, of another type, unknown, twice.
        (
            r#"{"delta":"Hi","id":"t","type":"text-delta","zzz":[1]}
            {"type":"finish","finishReason":null,"messageMetadata":7}"#
                .into(),
            "Hi",
            Whole("stop", None),
        ),
        (
            r#"{"type":"text-delta","id":7,"delta":"Hi"}
            {"type":"text-delta","id":7,"delta":null}
            {"type":"text-delta","delta":{}}
            {"type":"hologram","id":"h"}
            {"type":"finish"}"#
                .into(),
            "Hi",
            Whole("stop", None),
        ),
        // What is no JSON is skipped if the end mark comes.
        (
            hi(r#"{"type":"text-delta"
            noise
            7
            {"type":"finish"}"#),
            "Hi",
            Whole("stop", None),
        ),
        (
            hi(r#"{"type":"text-delta""#),
            "Hi",
            Fails(ErrorKind::Truncated, "1 of its lines cannot be read"),
        ),
        // Other forms of event streams.
        (
            format!(
                "|: stream-open\n|\n|: keep-alive\n|\n{HI}\n|event: x\n|id: 1\n|data:{{\"type\":\n|data:\"finish\"}}\n|\n|noise"
            ),
            "Hi",
            Whole("stop", None),
        ),
        (
            "\u{feff}".to_owned() + HI + "\n[DONE]",
            "Hi",
            Whole("stop", None),
        ),
        // No event stream at all.
        ("|".into(), "", Fails(ErrorKind::Protocol, "empty")),
        ("|: keep-alive".into(), "", Fails(ErrorKind::Protocol, "")),
        (
            "|<!doctype html><title>Sign in</title>".into(),
            "",
            Fails(ErrorKind::Blocked, "page"),
        ),
        (
            r#"|{"error":"No API key configured"}"#.into(),
            "",
            Fails(ErrorKind::Refused, "No API key"),
        ),
        (
            "|Hello".into(),
            "",
            Fails(ErrorKind::Protocol, "none of the AI SDK's protocols"),
        ),
        // The mark of an end inside a text is text.
        (
            r#"{"type":"text-delta","id":"t","delta":"data: [DONE]\n\n0:\"x\""}
            {"type":"finish"}"#
                .into(),
            "data: [DONE]\n\n0:\"x\"",
            Whole("stop", None),
        ),
    ];
    for (body, text, want) in rows {
        let want = match want {
            Whole(reason, correction) => Whole(reason, *correction),
            Fails(kind, words) => Fails(*kind, words),
        };
        check(ui, &[(body, text, want)], events);
    }
}

#[test]
fn a_data_stream_is_whole_by_its_lines() {
    let rows: &[Row<'_>] = &[
        (
            "f:{\"messageId\":\"m\"}\n0:\"Hi\"\ne:{\"finishReason\":\"stop\",\"isContinued\":false}\nd:{\"finishReason\":\"stop\"}\n",
            "Hi",
            Whole("stop", None),
        ),
        (
            "0:\"Hi\"\nd:{\"finishReason\":\"length\"}\n",
            "Hi",
            Whole("length", None),
        ),
        (
            "0:\"Hi\"\nd:{\"finishReason\":\"unknown\"}\n",
            "Hi",
            Whole("unknown", None),
        ),
        ("0:\"Hi\"\nd:{}\n", "Hi", Whole("stop", None)),
        (
            "f:{}\n0:\"Hi\"\ne:{\"finishReason\":\"stop\"}\n",
            "Hi",
            Whole("stop", None),
        ),
        (
            "0:\"Hi\"\ne:{\"finishReason\":\"stop\"}\n",
            "Hi",
            Whole("stop", None),
        ),
        // Parts written by hand, and versions without an end mark.
        ("0:\"Hi\"\n", "Hi", Whole("eof", None)),
        ("0:\"Hi\"", "Hi", Whole("eof", None)),
        ("0:\"a\"\nz:{\"x\":1}\n0:\"b\"\n", "ab", Whole("eof", None)),
        // Cut off, as what came before tells.
        (
            "f:{\"messageId\":\"m\"}\n0:\"Hi\"\n",
            "Hi",
            Fails(ErrorKind::Truncated, "without an end mark"),
        ),
        (
            "f:{}\n0:\"Hi\"\ne:{}\nf:{}\n0:\"!\"\n",
            "Hi!",
            Fails(ErrorKind::Truncated, ""),
        ),
        (
            "0:\"Hi\"\ne:{}\n0:\"!\"\n",
            "Hi!",
            Fails(ErrorKind::Truncated, ""),
        ),
        (
            "0:\"Hi\"\n0:\"the",
            "Hi",
            Fails(ErrorKind::Truncated, "1 of its lines"),
        ),
        // Errors.
        (
            "0:\"Hi\"\n3:\"An error occurred.\"\n0:\"!\"\nd:{}\n",
            "Hi",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        ("3:\"\"\n", "", Fails(ErrorKind::Refused, "hides why")),
        (
            "0:\"Hi\"\n3:\"{}\"\n",
            "Hi",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        (
            "3:\"Custom: model overloaded\"\n",
            "",
            Fails(ErrorKind::Refused, "Custom: model overloaded"),
        ),
        (
            "0:\"Hi\"\nd:{\"finishReason\":\"error\"}\n",
            "Hi",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        ("0:\"Hi\"\nd:{}\n3:\"late\"\n", "Hi", Whole("stop", None)),
        ("0:\"Hi\"\n3:{}\nd:{}\n", "Hi", Whole("stop", None)),
        // No text.
        (
            "9:{\"toolCallId\":\"c\",\"toolName\":\"askUser\",\"args\":{}}\ne:{}\nd:{\"finishReason\":\"tool-calls\"}\n",
            "",
            Fails(ErrorKind::Refused, "askUser"),
        ),
        (
            "d:{\"finishReason\":\"stop\"}\n",
            "",
            Fails(ErrorKind::Protocol, "empty"),
        ),
        ("", "", Fails(ErrorKind::Protocol, "empty")),
        ("\n\r\n", "", Fails(ErrorKind::Protocol, "empty")),
        (
            "<!doctype html>\n<p>",
            "",
            Fails(ErrorKind::Blocked, "page"),
        ),
        // Half characters, line ends, spaces, noise before the end mark.
        (
            "0:\"smile \\ud83d\"\n0:\"\\ude00 end\"\nd:{}\n",
            "smile 😀 end",
            Whole("stop", None),
        ),
        ("0:\"x\\ud83d\"\nd:{}\n", "x\u{fffd}", Whole("stop", None)),
        ("\r\n0: \"Hi\"\r\n\r\nd: {}\r\n", "Hi", Whole("stop", None)),
        (
            "noise\n0:\"Hi\"\n0:7\n0:\"!\nfoo:bar\nd:{}\n",
            "Hi",
            Whole("stop", None),
        ),
        ("0:\"Hi\"\nd:{}\n0:\"!\"\n", "Hi!", Whole("stop", None)),
        // The texts of steps follow one another.
        (
            "f:{}\n0:\"a \"\ne:{}\nf:{}\n0:\"b\"\ne:{}\nd:{}\n",
            "a b",
            Whole("stop", None),
        ),
    ];
    check(data, rows, str::to_owned);
    // Without a header that marks it, a clean end has to do.
    let rows: &[Row<'_>] = &[
        ("0:\"Hi\"\ne:{}\n0:\"!\"\n", "Hi!", Whole("eof", None)),
        ("f:{}\n0:\"Hi\"\n", "Hi", Fails(ErrorKind::Truncated, "")),
        ("0:\"Hi\"\n", "Hi", Whole("eof", None)),
    ];
    check(unmarked, rows, str::to_owned);
}

#[test]
fn a_text_stream_is_whole_when_it_ends_and_is_not_empty() {
    let rows: &[Row<'_>] = &[
        ("Hello, 世界 😀\n", "Hello, 世界 😀\n", Whole("eof", None)),
        ("0:\"Hi\"\n", "0:\"Hi\"\n", Whole("eof", None)),
        ("  ", "  ", Whole("eof", None)),
        ("", "", Fails(ErrorKind::Protocol, "empty")),
    ];
    check(|| Box::new(TextStream::new()), rows, str::to_owned);
}

#[test]
fn the_protocol_is_found_out() {
    let ui_body = events(&format!("{HI}\n[DONE]"));
    let none: &[(&str, &str)] = &[];
    let plain: &[(&str, &str)] = &[("content-type", "text/plain; charset=utf-8")];
    let ui_mark: &[(&str, &str)] = &[("x-vercel-ai-ui-message-stream", "v1")];
    let data_mark: &[(&str, &str)] = &[("x-vercel-ai-data-stream", "v1")];
    let old_data: &[(&str, &str)] = &[("x-experimental-stream-data", "true")];
    let old_text: &[(&str, &str)] = &[("x-experimental-stream-data", "false")];
    let stream: &[(&str, &str)] = &[("content-type", "text/event-stream")];
    let html: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
    let json: &[(&str, &str)] = &[("content-type", "application/json")];
    let page = "<!doctype html><title>Sign in</title>";
    type Case<'a> = (
        &'a [(&'a str, &'a str)],
        Option<Protocol>,
        &'a str,
        &'a str,
        Want<'a>,
    );
    let table: &[Case<'_>] = &[
        (ui_mark, None, &ui_body, "Hi", Whole("stop", None)),
        (stream, None, &ui_body, "Hi", Whole("stop", None)),
        (
            data_mark,
            None,
            "0:\"Hi\"\nd:{}\n",
            "Hi",
            Whole("stop", None),
        ),
        (old_data, None, "0:\"Hi\"\n", "Hi", Whole("eof", None)),
        (old_text, None, "Hi", "Hi", Whole("eof", None)),
        (plain, None, "0:\"Hi\"\nd:{}\n", "Hi", Whole("stop", None)),
        (
            none,
            None,
            "f:{}\n0:\"Hi\"\ne:{}\nd:{}\n",
            "Hi",
            Whole("stop", None),
        ),
        (none, None, "0:\"Hi\"", "Hi", Whole("eof", None)),
        (plain, None, "Hi", "Hi", Whole("eof", None)),
        (plain, None, "0:Hi", "0:Hi", Whole("eof", None)),
        (
            plain,
            None,
            "data: [DONE]\n\n0:\"x\"\n",
            "data: [DONE]\n\n0:\"x\"\n",
            Whole("eof", None),
        ),
        (plain, None, "<b>Hi</b>", "<b>Hi</b>", Whole("eof", None)),
        // Fixed by the caller.
        (
            plain,
            Some(Protocol::Text),
            "0:\"Hi\"\n",
            "0:\"Hi\"\n",
            Whole("eof", None),
        ),
        (
            plain,
            Some(Protocol::Ui),
            &ui_body,
            "Hi",
            Whole("stop", None),
        ),
        (
            none,
            Some(Protocol::Data),
            "0:\"Hi\"\n",
            "Hi",
            Whole("eof", None),
        ),
        // Pages and JSON.
        (html, None, page, "", Fails(ErrorKind::Blocked, "page")),
        (
            html,
            Some(Protocol::Text),
            page,
            "",
            Fails(ErrorKind::Blocked, "page"),
        ),
        (
            html,
            None,
            "\u{feff} <html>",
            "",
            Fails(ErrorKind::Blocked, "page"),
        ),
        (html, None, "Hello", "Hello", Whole("eof", None)),
        (html, None, "0:\"Hi\"\n", "0:\"Hi\"\n", Whole("eof", None)),
        (html, None, "", "", Fails(ErrorKind::Protocol, "empty")),
        (
            json,
            None,
            r#"{"error":"No API key configured"}"#,
            "",
            Fails(ErrorKind::Refused, "No API key"),
        ),
        (
            json,
            None,
            r#"{"error":{"code":1}}"#,
            "",
            Fails(ErrorKind::Refused, "hides why"),
        ),
        (
            json,
            None,
            r#"{"code":"x","message":"Not so fast"}"#,
            "",
            Fails(ErrorKind::Refused, "Not so fast"),
        ),
        (
            json,
            None,
            r#"{"text":"Whole answer as JSON."}"#,
            "Whole answer as JSON.",
            Whole("stop", None),
        ),
        (
            json,
            None,
            r#"{"text":"Cut","finishReason":"length"}"#,
            "Cut",
            Whole("length", None),
        ),
        (json, None, r#""Hi""#, "Hi", Whole("stop", None)),
        (
            json,
            None,
            r#"{"role":"assistant","content":"Hi"}"#,
            "Hi",
            Whole("stop", None),
        ),
        (
            json,
            None,
            r#"{"message":{"role":"assistant","parts":[{"type":"text","text":"Hi"}]}}"#,
            "Hi",
            Whole("stop", None),
        ),
        (
            json,
            None,
            r#"{"text":""}"#,
            "",
            Fails(ErrorKind::Protocol, "none of"),
        ),
        (
            json,
            None,
            r#"{"te"#,
            "",
            Fails(ErrorKind::Protocol, "none of"),
        ),
        (json, None, "[]", "", Fails(ErrorKind::Protocol, "none of")),
        (json, None, "", "", Fails(ErrorKind::Protocol, "empty")),
    ];
    for (headers, fixed, body, text, want) in table {
        let head = Head::new(|name| {
            let found = headers.iter().find(|(header, _)| *header == name);
            found.map(|(_, value)| *value)
        });
        let make = || -> Box<dyn ReplyDecoder> {
            Box::new(AnswerDecoder::new(head, *fixed, Limits::new()))
        };
        let want = match want {
            Whole(reason, correction) => Whole(reason, *correction),
            Fails(kind, words) => Fails(*kind, words),
        };
        check(make, &[(body, text, want)], str::to_owned);
    }
}

#[test]
fn text_is_not_held_back_to_find_out_the_protocol() {
    for (body, held) in [
        ("Hello", false),
        ("0 files", false),
        ("0:\"Hi", true),
        ("z", false),
    ] {
        let mut decoder = AnswerDecoder::new(Head::default(), None, Limits::new());
        decoder.feed(body.into());
        let event = decoder.next_event().unwrap();
        let want = (!held).then(|| ReplyEvent::Text(body.to_owned()));
        assert_eq!(event, want, "{body}");
    }
}

fn extras(finish: &Finish) -> Vec<(&str, &str)> {
    let extras = finish.extras.iter();
    extras
        .map(|extra| (extra.name.as_str(), extra.json.as_str()))
        .collect()
}

#[test]
fn what_comes_beside_the_text_is_kept_for_the_end() {
    let body = events(
        r#"{"type":"data-status","id":"d1","data":{"step":"searching"}}
        {"type":"data-notice","data":{"note":"gone \ud83d soon"},"transient":true}
        {"type":"data-status","id":"d1","data":{"step":"done"}}
        {"type":"data-broken","data":
        {"type":"start","messageMetadata":{"a":{"x":1},"usage":{"inputTokens":11,"outputTokens":null}}}
        {"type":"start-step"}
        {"type":"reasoning-start","id":"r"}
        {"type":"reasoning-delta","id":"r","delta":"Let me \ud83d"}
        {"type":"reasoning-delta","id":"r","delta":"\ude00"}
        {"type":"reasoning-end","id":"r"}
        {"type":"reasoning-delta","id":"s","delta":"Again."}
        {"type":"tool-input-start","toolCallId":"c","toolName":"weather"}
        {"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"{"}
        {"type":"tool-input-available","toolCallId":"c","toolName":"weather","input":{"city":"Oslo"}}
        {"type":"tool-approval-request","toolCallId":"c"}
        {"type":"tool-output-available","toolCallId":"c","output":{"degrees":7}}
        {"type":"finish-step"}
        {"type":"start-step"}
        {"type":"source-url","sourceId":"s","url":"https://example.com","title":"Ex"}
        {"type":"source-url","sourceId":"s","url":"https://example.com"}
        {"type":"source-document","sourceId":"d","mediaType":"application/pdf","title":"Report","filename":"r.pdf"}
        {"type":"file","mediaType":"image/png","url":"data:image/png;base64,AA=="}
        {"type":"file","mediaType":"text/plain","url":"data:text/plain,x"}
        {"type":"file","mediaType":"image/png"}
        {"type":"tool-output-error","toolCallId":"x","errorText":"no"}
        {"type":"text-delta","id":"t","delta":"Hi"}
        {"type":"message-metadata","messageMetadata":{"a":{"y":2}}}
        {"type":"finish-step"}
        {"type":"finish","messageMetadata":{"b":3}}
        {"type":"data-late","data":[1]}
        [DONE]"#,
    );
    let got = decode(ui, &body);
    assert_eq!(got.text, "Hi");
    assert_eq!(
        got.notes,
        [
            "thinking: Let me 😀\n\nAgain.",
            "tool_call: weather {\"city\":\"Oslo\"}",
            "tool_call: weather waits for an approval",
            "tool_result: weather {\"degrees\":7}",
            "step: step 2",
            "source: Ex https://example.com",
            "source: https://example.com",
            "source: Report r.pdf",
            "tool_result: tool no",
        ]
    );
    let finish = got.end.unwrap().unwrap();
    assert_eq!(finish.images, ["data:image/png;base64,AA=="]);
    let usage = finish.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(11), None)
    );
    assert_eq!(
        extras(&finish),
        [
            ("data-status", r#"{"step":"done"}"#),
            ("data-notice", r#"{"note":"gone \ufffd soon"}"#),
            (
                "file",
                r#"{"mediaType":"text/plain","url":"data:text/plain,x"}"#
            ),
            ("data-late", "[1]"),
            (
                "metadata",
                r#"{"a":{"x":1,"y":2},"b":3,"usage":{"inputTokens":11,"outputTokens":null}}"#
            ),
        ]
    );
}

#[test]
fn what_a_step_brought_goes_when_the_step_is_taken_back() {
    let body = events(
        r#"{"type":"start-step"}
        {"type":"data-a","data":1}
        {"type":"file","mediaType":"image/png","url":"data:image/png;base64,AA=="}
        {"type":"finish-step"}
        {"type":"start-step"}
        {"type":"data-b","data":2}
        {"type":"file","mediaType":"image/png","url":"data:image/png;base64,BB=="}
        {"type":"text-delta","id":"t","delta":"no"}
        {"type":"reset-step"}
        {"type":"text-delta","id":"t","delta":"yes"}
        {"type":"finish"}"#,
    );
    let got = decode(ui, &body);
    assert_eq!(
        got.notes.last().unwrap(),
        "step: the server takes back what it said in this step"
    );
    let finish = got.end.unwrap().unwrap();
    assert_eq!(finish.text.as_deref(), Some("yes"));
    assert_eq!(finish.images, ["data:image/png;base64,AA=="]);
    assert_eq!(extras(&finish), [("data-a", "1")]);
}

#[test]
fn a_data_stream_has_notes_usage_and_extras_too() {
    let body = "2:[{\"a\":1}]\n\
        8:[{\"note\":\"\\ud83d\"}]\n\
        f:{\"messageId\":\"m\"}\n\
        g:\"think\"\n\
        b:{\"toolCallId\":\"c\",\"toolName\":\"weather\"}\n\
        9:{\"toolCallId\":\"c\",\"toolName\":\"weather\",\"args\":{\"city\":\"Oslo\"}}\n\
        a:{\"toolCallId\":\"c\",\"result\":{\"degrees\":7}}\n\
        e:{\"finishReason\":\"tool-calls\",\"usage\":{\"promptTokens\":1,\"completionTokens\":2}}\n\
        f:{\"messageId\":\"n\"}\n\
        h:{\"sourceType\":\"url\",\"id\":\"s\",\"url\":\"https://example.com\",\"title\":\"Ex\"}\n\
        k:{\"mimeType\":\"image/png\",\"data\":\"AA==\"}\n\
        0:\"Hi\"\n\
        2:[2,3]\n2:[]\n2:7\n\
        e:{\"finishReason\":\"stop\",\"usage\":{\"promptTokens\":10,\"completionTokens\":20}}\n";
    let got = decode(
        data,
        &format!(
            "{body}d:{{\"finishReason\":\"stop\",\"usage\":{{\"promptTokens\":11.0,\"completionTokens\":null}}}}\n8:[\"late\"]\n"
        ),
    );
    assert_eq!(
        got.notes,
        [
            "thinking: think",
            "tool_call: weather {\"city\":\"Oslo\"}",
            "tool_result: weather {\"degrees\":7}",
            "step: step 2",
            "source: Ex https://example.com",
        ]
    );
    let finish = got.end.unwrap().unwrap();
    assert_eq!(finish.images, ["data:image/png;base64,AA=="]);
    let usage = finish.usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens
        ),
        (Some(11), None, None)
    );
    assert_eq!(
        extras(&finish),
        [
            ("data", r#"[{"a":1},2,3]"#),
            ("annotations", r#"[{"note":"\ufffd"},"late"]"#)
        ]
    );
    // Without the end of the answer, the steps' tokens count.
    let usage = decode(data, body).end.unwrap().unwrap().usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens
        ),
        (Some(11), Some(22), Some(33))
    );
}

#[test]
fn sizes_have_limits_that_can_be_set() {
    const MIB: usize = 1024 * 1024;
    let delta = |size: usize| {
        events(&format!(
            "{{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"{}\"}}\n[DONE]",
            "x".repeat(size)
        ))
    };
    let escaped = |size: usize| {
        events(&format!(
            "{{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"{}\"}}\n[DONE]",
            "\\u0041".repeat(size)
        ))
    };
    let line = |size: usize| format!("0:\"{}\"\n", "x".repeat(size));
    let file = |size: usize| {
        let head = "data:image/png;base64,";
        events(&format!(
            "{{\"type\":\"file\",\"mediaType\":\"image/png\",\"url\":\"{head}{}\"}}\n{{\"type\":\"finish\"}}",
            "A".repeat(size - head.len())
        ))
    };
    let k = |size: usize| {
        let head = "data:image/png;base64,";
        format!(
            "k:{{\"mimeType\":\"image/png\",\"data\":\"{}\"}}\n",
            "A".repeat(size - head.len())
        )
    };
    let ends_well = |decoder: Box<dyn ReplyDecoder>, body: &str| match run(
        decoder,
        [body.as_bytes()].into_iter(),
    )
    .end
    .unwrap()
    {
        Ok(_) => true,
        Err((kind, message)) => {
            assert!(matches!(kind, ErrorKind::LimitExceeded(_)), "{message}");
            false
        }
    };
    assert!(ends_well(ui(), &delta(MIB)));
    assert!(ends_well(ui(), &escaped(MIB)));
    assert!(!ends_well(ui(), &delta(MIB + 1)));
    assert!(ends_well(data(), &line(MIB)));
    assert!(!ends_well(data(), &line(MIB + 1)));
    assert!(ends_well(ui(), &file(8 * MIB)));
    assert!(!ends_well(ui(), &file(8 * MIB + 1)));
    assert!(ends_well(data(), &k(8 * MIB)));
    assert!(!ends_well(data(), &k(8 * MIB + 1)));
    let small = Limits::new()
        .with_delta(10)
        .with_data_url(100)
        .with_total(2000);
    let ui = || -> Box<dyn ReplyDecoder> { Box::new(UiMessageStream::new(small)) };
    assert!(ends_well(ui(), &delta(10)));
    assert!(!ends_well(ui(), &delta(11)));
    assert!(ends_well(ui(), &file(100)));
    assert!(!ends_well(ui(), &file(101)));
    // Much that is small is bounded too.
    let many = |event: &str| events(&format!("{}\n{}", event.repeat(100), HI));
    assert!(!ends_well(
        ui(),
        &many("{\"type\":\"data-x\",\"data\":1}\n")
    ));
    assert!(!ends_well(
        ui(),
        &many("{\"type\":\"file\",\"mediaType\":\"image/png\",\"url\":\"data:,\"}\n")
    ));
    assert!(!ends_well(
        ui(),
        &many("{\"type\":\"message-metadata\",\"messageMetadata\":{\"a\":1}}\n")
    ));
    let none = Limits::new()
        .with_delta(None)
        .with_data_url(None)
        .with_total(None);
    assert!(ends_well(
        Box::new(UiMessageStream::new(none)),
        &delta(10 * MIB)
    ));
    // A line without end is not gathered.
    let mut decoder = DataStream::new(small);
    let fed = (0..100).find(|_| {
        decoder.feed(vec![b'x'; 1000].into());
        decoder.next_event().is_err()
    });
    assert!(fed.is_some_and(|pieces| pieces < 20));
}
