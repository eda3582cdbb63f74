use chatwire_core::{ChatRequest, Tool, ToolCall, ToolChoice};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::members::{JsonValue, Members};
use crate::error::{ApiError, quoted};
use crate::request::ToolUse;

/// How long the name of a tool may be, in bytes.
const MAX_NAME: usize = 256;

/// The tools of a request, and what it says about calling them.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    tools: Vec<Tool>,
    choice: ToolChoice,
    parallel: Option<bool>,
    /// The kinds or names of the tools that only the servers of the API have.
    left_out: Vec<String>,
    /// What the API calls the tools.
    parameter: &'static str,
    /// Where it is said that a tool must be called.
    required: Option<String>,
}

impl Offer {
    /// Reads the tools and the choice among them, in the form of OpenAI's APIs.
    pub(crate) fn read(
        members: &mut Members<'_>,
        tools: &'static str,
        choice: &str,
    ) -> Result<Offer, ApiError> {
        let mut offer = Offer {
            parameter: tools,
            ..Offer::default()
        };
        for value in members
            .read(tools, |tools| tools.array())?
            .unwrap_or_default()
        {
            offer.add(&value)?;
        }
        if let Some(choice) = members.take(choice) {
            offer.choose(&choice)?;
        }
        Ok(offer)
    }

    /// Reads the same in the form of Anthropic's API.
    pub(crate) fn read_anthropic(members: &mut Members<'_>) -> Result<Offer, ApiError> {
        let mut offer = Offer {
            parameter: "tools",
            ..Offer::default()
        };
        for value in members
            .read("tools", |tools| tools.array())?
            .unwrap_or_default()
        {
            offer.add_anthropic(&value)?;
        }
        let Some(value) = members.take("tool_choice") else {
            return Ok(offer);
        };
        let mut choice = value.object()?;
        let kind = choice.require("type")?;
        let one_only = choice.read("disable_parallel_tool_use", |no| no.boolean())?;
        offer.parallel = one_only.map(|one_only| !one_only);
        match kind.string()?.as_str() {
            "auto" => {}
            "none" => offer.choice = ToolChoice::None,
            "any" => offer.require(&value, None)?,
            "tool" => {
                let name = choice.require("name")?.string()?;
                offer.require(&value, Some(name))?;
            }
            other => {
                let why = format!(
                    "is {}, where auto, any, tool or none is expected",
                    quoted(other)
                );
                return Err(kind.invalid(&why));
            }
        }
        Ok(offer)
    }

    /// Reads whether several tools may be called at once.
    pub(crate) fn read_parallel(&mut self, members: &mut Members<'_>) -> Result<(), ApiError> {
        self.parallel = members.read("parallel_tool_calls", |yes| yes.boolean())?;
        Ok(())
    }

    /// Allows one call at a time.
    pub(crate) fn one_at_a_time(&mut self) {
        self.parallel = Some(false);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.left_out.is_empty()
    }

    /// The tools that can be called.
    pub(crate) fn tools(&self) -> &[Tool] {
        &self.tools
    }

    pub(crate) fn choice(&self) -> &ToolChoice {
        &self.choice
    }

    /// Whether several tools may be called at once.
    pub(crate) fn is_parallel(&self) -> bool {
        self.parallel.unwrap_or(true)
    }

    /// Adds the tools to a request. Also returns what an endpoint without tools
    /// has to know.
    pub(crate) fn add_to(self, chat: ChatRequest) -> (ChatRequest, ToolUse) {
        if self.is_empty() || self.choice == ToolChoice::None {
            return (chat, ToolUse::default());
        }
        let tool_use = ToolUse {
            parameter: Some(self.parameter),
            required: self.required,
            left_out: self.left_out,
        };
        if self.tools.is_empty() {
            return (chat, tool_use);
        }
        let mut chat = chat.with_tools(self.tools).with_tool_choice(self.choice);
        if let Some(parallel) = self.parallel {
            chat = chat.with_parallel_tool_calls(parallel);
        }
        (chat, tool_use)
    }

