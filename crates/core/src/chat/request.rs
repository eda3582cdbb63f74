use std::collections::BTreeMap;

use super::message::Message;
use super::messages::Messages;
use super::parameter::Parameter;
use super::part::Part;
use super::response_format::ResponseFormat;
use super::role::Role;
use super::tool::{Tool, ToolChoice};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::text::shorten;

/// A question for a model: a conversation and the parameters of the answer.
///
/// The backend decides about parameters that are not set. A provider refuses a
/// request with something that it cannot honour (see
/// [`Capabilities`](crate::Capabilities)); it never drops it silently.
///
/// ```
/// use chatwire_core::{ChatRequest, Messages};
///
/// let simple = ChatRequest::new("Why is the sky blue?");
/// let more = ChatRequest::new(Messages::new().system("Be brief.").user("Why?"))
///     .with_model("openchat_3.6")
///     .with_temperature(0.2);
/// assert_eq!(more.temperature(), Some(0.2));
/// # let _ = simple;
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatRequest {
    messages: Messages,
    model: Option<String>,
    temperature: Option<f32>,
    max_tokens: Option<u32>,
    response_format: ResponseFormat,
    tools: Vec<Tool>,
    tool_choice: ToolChoice,
    parallel_tool_calls: Option<bool>,
    /// Some are secrets, such as sessions.
    options: BTreeMap<String, Secret>,
}

/// The option that [`ChatRequest::with_conversation_id`] sets.
const CONVERSATION_ID: &str = "conversation_id";

impl ChatRequest {
    /// Creates a request for an answer to the conversation. A string is a
    /// conversation of one user message.
    pub fn new(messages: impl Into<Messages>) -> ChatRequest {
        ChatRequest {
            messages: messages.into(),
            ..ChatRequest::default()
        }
    }

