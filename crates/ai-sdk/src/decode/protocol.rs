use std::fmt;

use serde::{Deserialize, Serialize};

/// How a server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// The UI message stream of the AI SDK 5 to 7: server-sent events.
    Ui,
    /// The data stream of the AI SDK 3 and 4: lines of a code and JSON.
    Data,
    /// The text stream of every version: nothing but the text.
    Text,
}

impl Protocol {
    /// The protocol as one word: `ui`, `data` or `text`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Ui => "ui",
            Protocol::Data => "data",
            Protocol::Text => "text",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
