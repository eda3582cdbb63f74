use serde_json::{Value, json};

use crate::answers::Gate;

/// A reply of an [`AiSdkMock`](crate::AiSdkMock): what the model behind the server says and does,
/// in order.
///
/// ```
/// use chatwire_mock::AiSdkReply;
///
/// let reply = AiSdkReply::new("Let me look.")
///     .with_tool("weather", r#"{"city":"Oslo"}"#, r#"{"degrees":7}"#)
///     .with_step()
///     .with_text("It is 7 degrees.");
/// # let _ = reply;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AiSdkReply {
    pub(super) pieces: Vec<Piece>,
    pub(super) reason: String,
    pub(super) usage: (Value, Value),
    pub(super) end: End,
}

/// One thing that the model says or does.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// Deltas as JSON strings, for halves of characters.
    RawText(Vec<String>),
    Reasoning(String),
    Tool {
        name: String,
        input: String,
        output: Option<String>,
    },
    Source {
        url: String,
        title: String,
    },
    File {
        media_type: String,
        base64: String,
    },
    Data {
        name: String,
        json: String,
    },
    Metadata(String),
    Step,
    ResetStep,
    /// Lines or events as they are.
    Raw(String),
    /// A pause until the gate is opened.
    Wait(Gate),
}

/// How the answer ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    Whole,
    /// The model reports an error.
    Error(String),
    /// The server aborts the answer.
    Abort,
    /// The body ends as HTTP says it should, but the answer does not.
    Missing,
    /// The connection is cut.
    Cut,
}

impl AiSdkReply {
    /// A reply of this text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let pieces = match text.is_empty() {
            true => Vec::new(),
            false => vec![Piece::Text(text)],
        };
        Self {
            pieces,
            reason: "stop".to_owned(),
            usage: (json!(11), json!(2)),
            end: End::Whole,
        }
    }

    fn with(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    /// More text: a part of its own in a UI message stream.
    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.with(Piece::Text(text.into()))
    }

    /// Text in these deltas, JSON strings with their quotes: so a character can be cut in half.
    pub fn with_deltas<S: Into<String>>(self, deltas: impl IntoIterator<Item = S>) -> Self {
        let deltas = deltas.into_iter().map(Into::into).collect();
        self.with(Piece::RawText(deltas))
    }

    /// The model thinks.
    pub fn with_reasoning(self, text: impl Into<String>) -> Self {
        self.with(Piece::Reasoning(text.into()))
    }

    /// The model calls a tool, which answers; input and output are JSON.
    pub fn with_tool(self, name: &str, input: &str, output: &str) -> Self {
        self.with(Piece::Tool {
            name: name.to_owned(),
            input: input.to_owned(),
            output: Some(output.to_owned()),
        })
    }

    /// The model calls a tool that the browser should run, so no result follows; the input is JSON.
    pub fn with_client_tool(self, name: &str, input: &str) -> Self {
        self.with(Piece::Tool {
            name: name.to_owned(),
            input: input.to_owned(),
            output: None,
        })
        .with_reason("tool-calls")
    }

    /// A source of the answer.
    pub fn with_source(self, url: &str, title: &str) -> Self {
        self.with(Piece::Source {
            url: url.to_owned(),
            title: title.to_owned(),
        })
    }

    /// A file, such as an image.
    pub fn with_file(self, media_type: &str, base64: &str) -> Self {
        self.with(Piece::File {
            media_type: media_type.to_owned(),
            base64: base64.to_owned(),
        })
    }

    /// Data of the app: `data-NAME` in a UI message stream, part of the data list otherwise.
    pub fn with_data(self, name: &str, json: &str) -> Self {
        self.with(Piece::Data {
            name: name.to_owned(),
            json: json.to_owned(),
        })
    }

    /// Metadata of the answer, a JSON object, for UI message streams.
    pub fn with_metadata(self, json: &str) -> Self {
        self.with(Piece::Metadata(json.to_owned()))
    }

    /// The next step begins.
    pub fn with_step(self) -> Self {
        self.with(Piece::Step)
    }

    /// Takes back what this step has said, as version 7 can.
    pub fn with_reset_step(self) -> Self {
        self.with(Piece::ResetStep)
    }

    /// A piece of the body as it is.
    pub fn with_raw(self, bytes: impl Into<String>) -> Self {
        self.with(Piece::Raw(bytes.into()))
    }

    /// A pause until the gate is opened.
    pub fn wait(self, gate: &Gate) -> Self {
        self.with(Piece::Wait(gate.clone()))
    }

    /// Why the answer ends (default: `stop`).
    pub fn with_reason(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.reason);
        self
    }

    /// The tokens of prompt and answer in a data stream (default: 11 and 2); `None` is `null`.
    pub fn with_usage(mut self, prompt: Option<u64>, completion: Option<u64>) -> Self {
        self.usage = (json!(prompt), json!(completion));
        self
    }

    /// The model reports an error after all this.
    pub fn with_error(mut self, message: &str) -> Self {
        self.end = End::Error(message.to_owned());
        self
    }

    /// The server aborts the answer after all this.
    pub fn aborted(mut self) -> Self {
        self.end = End::Abort;
        self
    }

    /// The body ends after all this as HTTP says it should, but without the end of the answer:
    /// as nginx makes it of a server that died.
    pub fn without_end(mut self) -> Self {
        self.end = End::Missing;
        self
    }

    /// The connection is cut after all this.
    pub fn cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }
}

impl From<&str> for AiSdkReply {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AiSdkReply {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
