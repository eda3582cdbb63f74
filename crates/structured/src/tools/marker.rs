use chatwire_core::{Messages, Part};

use crate::ids::Ids;

/// What marks the calls and results of one request: no text that was written before
/// the request can contain it, so that no text of a user or a tool is taken for a
/// call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marker(String);

impl Marker {
    /// Draws a marker that is in none of the messages.
    pub(crate) fn draw(ids: &Ids, messages: &Messages) -> Marker {
        loop {
            let marker = ids.short();
            if !messages
                .iter()
                .any(|message| message.parts().iter().any(|part| has(part, &marker)))
            {
                return Marker(marker);
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn open_call(&self) -> String {
        format!("<call-{}>", self.0)
    }

    pub(crate) fn close_call(&self) -> String {
        format!("</call-{}>", self.0)
    }

    /// Writes a call.
    pub(crate) fn call(&self, name: &str, arguments: &str) -> String {
        let name = quoted(name);
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok();
        let arguments = match arguments.trim() {
            "" => "{}".to_owned(),
            json if is_json => json.to_owned(),
            other => quoted(other),
        };
        format!(
            r#"{}{{"name": {name}, "arguments": {arguments}}}{}"#,
            self.open_call(),
            self.close_call(),
        )
    }

    /// Writes a result. `number` is that of its call, where that is known.
    pub(crate) fn result(
        &self,
        number: Option<usize>,
        name: Option<&str>,
        content: &str,
        is_error: bool,
    ) -> String {
        let marker = &self.0;
        let number = number.map_or(String::new(), |number| format!(" call=\"{number}\""));
        let name = name.map_or(String::new(), |name| format!(" name={}", quoted(name)));
        let error = if is_error { " error=\"true\"" } else { "" };
        format!("<result-{marker}{number}{name}{error}>\n{content}\n</result-{marker}>")
    }
}

fn has(part: &Part, marker: &str) -> bool {
    match part {
        Part::Text(text) => text.contains(marker),
        Part::ToolCall(call) => call.name().contains(marker) || call.arguments().contains(marker),
        Part::ToolResult(result) => {
            result.content().contains(marker) || result.name().is_some_and(|it| it.contains(marker))
        }
        _ => false,
    }
}

/// Writes a text as a JSON string: on one line, with its quotes escaped.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
