use crate::answers::Gate;
use crate::server::Pacing;

/// A reply of a mock of a model API: what the model says and does, in order. The mock writes it
/// as a stream of events or as one body, whichever the request asks for.
///
/// ```
/// use chatwire_mock::ApiReply;
///
/// let reply = ApiReply::new("Let me look.").with_tool("weather", r#"{"city":"Oslo"}"#);
/// let late_error = ApiReply::new("Half an ans").with_error("the model is lost");
/// # let _ = (reply, late_error);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ApiReply {
    pub(crate) parts: Vec<Part>,
    pub(crate) is_cut_at_limit: bool,
    pub(crate) usage: (u64, u64),
    pub(crate) end: End,
}

/// One thing that the model says or does.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(String),
    /// Text that is not split any more.
    Piece(String),
    Tool {
        name: String,
        arguments: String,
    },
    Wait(Gate),
}

impl Part {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Piece(text) => Some(text),
            Self::Tool { .. } | Self::Wait(_) => None,
        }
    }

    /// The pieces in which its text is sent.
    pub(crate) fn pieces(&self, pacing: &Pacing) -> Vec<String> {
        match self {
            Self::Text(text) => pacing.split(text),
            Self::Piece(text) => vec![text.clone()],
            Self::Tool { .. } | Self::Wait(_) => Vec::new(),
        }
    }
}

/// How the reply ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Whole,
    Error(String),
    Missing,
}

impl ApiReply {
    /// A reply of this text.
    pub fn new(text: impl Into<String>) -> Self {
        let reply = Self {
            parts: Vec::new(),
            is_cut_at_limit: false,
            usage: (11, 2),
            end: End::Whole,
        };
        reply.with_text(text)
    }

    /// Adds text.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.parts.push(Part::Text(text));
        }
        self
    }

    /// Adds text in exactly these pieces.
    pub fn with_pieces<S: Into<String>>(mut self, pieces: impl IntoIterator<Item = S>) -> Self {
        let pieces = pieces.into_iter().map(|piece| Part::Piece(piece.into()));
        self.parts.extend(pieces);
        self
    }

    /// Adds a call of a tool. The arguments are JSON; what is not is sent as it is.
    pub fn with_tool(mut self, name: &str, arguments: &str) -> Self {
        self.parts.push(Part::Tool {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        });
        self
    }

    /// Waits until the gate is opened. In a body that is not streamed, it holds all of it.
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.parts.push(Part::Wait(gate.clone()));
        self
    }

    /// Ends at the limit of tokens.
    pub fn with_length_limit(mut self) -> Self {
        self.is_cut_at_limit = true;
        self
    }

    /// Sets the tokens of the prompt and of the completion.
    pub fn with_usage(mut self, prompt: u64, completion: u64) -> Self {
        self.usage = (prompt, completion);
        self
    }

    /// Ends with an error of this message: in the stream if there is one, otherwise it is the
    /// whole answer, with status 500.
    pub fn with_error(mut self, message: &str) -> Self {
        self.end = End::Error(message.to_owned());
        self
    }

    /// Ends the stream without the events that mark its end. A body that is not streamed is cut
    /// in half.
    pub fn without_end(mut self) -> Self {
        self.end = End::Missing;
        self
    }

    /// All text together.
    pub(crate) fn text(&self) -> String {
        self.parts.iter().filter_map(Part::text).collect()
    }

    /// The gates that the reply waits for.
    pub(crate) fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.parts.iter().filter_map(|part| match part {
            Part::Wait(gate) => Some(gate),
            _ => None,
        })
    }

    /// The calls of tools: names and arguments.
    pub(crate) fn tools(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Tool { name, arguments } => Some((name.as_str(), arguments.as_str())),
            _ => None,
        })
    }
}

impl From<&str> for ApiReply {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ApiReply {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
