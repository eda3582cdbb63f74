//! Everything that reads what a server, a page or a file sends, and texts to read
//! that are hard to read: for the tests of what reading costs.

use std::time::{Duration, SystemTime};

use chatwire::ai_sdk::{AnswerDecoder, DataStream, Head, Limits, TextStream, UiMessageStream};
use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire_browser::BrowserSession;
use chatwire_config::Config;
use chatwire_core::provider_kit::decode::{Lines, PlainText, SseDecoder, Utf8Decoder};
use chatwire_core::provider_kit::refusal::{self, ErrorResponse};
use chatwire_core::provider_kit::{Redactor, ReplyDecoder, html, listed_models};
use chatwire_core::{ErrorKind, FinishReason, Messages, ModelInfo, PromptFormat, Secret};
use rustix::time::{ClockId, clock_gettime};

use crate::outcome;

/// A reader: its name, and what it does with a text.
#[derive(Clone, Copy)]
pub struct Reader {
    /// Its name in tables.
    pub name: &'static str,
    /// Reads the whole text.
    pub read: fn(&str),
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What comes from the network in one piece.
const PIECE: usize = 16 * 1024;

/// Decodes a body twice: in the pieces that a network makes, and in small ones.
fn decode(decoder: impl Fn() -> Box<dyn ReplyDecoder>, text: &str) {
    outcome(decoder(), text.as_bytes().chunks(PIECE));
    outcome(decoder(), text.as_bytes().chunks(64));
}

/// A body whose header says something.
fn plain(content_type: &'static str, text: &str) {
    decode(|| Box::new(PlainText::new(Some(content_type))), text);
}

/// An answer whose protocol is to be found out.
fn unknown(content_type: &'static str, text: &str) {
    let head = Head::new(|name| (name == "content-type").then_some(content_type));
    decode(
        || Box::new(AnswerDecoder::new(head, None, Limits::new())),
        text,
    );
}

/// The secrets of a session with many cookies, some of which are hard to find.
fn redactor() -> Redactor {
    let redactor = Redactor::new();
    for secret in [
        "hushhush",
        "data: {",
        "aaaaaaaaaaaaaaaab",
        "{\"a\":{\"a\":1}",
        "<<<<<",
    ] {
        redactor.keep(&Secret::new(secret));
    }
    redactor.keep(&Secret::new(format!("{}b", "a".repeat(4000))));
    redactor.add_all((0..70).map(|index| Secret::new(format!("aaaa{index:03}"))));
    redactor
}

/// All of them.
pub const READERS: &[Reader] = &[
    Reader {
        name: "UTF-8",
        read: |text| {
            let mut utf8 = Utf8Decoder::new();
            // Within characters, too.
            for piece in text.as_bytes().chunks(61) {
                utf8.decode(piece);
            }
        },
    },
    Reader {
        name: "lines",
        read: |text| {
            for size in [PIECE, 64] {
                let mut lines = Lines::new(None);
                for piece in text.as_bytes().chunks(size) {
                    lines.feed(piece);
                    while let Ok(Some(_)) = lines.next_line() {}
                }
                lines.rest();
            }
        },
    },
    Reader {
        name: "server-sent events",
        read: |text| {
            for size in [PIECE, 64] {
                let mut events = SseDecoder::new(None);
                for piece in text.as_bytes().chunks(size) {
                    events.feed(piece);
                    while let Ok(Some(_)) = events.next_event() {}
                }
            }
        },
    },
    Reader {
        name: "plain text",
        read: |text| plain("text/plain", text),
    },
    Reader {
        name: "plain text called HTML",
        read: |text| plain("text/html", text),
    },
    Reader {
        name: "plain text called JSON",
        read: |text| plain("application/json", text),
    },
    Reader {
        name: "AI Engine",
        read: |text| decode(|| Box::new(AiEngineDecoder::new(1024 * 1024)), text),
    },
    Reader {
        name: "AI Engine, no limit",
        read: |text| decode(|| Box::new(AiEngineDecoder::new(None)), text),
    },
    Reader {
        name: "AI SDK, UI messages",
        read: |text| decode(|| Box::new(UiMessageStream::new(Limits::new())), text),
    },
    Reader {
        name: "AI SDK, data",
        read: |text| decode(|| Box::new(DataStream::new(Limits::new())), text),
    },
    Reader {
        name: "AI SDK, text",
        read: |text| decode(|| Box::new(TextStream::new()), text),
    },
    Reader {
        name: "AI SDK, events called so",
        read: |text| unknown("text/event-stream", text),
    },
    Reader {
        name: "AI SDK, JSON called so",
        read: |text| unknown("application/json", text),
    },
    Reader {
        name: "AI SDK, anything",
        read: |text| unknown("text/plain", text),
    },
    Reader {
        name: "tags of a page",
        read: |text| {
            for tag in html::tags(text) {
                tag.attribute("data-system");
            }
        },
    },
    Reader {
        name: "title and words of a page",
        read: |text| {
            refusal::is_html_page(text);
            refusal::page_title(text);
            refusal::first_line(text);
            let _ = refusal::page_error(text, "an answer");
        },
    },
    Reader {
        name: "JSON in noise",
        read: |text| {
            refusal::message_in_json(text);
        },
    },
    Reader {
        name: "words of a refusal",
        read: |text| {
            let _ = refusal::from_words(text);
            refusal::kind_from_words(text);
            refusal::is_quota(text);
            refusal::is_temporary(text);
            refusal::wait_from_words(text);
        },
    },
    Reader {
        name: "error response",
        read: |text| {
            let headers = Default::default();
            let response = ErrorResponse {
                status: 503,
                reason: None,
                headers: &headers,
                url: "http://localhost/",
                body: text,
            };
            let _ = response.to_error(None, SystemTime::UNIX_EPOCH).to_string();
        },
    },
    Reader {
        name: "redactor",
        read: |text| {
            let _ = redactor().text(text);
        },
    },
    Reader {
        name: "redactor of an error",
        read: |text| {
            let error = chatwire_core::Error::new(ErrorKind::Refused, text);
            let _ = redactor().error(error.with_excerpt(text)).to_string();
        },
    },
    Reader {
        name: "session file",
        read: |text| {
            let _ = BrowserSession::import(text, "https://chat.example.org/");
        },
    },
    Reader {
        name: "session file, own format",
        read: |text| {
            let _ = BrowserSession::from_json(text);
        },
    },
    Reader {
        name: "messages",
        read: |text| {
            if let Ok(messages) = serde_json::from_str::<Messages>(text) {
                let _ = PromptFormat::new().format(&messages);
            }
            let whole = serde_json::to_string(&[serde_json::json!({
                "role": "user",
                "content": text,
            })]);
            let messages: Messages =
                serde_json::from_str(&whole.unwrap_or_default()).unwrap_or_default();
            let _ = PromptFormat::new().format(&messages);
        },
    },
    Reader {
        name: "configuration",
        read: |text| {
            if let Ok(config) = Config::parse(text) {
                config.to_redacted_toml();
            }
        },
    },
    Reader {
        name: "list of models",
        read: |text| {
            let ids = text.as_bytes().chunks(13).map(String::from_utf8_lossy);
            listed_models(ids.map(ModelInfo::new), &Redactor::new());
            listed_models([ModelInfo::new("a").with_name(text)], &redactor());
        },
    },
    Reader {
        name: "JSON in answers",
        read: |text| {
            let _ = chatwire_structured::json::read(text, &FinishReason::Stop, None);
        },
    },
];

/// What a hostile text repeats.
pub const PATTERNS: &[&str] = &[
    "a",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "é",
    "😀",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "…",
    "aaaa…",
    "{",
    "}",
    "{}",
    "{ ",
    "{\n",
    "{\"",
    "{\"a",
    "{\"a\":",
    "{\"a\":{\"a\":",
    "{\"a\":1,",
    "{\"a\":\"{",
    "{\"message\":\"",
    "[",
    "[]",
    "[{\"a\":[",
    "[[\"a\",",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\"\\\"",
    ":",
    ",",
    "=",
    "#",
    "data:",
    "data: {\n",
    "data: {}\n\n",
    "data: x\n",
    "data:\n\n",
    "data: {\"type\":\"live\",\"data\":\"a\"}\n\n",
    "data: {\"type\":\"live\",\"subtype\":\"status\",\"data\":\"a\"}\n\n",
    "data: {\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"a\"}\n\n",
    "data: {\"type\":\"data-a\",\"id\":\"b\",\"data\":{}}\n\n",
    "data: [DONE]\n\n",
    "event: a\n",
    "id: 1\n",
    ": \n",
    "0:\"a\"\n",
    "2:[{}]\n",
    "f:{\"messageId\":\"a\"}\n",
    "<",
    "<a",
    "<a ",
    "<a b=\"",
    "<a b=c ",
    "<!--",
    "<!-- -->",
    "<!doctype html>",
    "<title>",
    "<script>",
    "<script><!--<script",
    "</",
    "&",
    "&amp",
    "&#",
    "&amp;amp;",
    "try again in 1s ",
    "limit exceeded ",
    "quota",
    "k = 1\n",
    "[a]\n",
    "[endpoints.a]\nprovider = \"aura\"\n",
    "[[a]]\n",
    "a.a.a.",
    "example.org\tFALSE\t/\tTRUE\t0\ta\tb\n",
    "#HttpOnly_chat.example.org\tTRUE\t/\tTRUE\t0\ta\tb\n",
];

/// A text of about that many bytes that repeats the pattern.
pub fn repeated(pattern: &str, bytes: usize) -> String {
    pattern.repeat(bytes / pattern.len())
}

/// A name, and what makes the piece of that number.
pub type Counted = (&'static str, fn(usize) -> String);

/// What also is hard to read: not one thing over and over, but another each time.
pub const COUNTED: &[Counted] = &[
    ("{\"kN\":1, …", |number| format!("{{\"k{number}\":1,")),
    ("\"kN\":1, …", |number| match number {
        0 => "{\"k\":1".to_owned(),
        number => format!(",\"k{number}\":1"),
    }),
    ("<a bN=1 …", |number| match number {
        0 => "<a".to_owned(),
        number => format!(" b{number}=1"),
    }),
    ("key N = 1", |number| format!("k{number} = 1\n")),
    ("[endpoints.N]", |number| {
        format!("[endpoints.e{number}]\nprovider = \"aura\"\n")
    }),
    ("aliases", |number| match number {
        0 => "[aliases]\n".to_owned(),
        number => format!("a{number} = \"nowhere/m{number}\"\n"),
    }),
    ("text parts with ids", |number| {
        format!("data: {{\"type\":\"text-start\",\"id\":\"{number}\"}}\n\n")
    }),
    ("data parts with ids", |number| {
        format!("data: {{\"type\":\"data-a\",\"id\":\"{number}\",\"data\":1}}\n\n")
    }),
    ("tool calls with ids", |number| {
        format!(
            "data: {{\"type\":\"tool-input-available\",\"toolCallId\":\"{number}\",\"toolName\":\"t\",\"input\":{{}}}}\n\n"
        )
    }),
    ("cookies of many names", |number| {
        format!("chat.example.org\tFALSE\t/\tTRUE\t0\tn{number}\tb\n")
    }),
    ("cookies of many domains", |number| {
        format!("d{number}.example.org\tFALSE\t/\tTRUE\t0\tn\tb\n")
    }),
];

/// A text of about that many bytes with a number in each piece.
pub fn counted(piece: fn(usize) -> String, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 128);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&piece(number));
    }
    text
}

/// The CPU time that this thread takes for it.
pub fn cpu_time(work: impl FnOnce()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    };
    let start = now();
    work();
    now().saturating_sub(start)
}
