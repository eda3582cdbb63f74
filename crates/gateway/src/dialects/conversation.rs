use std::collections::HashMap;

use chatwire_core::{Message, Messages, Part, Role};

/// What is asked after a conversation that ends with the model's own words.
const CONTINUE: &str = "Continue.";

/// A conversation as clients send it, made into one that every provider takes.
///
/// - Calls of tools and their results become text, because no provider here
///   has tools: the conversation can then go on after them.
/// - Blank messages of the model are left out.
/// - If there are only system messages, the last one is asked as the question.
/// - After a last message of the model, it is asked to continue: providers
///   would otherwise do different things with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    messages: Vec<Message>,
    /// The name of the tool by the id of a call.
    called: HashMap<String, String>,
}

/// A call of a tool, as the model made it.
#[derive(Debug)]
pub(crate) struct ToolCall {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// JSON, usually.
    pub(crate) arguments: String,
}

impl Conversation {
    /// Adds a message of the system or the user.
    pub(crate) fn push(&mut self, role: Role, parts: Vec<Part>) {
        self.messages.push(Message::from_parts(role, parts));
    }

    /// Adds a message of the model.
    pub(crate) fn push_assistant(&mut self, parts: Vec<Part>, calls: Vec<ToolCall>) {
        let mut message = Message::from_parts(Role::Assistant, parts);
        for call in calls {
            let gap = if message.is_blank() { "" } else { "\n\n" };
            message.push(format!(
                "{gap}[Tool call: {} {}]",
                call.name,
                call.arguments.trim()
            ));
            if let Some(id) = call.id {
                self.called.insert(id, call.name);
            }
        }
        self.messages.push(message);
    }

    /// Adds the result of a tool, which is known by the id of the call or by
    /// its name.
    pub(crate) fn push_tool_result(&mut self, call: Option<&str>, parts: Vec<Part>) {
        let call = call.unwrap_or_default();
        let name = self.called.get(call).map_or(call, String::as_str);
        let mut message = Message::user(format!("[Tool result: {name}]\n"));
        message.extend(parts);
        self.messages.push(message);
    }

    /// Puts a message of the system before all others.
    pub(crate) fn instruct(&mut self, instructions: String) {
        self.messages.insert(0, Message::system(instructions));
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        let part = |part: &Part| match part {
            Part::Text(text) | Part::Other(text) => text.len(),
            Part::Image(image) => image.bytes().len(),
            _ => 0,
        };
        let message = |message: &Message| {
            let parts = message.parts();
            parts.iter().map(part).sum::<usize>() + size_of_val(parts)
        };
        let calls = self.called.iter().map(|(id, name)| id.len() + name.len());
        self.messages.iter().map(message).sum::<usize>()
            + size_of_val(self.messages.as_slice())
            + calls.sum::<usize>()
    }

    /// The messages as every provider takes them.
    pub(crate) fn into_messages(self) -> Messages {
        let mut messages = self.messages;
        messages.retain(|message| message.role() != &Role::Assistant || !message.is_blank());
        let only_system = messages.iter().all(|message| message.role().is_system());
        if only_system && let Some(last) = messages.pop() {
            messages.push(Message::from_parts(Role::User, last.parts().to_vec()));
        }
        if messages
            .last()
            .is_some_and(|last| last.role() == &Role::Assistant)
        {
            messages.push(Message::user(CONTINUE));
        }
        Messages::from(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<Part> {
        vec![Part::from(text)]
    }

    /// The messages as `role: text`.
    fn messages(build: impl FnOnce(&mut Conversation)) -> Vec<String> {
        let mut conversation = Conversation::default();
        build(&mut conversation);
        let messages = conversation.into_messages();
        let line = |message: &Message| format!("{}: {}", message.role(), message.text());
        messages.iter().map(line).collect()
    }

    #[test]
    fn tools_become_text() {
        let call = |id: Option<&str>, name: &str, arguments: &str| ToolCall {
            id: id.map(str::to_owned),
            name: name.into(),
            arguments: arguments.into(),
        };
        let got = messages(|conversation| {
            conversation.push(Role::User, text("Weather?"));
            let calls = vec![
                call(Some("c1"), "weather", "{\"city\":\"Paris\"}"),
                call(None, "time", ""),
            ];
            conversation.push_assistant(text("Let me look."), calls);
            conversation.push_tool_result(Some("c1"), text("18 degrees"));
            conversation.push_tool_result(Some("time"), text("noon"));
            conversation.push_assistant(Vec::new(), vec![call(None, "end", "{}")]);
            conversation.push_tool_result(None, text("done"));
        });
        assert_eq!(
            got,
            [
                "user: Weather?",
                "assistant: Let me look.\n\n[Tool call: weather {\"city\":\"Paris\"}]\n\n[Tool call: time ]",
                "user: [Tool result: weather]\n18 degrees",
                "user: [Tool result: time]\nnoon",
                "assistant: [Tool call: end {}]",
                "user: [Tool result: ]\ndone",
            ]
        );
    }

    #[test]
    fn what_ends_a_conversation() {
        for (given, expected) in [
            (&[("system", "Be brief.")][..], &["user: Be brief."][..]),
            (
                &[("system", "a"), ("developer", "b")],
                &["system: a", "user: b"],
            ),
            (&[("user", "Hi"), ("assistant", "")], &["user: Hi"]),
            (
                &[("user", "Hi"), ("assistant", " "), ("user", "?")],
                &["user: Hi", "user: ?"],
            ),
            (
                &[("user", "Hi"), ("assistant", "Well,")],
                &["user: Hi", "assistant: Well,", "user: Continue."],
            ),
            (
                &[("assistant", "Hello!")],
                &["assistant: Hello!", "user: Continue."],
            ),
            (&[], &[]),
        ] {
            let got = messages(|conversation| {
                for (role, said) in given {
                    match *role {
                        "assistant" => conversation.push_assistant(text(said), Vec::new()),
                        role => conversation.push(Role::from(role), text(said)),
                    }
                }
            });
            assert_eq!(got, expected, "{given:?}");
        }
    }
}