    /// Sets the id of the model to ask. The default is the provider's.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> ChatRequest {
        self.model = Some(model.into());
        self
    }

    /// Sets the sampling temperature, from 0 (always the likeliest token) to 2.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f32) -> ChatRequest {
        self.temperature = Some(temperature);
        self
    }

    /// Limits the length of the answer, in tokens of the model.
    #[must_use]
    pub fn with_max_tokens(mut self, max_tokens: u32) -> ChatRequest {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// Sets the form that the answer must have (default: any text).
    #[must_use]
    pub fn with_response_format(mut self, format: ResponseFormat) -> ChatRequest {
        self.response_format = format;
        self
    }

    /// Sets the tools that the model may call (default: none).
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Tool>) -> ChatRequest {
        self.tools = tools.into_iter().collect();
        self
    }

    /// Sets whether the model calls tools (default: it decides).
    #[must_use]
    pub fn with_tool_choice(mut self, choice: ToolChoice) -> ChatRequest {
        self.tool_choice = choice;
        self
    }

    /// Sets whether the model may call several tools at once (default: the backend
    /// decides).
    #[must_use]
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> ChatRequest {
        self.parallel_tool_calls = Some(parallel);
        self
    }

    /// Sets the id of the conversation in the backend's own records, for
    /// protocols that keep conversations. It is the option `conversation_id`.
    #[must_use]
    pub fn with_conversation_id(self, id: impl Into<String>) -> ChatRequest {
        self.with_option(CONVERSATION_ID, id)
    }

    /// Sets an option of the provider's own protocol that belongs to one request,
    /// for example a session or an uploaded file. A provider refuses requests
    /// with names that are not in its
    /// [`ProviderInfo::request_options`](crate::ProviderInfo::request_options).
    /// `Debug` does not show the value.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> ChatRequest {
        let value: String = value.into();
        self.options.insert(name.into(), Secret::new(value));
        self
    }

    /// Returns the conversation.
    pub fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Returns the conversation mutably, for example to add messages.
    pub fn messages_mut(&mut self) -> &mut Messages {
        &mut self.messages
    }

    /// Returns the model asked for, if one is set.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the temperature asked for, if one is set.
    pub fn temperature(&self) -> Option<f32> {
        self.temperature
    }

    /// Returns the temperature as a number for JSON: 0.2 stays 0.2, instead of
    /// becoming the nearest fraction in single precision, 0.20000000298….
    pub fn decimal_temperature(&self) -> Option<f64> {
        let decimal = |value: f32| value.to_string().parse().unwrap_or(f64::from(value));
        self.temperature.map(decimal)
    }

    /// Returns the limit of tokens asked for, if one is set.
    pub fn max_tokens(&self) -> Option<u32> {
        self.max_tokens
    }

    /// Returns the form that the answer must have.
    pub fn response_format(&self) -> &ResponseFormat {
        &self.response_format
    }

    /// Returns the tools that the model may call.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// Returns whether the model calls tools.
    pub fn tool_choice(&self) -> &ToolChoice {
        &self.tool_choice
    }

    /// Returns whether the model may call several tools at once, if that is set.
    pub fn parallel_tool_calls(&self) -> Option<bool> {
        self.parallel_tool_calls
    }

    /// Returns whether there are tools that the model may call.
    pub fn offers_tools(&self) -> bool {
        !self.tools.is_empty() && self.tool_choice != ToolChoice::None
    }

    /// Returns the tool that the answer must be one call of, if there is one: the one
    /// that the choice names, or the only one if one must be called and several calls
    /// at once were not asked for.
    pub fn forced_tool(&self) -> Option<&Tool> {
        match (&self.tool_choice, self.tools.as_slice()) {
            (ToolChoice::Tool(name), tools) => tools.iter().find(|tool| tool.name() == name),
            (ToolChoice::Required, [only]) if self.parallel_tool_calls != Some(true) => Some(only),
            _ => None,
        }
    }

    /// Returns the request without tools, with their calls and results in the
    /// conversation [written as text](Messages::without_tool_parts).
    #[must_use]
    pub fn without_tools(mut self) -> ChatRequest {
        self.messages = self.messages.without_tool_parts();
        self.tools.clear();
        self.tool_choice = ToolChoice::Auto;
        self.parallel_tool_calls = None;
        self
    }

    /// Returns the id of the conversation in the backend's own records, if one is
    /// set.
    pub fn conversation_id(&self) -> Option<&str> {
        self.option(CONVERSATION_ID)
    }

    /// Returns the value of an option, if it is set.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(Secret::expose)
    }

    /// Returns the options that are set, sorted by name.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.options.iter();
        options.map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// Unsets a parameter, so that the backend decides. Callers use it to adapt a
    /// request to what a provider can do.
    #[must_use]
    pub fn without(mut self, parameter: Parameter) -> ChatRequest {
        match parameter {
            Parameter::Model => self.model = None,
            Parameter::Temperature => self.temperature = None,
            Parameter::MaxTokens => self.max_tokens = None,
            Parameter::Tools => return self.without_tools(),
        }
        self
    }

    /// Returns the messages of user and assistant, for protocols that have no
    /// other roles and carry system messages elsewhere.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if a message has a role other than these and
    /// the system's.
    pub fn turns(&self) -> Result<Vec<&Message>, Error> {
        let mut turns = Vec::with_capacity(self.messages.len());
        for (index, message) in self.messages.iter().enumerate() {
            match message.role() {
                Role::User | Role::Assistant => turns.push(message),
                Role::System | Role::Developer => {}
                Role::Tool | Role::Other(_) => {
                    return Err(Error::new(
                        ErrorKind::InvalidRequest,
                        format!(
                            "message number {} has the role {}, which this backend does not know",
                            index + 1,
                            message.role()
                        ),
                    ));
                }
            }
        }
        Ok(turns)
    }

    /// Checks what every provider requires.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the conversation is empty, has no user
    /// message, ends with a blank message or has a part of an unknown type, if a
    /// parameter is out of range, or if a tool must be called that is not there.
    pub fn validate(&self) -> Result<(), Error> {
        let invalid = |why: String| Err(Error::new(ErrorKind::InvalidRequest, why));
        let Some(last) = self.messages.last() else {
            return invalid("the conversation is empty: add a user message".into());
        };
        if !self.messages.iter().any(|m| m.role() == &Role::User) {
            return invalid("the conversation has no user message".into());
        }
        if last.is_blank() {
            return invalid(format!(
                "the last message (number {}, role {}) is blank",
                self.messages.len(),
                last.role()
            ));
        }
        for (index, message) in self.messages.iter().enumerate() {
            let other = message.parts().iter().find_map(|part| match part {
                Part::Other(kind) => Some(kind),
                _ => None,
            });
            if let Some(kind) = other {
                return invalid(format!(
                    "message number {} has a content part of the type {:?}, which no backend \
                     here can receive; text and images as data URLs can be sent",
                    index + 1,
                    shorten(kind, 60)
                ));
            }
        }
        match &self.tool_choice {
            ToolChoice::Required if self.tools.is_empty() => {
                return invalid("a tool must be called, but the request has no tools".into());
            }
            ToolChoice::Tool(name) if self.tools.iter().all(|tool| tool.name() != name) => {
                return invalid(format!(
                    "the tool {:?} must be called, but it is not among the request's tools",
                    shorten(name, 60)
                ));
            }
            _ => {}
        }
        if let Some(temperature) = self.temperature
            && !(0.0..=2.0).contains(&temperature)
        {
            return invalid(format!("temperature {temperature} is not between 0 and 2"));
        }
        if self.max_tokens == Some(0) {
            return invalid("max_tokens 0 leaves no room for an answer".into());
        }
        Ok(())
    }
}
