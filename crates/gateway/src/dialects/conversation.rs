use std::collections::HashMap;

use chatwire_core::{Message, Messages, Part, Role, ToolCall, ToolResult};

/// What is asked after a conversation that ends with the model's own words.
const CONTINUE: &str = "Continue.";

/// A conversation as clients send it, made into one that every provider takes.
///
/// - Calls of tools and their results are parts of their own, with ids that match.
///   For an endpoint without tools, they are written as text when it is asked.
/// - Blank messages of the model are left out.
/// - If there are only system messages, the last one is asked as the question.
/// - After a last message of the model, it is asked to continue: providers
///   would otherwise do different things with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    messages: Vec<Message>,
    /// The name of the tool by the id of a call.
    called: HashMap<String, String>,
    /// The id of the last call by the name of the tool.
    last_calls: HashMap<String, String>,
}

/// A call of a tool, as a client repeats it.
#[derive(Debug)]
pub(crate) struct RepeatedCall {
    /// Some of the APIs have none.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// JSON, usually.
    pub(crate) arguments: String,
}

impl From<&ToolCall> for RepeatedCall {
    fn from(call: &ToolCall) -> RepeatedCall {
        RepeatedCall {
            id: Some(call.id().to_owned()),
            name: call.name().to_owned(),
            arguments: call.arguments().to_owned(),
        }
    }
}

impl Conversation {
    /// Adds a message of the system or the user.
    pub(crate) fn push(&mut self, role: Role, parts: Vec<Part>) {
        self.messages.push(Message::from_parts(role, parts));
    }

    /// Adds a message of the model.
    pub(crate) fn push_assistant(&mut self, parts: Vec<Part>, calls: Vec<RepeatedCall>) {
        let mut message = Message::from_parts(Role::Assistant, parts);
        for call in calls {
            let number = self.called.len() + 1;
            let id = call.id.unwrap_or_else(|| format!("call_{number}"));
            self.called.insert(id.clone(), call.name.clone());
            self.last_calls.insert(call.name.clone(), id.clone());
            message.push(Part::ToolCall(ToolCall::new(id, call.name, call.arguments)));
        }
        self.messages.push(message);
    }

    /// Adds the result of a tool, which is known by the id of the call or by
    /// its name. Its images follow as a message of the user.
    pub(crate) fn push_tool_result(
        &mut self,
        call: Option<&str>,
        parts: Vec<Part>,
        is_error: bool,
    ) {
        let call = call.unwrap_or_default();
        let (id, name) = match (self.called.get(call), self.last_calls.get(call)) {
            (Some(name), _) => (call, name.as_str()),
            (None, Some(id)) => (id.as_str(), call),
            (None, None) => (call, call),
        };
        let mut content = String::new();
        let mut images = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) => content.push_str(&text),
                other => images.push(other),
            }
        }
        let result = ToolResult::new(id, content)
            .with_name(name)
            .with_error(is_error);
        let message = Message::from_parts(Role::Tool, [Part::ToolResult(result)]);
        self.messages.push(message);
        if !images.is_empty() {
            self.messages.push(Message::from_parts(Role::User, images));
        }
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
            Part::ToolCall(call) => call.id().len() + call.name().len() + call.arguments().len(),
            Part::ToolResult(result) => result.call_id().len() + result.content().len(),
            _ => 0,
        };
        let message = |message: &Message| {
            let parts = message.parts();
            parts.iter().map(part).sum::<usize>() + size_of_val(parts)
        };
        let calls = self.called.iter().chain(&self.last_calls);
        let calls = calls.map(|(id, name)| id.len() + name.len());
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

    /// The messages as an endpoint without tools is sent them: `role: text`.
    fn messages(build: impl FnOnce(&mut Conversation)) -> Vec<String> {
        let mut conversation = Conversation::default();
        build(&mut conversation);
        let messages = conversation.into_messages().without_tool_parts();
        let line = |message: &Message| format!("{}: {}", message.role(), message.text());
        messages.iter().map(line).collect()
    }

    #[test]
    fn tools_become_text() {
        let call = |id: Option<&str>, name: &str, arguments: &str| RepeatedCall {
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
            conversation.push_tool_result(Some("c1"), text("18 degrees"), false);
            conversation.push_tool_result(Some("time"), text("noon"), false);
            conversation.push_assistant(Vec::new(), vec![call(None, "end", "{}")]);
            conversation.push_tool_result(None, text("done"), false);
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

    /// An endpoint with tools is sent them as parts whose ids match.
    #[test]
    fn tools_stay_parts() {
        let mut conversation = Conversation::default();
        let call = |id: Option<&str>, name: &str| RepeatedCall {
            id: id.map(str::to_owned),
            name: name.into(),
            arguments: "{}".into(),
        };
        conversation.push(Role::User, text("Weather?"));
        conversation.push_assistant(
            text("Let me look."),
            vec![call(Some("c1"), "weather"), call(None, "time")],
        );
        conversation.push_tool_result(Some("c1"), text("no"), true);
        let image = chatwire_core::Image::new("image/png", [1]);
        let mut parts = text("noon");
        parts.push(Part::Image(image.clone()));
        conversation.push_tool_result(Some("time"), parts, false);
        conversation.push_tool_result(Some("other"), Vec::new(), false);
        let messages = conversation.into_messages();
        let result = |id: &str, name: &str, content: &str, is_error| {
            let result = ToolResult::new(id, content);
            vec![Part::ToolResult(
                result.with_name(name).with_error(is_error),
            )]
        };
        let expected = [
            (Role::User, text("Weather?")),
            (
                Role::Assistant,
                vec![
                    Part::from("Let me look."),
                    Part::ToolCall(ToolCall::new("c1", "weather", "{}")),
                    Part::ToolCall(ToolCall::new("call_2", "time", "{}")),
                ],
            ),
            (Role::Tool, result("c1", "weather", "no", true)),
            (Role::Tool, result("call_2", "time", "noon", false)),
            (Role::User, vec![Part::Image(image)]),
            (Role::Tool, result("other", "other", "", false)),
        ];
        let got: Vec<_> = messages
            .iter()
            .map(|message| (message.role().clone(), message.parts().to_vec()))
            .collect();
        assert_eq!(got, expected);
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