    /// Adds a tool of OpenAI's APIs: a function, which stands one level deeper
    /// in the older one.
    fn add(&mut self, value: &JsonValue<'_>) -> Result<(), ApiError> {
        let mut tool = value.object()?;
        let kind = tool.read("type", |kind| kind.string())?;
        match (kind.as_deref(), tool.take("function")) {
            (None | Some("function"), Some(function)) => {
                self.tools
                    .push(read_function(function.object()?, "parameters")?);
            }
            (None | Some("function"), None) => {
                self.tools.push(read_function(tool, "parameters")?);
            }
            // Input that follows a grammar, or what only the servers of the API do.
            (Some(kind), _) => {
                let mut named = match tool.take("custom") {
                    Some(custom) => custom.object()?,
                    None => tool,
                };
                let name = named.read("name", |name| name.string())?;
                self.left_out.push(name.unwrap_or_else(|| kind.to_owned()));
            }
        }
        Ok(())
    }

    fn add_anthropic(&mut self, value: &JsonValue<'_>) -> Result<(), ApiError> {
        let mut tool = value.object()?;
        let kind = tool.read("type", |kind| kind.string())?;
        match kind.as_deref() {
            None | Some("custom") => self.tools.push(read_function(tool, "input_schema")?),
            Some(kind) => {
                let name = tool.read("name", |name| name.string())?;
                self.left_out.push(name.unwrap_or_else(|| kind.to_owned()));
            }
        }
        Ok(())
    }

    /// Reads the choice of OpenAI's APIs.
    fn choose(&mut self, value: &JsonValue<'_>) -> Result<(), ApiError> {
        if value.is_string() {
            return match value.string()?.as_str() {
                "auto" => Ok(()),
                "none" => {
                    self.choice = ToolChoice::None;
                    Ok(())
                }
                "required" | "any" => self.require(value, None),
                other => Err(value.invalid(&format!(
                    "is {}, where auto, none, required or a tool is expected",
                    quoted(other)
                ))),
            };
        }
        let mut choice = value.object()?;
        let kind = choice.read("type", |kind| kind.string())?;
        match kind.as_deref() {
            Some("allowed_tools") => self.allow(value, choice),
            None | Some("function") => {
                let mut named = match choice.take("function") {
                    Some(function) => function.object()?,
                    None => choice,
                };
                let name = named.require("name")?.string()?;
                self.require(value, Some(name))
            }
            Some(kind) => {
                let name = choice.read("name", |name| name.string())?;
                Err(cannot_call(value, &name.unwrap_or_else(|| kind.to_owned())))
            }
        }
    }

    /// Keeps only the tools that are allowed. The list stands one level deeper in
    /// the older API.
    fn allow(&mut self, value: &JsonValue<'_>, mut choice: Members<'_>) -> Result<(), ApiError> {
        if let Some(allowed) = choice.take("allowed_tools") {
            choice = allowed.object()?;
        }
        let mode = choice.require("mode")?;
        let tools = choice.read("tools", |tools| tools.array())?;
        if let Some(tools) = tools {
            let mut names = Vec::new();
            for tool in tools {
                let mut tool = tool.object()?;
                let mut named = match tool.take("function") {
                    Some(function) => function.object()?,
                    None => tool,
                };
                if let Some(name) = named.read("name", |name| name.string())? {
                    names.push(name);
                }
            }
            let is_allowed = |name: &str| names.iter().any(|allowed| allowed == name);
            self.tools.retain(|tool| is_allowed(tool.name()));
            self.left_out.retain(|name| is_allowed(name));
        }
        match mode.string()?.as_str() {
            "auto" => Ok(()),
            "required" => self.require(value, None),
            other => Err(mode.invalid(&format!(
                "is {}, where auto or required is expected",
                quoted(other)
            ))),
        }
    }

    /// Notes that a tool must be called: any of them, or the one of that name.
    fn require(&mut self, value: &JsonValue<'_>, name: Option<String>) -> Result<(), ApiError> {
        self.required = Some(value.path().to_owned());
        match name {
            Some(name) if self.tools.iter().any(|tool| tool.name() == name) => {
                self.choice = ToolChoice::Tool(name);
                Ok(())
            }
            Some(name) if self.left_out.contains(&name) => Err(cannot_call(value, &name)),
            Some(name) => Err(value.invalid(&format!(
                "names the tool {}, which is not among the {}",
                quoted(&name),
                self.parameter
            ))),
            None if !self.tools.is_empty() => {
                self.choice = ToolChoice::Required;
                Ok(())
            }
            None => match self.left_out.first() {
                Some(name) => Err(cannot_call(value, name)),
                None => Err(value.invalid(&format!(
                    "asks for a tool to be called, but there are no {}",
                    self.parameter
                ))),
            },
        }
    }
}

