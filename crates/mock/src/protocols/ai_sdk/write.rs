//! How a server writes a reply.

use std::time::Duration;

use serde_json::{Value, json};

use super::reply::{AiSdkReply, End, Piece};
use super::version::{AiSdkStream, AiSdkVersion};
use crate::answers::{Answer, Ending, Step};
use crate::server::Pacing;

/// What errors say unless the server passes them on.
const MASK: &str = "An error occurred.";

/// How a server of that version writes a reply.
pub(super) fn write(
    reply: &AiSdkReply,
    version: AiSdkVersion,
    stream: AiSdkStream,
    masks_errors: bool,
    pacing: &Pacing,
) -> Answer {
    let error = |message: &str| match (masks_errors, version) {
        (false, _) => message.to_owned(),
        (true, AiSdkVersion::V3) => String::new(),
        (true, _) => MASK.to_owned(),
    };
    let mut writer = Writer {
        version,
        pacing,
        steps: Vec::new(),
        count: 0,
    };
    let answer = match stream {
        AiSdkStream::Ui => {
            writer.ui(reply, error);
            ui_head()
        }
        AiSdkStream::Data => {
            writer.data(reply, error);
            data_head()
        }
        AiSdkStream::Text => {
            writer.text(reply);
            text_head()
        }
    };
    let ending = writer.ending(reply, stream);
    let steps = writer.steps.into_iter();
    steps.fold(answer, Answer::step).ending(ending)
}

impl AiSdkReply {
    /// The answer of a server of that version, which masks its errors.
    pub fn answer(&self, version: AiSdkVersion, stream: AiSdkStream) -> Answer {
        write(self, version, stream, true, &Pacing::default())
    }

    /// The same, with this pause between two pieces.
    pub fn paced_answer(
        &self,
        version: AiSdkVersion,
        stream: AiSdkStream,
        delay: Option<Duration>,
    ) -> Answer {
        let pacing = Pacing {
            delay,
            ..Pacing::default()
        };
        write(self, version, stream, true, &pacing)
    }
}

/// The head of a UI message stream.
pub(super) fn ui_head() -> Answer {
    Answer::status(200)
        .header("content-type", "text/event-stream")
        .header("cache-control", "no-cache")
        .header("x-accel-buffering", "no")
        .header("x-vercel-ai-ui-message-stream", "v1")
}

fn data_head() -> Answer {
    text_head().header("x-vercel-ai-data-stream", "v1")
}

fn text_head() -> Answer {
    Answer::status(200).header("content-type", "text/plain; charset=utf-8")
}

/// One event of a UI message stream.
pub(super) fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

struct Writer<'a> {
    version: AiSdkVersion,
    pacing: &'a Pacing,
    steps: Vec<Step>,
    /// How many ids have been given.
    count: usize,
}

