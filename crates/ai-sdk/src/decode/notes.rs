use std::collections::VecDeque;

use chatwire_core::{ProgressKind, ReplyEvent};

use super::utf16::without_lone_halves;

/// A note about the work.
pub(crate) fn note(kind: ProgressKind, text: impl Into<String>) -> ReplyEvent {
    let text = text.into();
    ReplyEvent::Progress { kind, text }
}

/// A note that the step of that number begins.
pub(crate) fn step_note(number: u32) -> ReplyEvent {
    note(ProgressKind::Step, format!("step {number}"))
}

/// A note about a source.
pub(crate) fn source_note(title: &str, address: &str) -> ReplyEvent {
    let between = if title.is_empty() || address.is_empty() {
        ""
    } else {
        " "
    };
    note(ProgressKind::Source, format!("{title}{between}{address}"))
}

/// Remembers which tool a call belongs to: results name the call alone.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    calls: VecDeque<(String, String)>,
}

/// How many calls are remembered.
const CALLS: usize = 64;

/// The longest id or name that is remembered, in bytes.
const NAME: usize = 256;

impl Tools {
    /// Remembers the tool of a call.
    pub(crate) fn called(&mut self, call: &str, tool: &str) {
        if call.len() > NAME || tool.len() > NAME || tool.is_empty() {
            return;
        }
        if self.calls.len() == CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back((call.to_owned(), tool.to_owned()));
    }

    /// The call has been answered: it no longer waits.
    pub(crate) fn answered(&mut self, call: &str) -> Option<String> {
        let index = self.calls.iter().rposition(|(id, _)| id == call)?;
        self.calls.remove(index).map(|(_, tool)| tool)
    }

    /// The tool of a call that is not answered yet.
    pub(crate) fn tool(&self, call: &str) -> Option<&str> {
        let found = self.calls.iter().rfind(|(id, _)| id == call);
        found.map(|(_, tool)| tool.as_str())
    }

    /// The tool that was called last and has not been answered.
    pub(crate) fn waiting(&self) -> Option<&str> {
        self.calls.back().map(|(_, tool)| tool.as_str())
    }
}

/// A note about a call: the tool, and what it is called with as JSON.
pub(crate) fn call_note(tool: &str, input: &str) -> ReplyEvent {
    note(
        ProgressKind::ToolCall,
        words(tool, &without_lone_halves(input)),
    )
}

/// A note about a result: the tool, and what it gave as JSON or in words.
pub(crate) fn result_note(tool: Option<&str>, output: &str) -> ReplyEvent {
    let tool = tool.unwrap_or("tool");
    note(
        ProgressKind::ToolResult,
        words(tool, &without_lone_halves(output)),
    )
}

fn words(tool: &str, rest: &str) -> String {
    let between = if rest.is_empty() { "" } else { " " };
    format!("{tool}{between}{rest}")
}