fn read_function(mut function: Members<'_>, parameters: &str) -> Result<Tool, ApiError> {
    let name = function.require("name")?;
    let text = name.string()?;
    if text.is_empty() || text.len() > MAX_NAME {
        return Err(name.invalid(&format!("must have from 1 to {MAX_NAME} bytes")));
    }
    let schema = match function.take(parameters) {
        Some(schema) => read_schema(&schema)?,
        None => json!({ "type": "object", "properties": {} }),
    };
    let mut tool = Tool::new(text, schema);
    if let Some(description) = function.read("description", |words| words.string())? {
        tool = tool.with_description(description);
    }
    if let Some(strict) = function.read("strict", |strict| strict.boolean())? {
        tool = tool.with_strict(strict);
    }
    Ok(tool)
}

/// Reads a JSON schema, which must be an object.
pub(crate) fn read_schema(schema: &JsonValue<'_>) -> Result<Value, ApiError> {
    if schema.kind() != "an object" {
        return Err(schema.expected("an object"));
    }
    serde_json::from_str(schema.json())
        .map_err(|_| schema.invalid("is no JSON schema: it is nested too deeply"))
}

/// The error for a choice that only a tool satisfies which the gateway cannot
/// offer to a model.
fn cannot_call(choice: &JsonValue<'_>, name: &str) -> ApiError {
    choice.invalid(&format!(
        "asks for the tool {}, which only the servers of that API have",
        quoted(name)
    ))
}

/// The arguments of a call, where an API has an object and not its text.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum CallInput<'a> {
    Json(&'a RawValue),
    /// There are none yet, or what the model wrote is no JSON.
    Nothing {},
}