impl Writer<'_> {
    fn send(&mut self, bytes: String) {
        if let (Some(delay), false) = (self.pacing.delay, self.steps.is_empty()) {
            self.steps.push(Step::Delay(delay));
        }
        self.steps.push(Step::Piece(bytes.into()));
    }

    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}", self.count)
    }

    fn event(&mut self, data: &Value) {
        self.send(event(data));
    }

    fn line(&mut self, code: char, json: &str) {
        self.send(format!("{code}:{json}\n"));
    }

    /// The deltas of a text as JSON strings.
    fn deltas(&self, text: &str) -> Vec<String> {
        let pieces = self.pacing.split(text).into_iter();
        pieces.map(|piece| json!(piece).to_string()).collect()
    }

    fn ui(&mut self, reply: &AiSdkReply, error: impl Fn(&str) -> String) {
        self.event(&json!({"type": "start"}));
        self.event(&json!({"type": "start-step"}));
        for piece in &reply.pieces {
            self.ui_piece(piece);
        }
        let done = "data: [DONE]\n\n".to_owned();
        match &reply.end {
            End::Whole => {
                self.event(&json!({"type": "finish-step"}));
                self.event(&json!({"type": "finish", "finishReason": reply.reason}));
                self.send(done);
            }
            End::Error(message) => {
                self.event(&json!({"type": "error", "errorText": error(message)}));
                self.event(&json!({"type": "finish-step"}));
                self.event(&json!({"type": "finish", "finishReason": "error"}));
                self.send(done);
            }
            End::Abort => {
                let reason = "This operation was aborted";
                self.event(&match self.version {
                    AiSdkVersion::V6 | AiSdkVersion::V7 => {
                        json!({"type": "abort", "reason": reason})
                    }
                    _ => json!({"type": "abort"}),
                });
                self.send(done);
            }
            End::Missing | End::Cut => {}
        }
    }

    fn ui_piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => self.ui_part("text", self.deltas(text)),
            Piece::RawText(deltas) => self.ui_part("text", deltas.clone()),
            Piece::Reasoning(text) => self.ui_part("reasoning", self.deltas(text)),
            Piece::Tool {
                name,
                input,
                output,
            } => {
                let id = self.id("call");
                self.send(format!(
                    "data: {{\"type\":\"tool-input-available\",\"toolCallId\":{},\"toolName\":{},\"input\":{input}}}\n\n",
                    json!(id), json!(name)
                ));
                if let Some(output) = output {
                    self.send(format!(
                        "data: {{\"type\":\"tool-output-available\",\"toolCallId\":{},\"output\":{output}}}\n\n",
                        json!(id)
                    ));
                }
            }
            Piece::Source { url, title } => {
                let id = self.id("source");
                self.event(
                    &json!({"type": "source-url", "sourceId": id, "url": url, "title": title}),
                );
            }
            Piece::File { media_type, base64 } => {
                let url = format!("data:{media_type};base64,{base64}");
                self.event(&json!({"type": "file", "mediaType": media_type, "url": url}));
            }
            Piece::Data { name, json } => self.send(format!(
                "data: {{\"type\":{},\"data\":{json}}}\n\n",
                json!(format!("data-{name}"))
            )),
            Piece::Metadata(json) => self.send(format!(
                "data: {{\"type\":\"message-metadata\",\"messageMetadata\":{json}}}\n\n"
            )),
            Piece::Step => {
                self.event(&json!({"type": "finish-step"}));
                self.event(&json!({"type": "start-step"}));
            }
            Piece::Wait(gate) => self.steps.push(Step::Wait(gate.clone())),
            Piece::ResetStep => self.event(&json!({"type": "reset-step"})),
            Piece::Raw(raw) => self.send(raw.clone()),
        }
    }

    fn ui_part(&mut self, kind: &str, deltas: Vec<String>) {
        let id = self.id(kind);
        self.event(&json!({"type": format!("{kind}-start"), "id": id}));
        for delta in deltas {
            self.send(format!(
                "data: {{\"type\":\"{kind}-delta\",\"id\":{},\"delta\":{delta}}}\n\n",
                json!(id)
            ));
        }
        self.event(&json!({"type": format!("{kind}-end"), "id": id}));
    }

    fn data(&mut self, reply: &AiSdkReply, error: impl Fn(&str) -> String) {
        let (prompt, completion) = &reply.usage;
        let usage = json!({"promptTokens": prompt, "completionTokens": completion});
        let end_step = |reason: &str| {
            json!({"finishReason": reason, "usage": usage, "isContinued": false}).to_string()
        };
        let start_step = |this: &mut Self| {
            if this.version > AiSdkVersion::V3 {
                let id = this.id("msg");
                this.line('f', &json!({"messageId": id}).to_string());
            }
        };
        start_step(self);
        for piece in &reply.pieces {
            if let Piece::Step = piece {
                self.line('e', &end_step("tool-calls"));
                start_step(self);
            } else {
                self.data_piece(piece);
            }
        }
        let reason = match &reply.end {
            End::Whole => reply.reason.as_str(),
            End::Error(message) => {
                self.line('3', &json!(error(message)).to_string());
                "error"
            }
            End::Abort | End::Missing | End::Cut => return,
        };
        self.line('e', &end_step(reason));
        self.line(
            'd',
            &json!({"finishReason": reason, "usage": usage}).to_string(),
        );
    }

    fn data_piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Text(text) => {
                for delta in self.deltas(text) {
                    self.line('0', &delta);
                }
            }
            Piece::RawText(deltas) => {
                for delta in deltas {
                    self.line('0', delta);
                }
            }
            Piece::Reasoning(text) => {
                for delta in self.deltas(text) {
                    self.line('g', &delta);
                }
            }
            Piece::Tool {
                name,
                input,
                output,
            } => {
                let id = json!(self.id("call"));
                let name = json!(name);
                self.line(
                    '9',
                    &format!("{{\"toolCallId\":{id},\"toolName\":{name},\"args\":{input}}}"),
                );
                if let Some(output) = output {
                    self.line('a', &format!("{{\"toolCallId\":{id},\"result\":{output}}}"));
                }
            }
            Piece::Source { url, title } => {
                let id = self.id("source");
                let source = json!({"sourceType": "url", "id": id, "url": url, "title": title});
                self.line('h', &source.to_string());
            }
            Piece::File { media_type, base64 } => {
                let file = json!({"mimeType": media_type, "data": base64});
                self.line('k', &file.to_string());
            }
            Piece::Data { json, .. } => self.line('2', &format!("[{json}]")),
            Piece::Metadata(json) => self.line('8', &format!("[{json}]")),
            Piece::Raw(raw) => self.send(raw.clone()),
            Piece::Wait(gate) => self.steps.push(Step::Wait(gate.clone())),
            Piece::Step | Piece::ResetStep => {}
        }
    }

    fn text(&mut self, reply: &AiSdkReply) {
        for piece in &reply.pieces {
            match piece {
                Piece::Text(text) => {
                    for piece in self.pacing.split(text) {
                        self.send(piece);
                    }
                }
                Piece::RawText(deltas) => {
                    // The server joins halves too: it encodes the whole string.
                    let whole = format!(
                        "\"{}\"",
                        deltas
                            .iter()
                            .map(|delta| delta.trim_matches('"'))
                            .collect::<String>()
                    );
                    if let Ok(text) = serde_json::from_str::<String>(&whole) {
                        self.send(text);
                    }
                }
                Piece::Raw(raw) => self.send(raw.clone()),
                Piece::Wait(gate) => self.steps.push(Step::Wait(gate.clone())),
                _ => {}
            }
        }
    }

    /// Where the protocol cannot tell, the connection is cut, or nothing is said.
    fn ending(&self, reply: &AiSdkReply, stream: AiSdkStream) -> Ending {
        let is_old = self.version < AiSdkVersion::V5;
        match (&reply.end, stream) {
            (End::Cut, _) => Ending::Truncate,
            (End::Abort, AiSdkStream::Data) => Ending::Truncate,
            (End::Abort, AiSdkStream::Text) if is_old => Ending::Truncate,
            (End::Error(_), AiSdkStream::Text) if self.version == AiSdkVersion::V3 => {
                Ending::Truncate
            }
            _ => Ending::Clean,
        }
    }
}
