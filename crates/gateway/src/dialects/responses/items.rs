use chatwire_core::{FinishReason, ToolCall};
use serde::Serialize;

use super::incomplete::incomplete;
use crate::completion::{Completion, ReplyHead};
use crate::dialects::tools::prefixed;

/// What ids of messages and calls begin with.
pub(super) const MESSAGE_PREFIX: &str = "msg_";
pub(super) const CALL_PREFIX: &str = "fc_";

/// An item of a response's output.
#[derive(Debug)]
pub(super) enum Item {
    Message { id: String, text: String },
    Call { id: String, call: ToolCall },
}

/// The items of a response, in their order.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) items: Vec<Item>,
    messages: usize,
    calls: usize,
}

impl Items {
    /// Those of a whole reply.
    pub(super) fn of(head: &ReplyHead, completion: &Completion) -> Items {
        let mut items = Items::default();
        if !completion.text.is_empty() || completion.calls.is_empty() {
            items.push_message(head, completion.text.clone());
        }
        for call in &completion.calls {
            items.push_call(head, call.clone());
        }
        items
    }

    /// Adds a message, and returns its id. The first has the id of the response.
    pub(super) fn push_message(&mut self, head: &ReplyHead, text: String) -> String {
        let id = match self.messages {
            0 => format!("{MESSAGE_PREFIX}{}", head.id),
            number => format!("{MESSAGE_PREFIX}{}_{number}", head.id),
        };
        self.messages += 1;
        let message = Item::Message {
            id: id.clone(),
            text,
        };
        self.items.push(message);
        id
    }

    /// Adds a call, and returns the id of the item.
    pub(super) fn push_call(&mut self, head: &ReplyHead, call: ToolCall) -> String {
        let id = format!("{CALL_PREFIX}{}_{}", head.id, self.calls);
        self.calls += 1;
        self.items.push(Item::Call {
            id: id.clone(),
            call,
        });
        id
    }

    /// Adds to the text of the last message.
    pub(super) fn add_text(&mut self, more: &str) {
        if let Some(Item::Message { text, .. }) = self.items.last_mut() {
            text.push_str(more);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// All texts, joined.
    pub(super) fn text(&self) -> String {
        let texts = self.items.iter().filter_map(|item| match item {
            Item::Message { text, .. } => Some(text.as_str()),
            Item::Call { .. } => None,
        });
        texts.collect()
    }

    pub(super) fn calls(&self) -> Vec<ToolCall> {
        let calls = self.items.iter().filter_map(|item| match item {
            Item::Message { .. } => None,
            Item::Call { call, .. } => Some(call.clone()),
        });
        calls.collect()
    }
}

/// An item as it is written.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum OutputItem<'a> {
    Message(OutputMessage<'a>),
    Call(OutputCall<'a>),
}

#[derive(Debug, Serialize)]
pub(super) struct OutputMessage<'a> {
    id: &'a str,
    r#type: &'static str,
    status: &'static str,
    role: &'static str,
    content: Vec<OutputText<'a>>,
}

/// The only content that a message here has.
#[derive(Debug, Serialize)]
pub(super) struct OutputText<'a> {
    r#type: &'static str,
    text: &'a str,
    annotations: [(); 0],
    logprobs: [(); 0],
}

#[derive(Debug, Serialize)]
pub(super) struct OutputCall<'a> {
    id: &'a str,
    r#type: &'static str,
    status: &'static str,
    call_id: String,
    name: &'a str,
    arguments: &'a str,
}

impl<'a> OutputText<'a> {
    pub(super) fn new(text: &'a str) -> OutputText<'a> {
        OutputText {
            r#type: "output_text",
            text,
            annotations: [],
            logprobs: [],
        }
    }
}

impl<'a> OutputItem<'a> {
    /// An item that has only begun.
    pub(super) fn begun(item: &'a Item) -> OutputItem<'a> {
        match item {
            Item::Message { id, .. } => message(id, "in_progress", None),
            Item::Call { id, call } => OutputItem::Call(OutputCall {
                arguments: "",
                ..output_call(id, "in_progress", call)
            }),
        }
    }

    /// An item of a reply that ended for this reason.
    pub(super) fn ended(item: &'a Item, reason: &FinishReason) -> OutputItem<'a> {
        let status = match incomplete(reason) {
            Some(_) => "incomplete",
            None => "completed",
        };
        OutputItem::with_status(item, status)
    }

    /// An item of a reply that failed.
    pub(super) fn failed(item: &'a Item) -> OutputItem<'a> {
        OutputItem::with_status(item, "incomplete")
    }

    /// A call is always whole.
    fn with_status(item: &'a Item, status: &'static str) -> OutputItem<'a> {
        match item {
            Item::Message { id, text } => message(id, status, Some(text)),
            Item::Call { id, call } => OutputItem::Call(output_call(id, "completed", call)),
        }
    }
}

fn message<'a>(id: &'a str, status: &'static str, text: Option<&'a str>) -> OutputItem<'a> {
    OutputItem::Message(OutputMessage {
        id,
        r#type: "message",
        status,
        role: "assistant",
        content: text.map(OutputText::new).into_iter().collect(),
    })
}

fn output_call<'a>(id: &'a str, status: &'static str, call: &'a ToolCall) -> OutputCall<'a> {
    OutputCall {
        id,
        r#type: "function_call",
        status,
        call_id: prefixed("call_", call.id()),
        name: call.name(),
        arguments: call.arguments(),
    }
}