impl<'a> CallInput<'a> {
    pub(crate) fn of(call: &'a ToolCall) -> CallInput<'a> {
        let input = serde_json::from_str::<&RawValue>(call.arguments());
        input.map_or(CallInput::Nothing {}, CallInput::Json)
    }
}

/// The id of a call with the prefix that a dialect has. The rest of it stays, so
/// that a client that repeats it names the same call.
pub(crate) fn prefixed(prefix: &str, id: &str) -> String {
    let bare = ["call_", "toolu_", "fc_"]
        .into_iter()
        .find_map(|known| id.strip_prefix(known));
    format!("{prefix}{}", bare.unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &str) -> Result<Offer, ApiError> {
        let mut members = Members::parse(members.as_bytes()).unwrap();
        Offer::read(&mut members, "tools", "tool_choice")
    }

    fn read_anthropic(members: &str) -> Result<Offer, ApiError> {
        Offer::read_anthropic(&mut Members::parse(members.as_bytes()).unwrap())
    }

    fn names(offer: &Offer) -> Vec<&str> {
        offer.tools.iter().map(Tool::name).collect()
    }

    const TWO: &str = r#"[{"type":"function","function":{"name":"a","description":"A","strict":true,
        "parameters":{"type":"object"}}},{"type":"function","name":"b"},
        {"type":"web_search"},{"type":"custom","custom":{"name":"patch","format":{}}}]"#;

    #[test]
    fn tools_and_the_choice_among_them() {
        use ToolChoice::{Auto, None as Never, Required};
        let named = |name: &str| ToolChoice::Tool(name.into());
        for (choice, expected, tools) in [
            ("null", Auto, &["a", "b"][..]),
            (r#""auto""#, Auto, &["a", "b"]),
            (r#""none""#, Never, &["a", "b"]),
            (r#""required""#, Required, &["a", "b"]),
            (
                r#"{"type":"function","function":{"name":"b"}}"#,
                named("b"),
                &["a", "b"],
            ),
            (r#"{"type":"function","name":"a"}"#, named("a"), &["a", "b"]),
            (r#"{"name":"a"}"#, named("a"), &["a", "b"]),
            (
                r#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"b"}]}"#,
                Auto,
                &["b"],
            ),
            (
                r#"{"type":"allowed_tools","allowed_tools":{"mode":"required",
                    "tools":[{"type":"function","function":{"name":"a"}}]}}"#,
                Required,
                &["a"],
            ),
        ] {
            let offer = read(&format!(r#"{{"tools":{TWO},"tool_choice":{choice}}}"#)).unwrap();
            assert_eq!(
                (&offer.choice, names(&offer).as_slice()),
                (&expected, tools),
                "{choice}"
            );
            let is_required = matches!(expected, Required | ToolChoice::Tool(_));
            assert_eq!(offer.required.is_some(), is_required, "{choice}");
        }
        let offer = read(&format!(r#"{{"tools":{TWO}}}"#)).unwrap();
        assert_eq!(offer.left_out, ["web_search", "patch"]);
        let tool = &offer.tools[0];
        assert_eq!((tool.description(), tool.strict()), (Some("A"), true));
        assert_eq!(tool.parameters(), &json!({"type": "object"}));
        assert_eq!(
            offer.tools[1].parameters(),
            &json!({"type": "object", "properties": {}})
        );
    }

    #[test]
    fn the_form_of_anthropic() {
        let tools = r#"[{"name":"a","description":"A","input_schema":{"type":"object"},"cache_control":{}},
            {"type":"custom","name":"b","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}]"#;
        for (choice, expected, parallel) in [
            (
                r#"{"type":"auto","disable_parallel_tool_use":true}"#,
                ToolChoice::Auto,
                false,
            ),
            (r#"{"type":"none"}"#, ToolChoice::None, true),
            (r#"{"type":"any"}"#, ToolChoice::Required, true),
            (
                r#"{"type":"tool","name":"b"}"#,
                ToolChoice::Tool("b".into()),
                true,
            ),
        ] {
            let offer = format!(r#"{{"tools":{tools},"tool_choice":{choice}}}"#);
            let offer = read_anthropic(&offer).unwrap();
            assert_eq!(offer.choice, expected, "{choice}");
            assert_eq!(offer.is_parallel(), parallel, "{choice}");
            assert_eq!(names(&offer), ["a", "b"]);
            assert_eq!(offer.left_out, ["web_search"]);
        }
        for (choice, param) in [
            (r#"{"type":"tool","name":"web_search"}"#, "tool_choice"),
            (r#"{"type":"tool","name":"c"}"#, "tool_choice"),
            (r#"{"type":"tool"}"#, "tool_choice.name"),
            (r#"{"type":"all"}"#, "tool_choice.type"),
            ("{}", "tool_choice.type"),
        ] {
            let offer = format!(r#"{{"tools":{tools},"tool_choice":{choice}}}"#);
            let error = read_anthropic(&offer).unwrap_err();
            assert_eq!(error.param.as_deref(), Some(param), "{choice}");
        }
    }

    #[test]
    fn what_is_refused_names_its_parameter() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(500), "}".repeat(500));
        let deep = format!(r#"{{"tools":[{{"name":"a","parameters":{deep}}}]}}"#);
        for (members, param, words) in [
            (r#"{"tools":{}}"#, "tools", "must be an array"),
            (r#"{"tools":[7]}"#, "tools[0]", "must be an object"),
            (r#"{"tools":[{}]}"#, "tools[0].name", "missing"),
            (
                r#"{"tools":[{"type":"function","function":{}}]}"#,
                "tools[0].function.name",
                "missing",
            ),
            (r#"{"tools":[{"name":""}]}"#, "tools[0].name", "from 1 to"),
            (
                r#"{"tools":[{"name":"a","parameters":[]}]}"#,
                "tools[0].parameters",
                "must be an object",
            ),
            (deep.as_str(), "tools[0].parameters", "too deeply"),
            (
                r#"{"tool_choice":"required"}"#,
                "tool_choice",
                "there are no tools",
            ),
            (r#"{"tool_choice":"often"}"#, "tool_choice", "often"),
            (
                r#"{"tools":[{"name":"a"}],"tool_choice":{"name":"b"}}"#,
                "tool_choice",
                "not among the tools",
            ),
            (
                r#"{"tools":[{"type":"web_search"}],"tool_choice":"required"}"#,
                "tool_choice",
                "\"web_search\"",
            ),
            (
                r#"{"tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"}}"#,
                "tool_choice",
                "\"web_search\"",
            ),
            (
                r#"{"tools":[{"type":"custom","name":"p"}],"tool_choice":{"type":"custom","name":"p"}}"#,
                "tool_choice",
                "\"p\"",
            ),
            (
                r#"{"tool_choice":{"type":"allowed_tools"}}"#,
                "tool_choice.mode",
                "missing",
            ),
            (
                r#"{"tool_choice":{"type":"allowed_tools","mode":"x"}}"#,
                "tool_choice.mode",
                "auto or required",
            ),
        ] {
            let error = read(members).unwrap_err();
            assert_eq!(error.param.as_deref(), Some(param), "{members}");
            assert!(error.message.contains(words), "{}", error.message);
        }
    }
}
