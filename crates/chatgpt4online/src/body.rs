use std::borrow::Cow;

use chatwire_core::{ChatRequest, Error, ErrorKind, PromptFormat, Role};
use serde::Serialize;

/// How many earlier messages a site forwards to its model unless it is told a
/// number: the first and the last fifteen.
const DEFAULT_MAX_MESSAGES: usize = 15;

/// What a site is asked for besides the conversation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) bot_id: Option<String>,
    pub(crate) custom_id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
    pub(crate) flatten: bool,
}

/// The names of what belongs to one request.
pub(crate) const REQUEST_OPTIONS: [&str; 4] =
    ["conversation_id", "session", "context_id", "new_file_id"];

/// The body of a question.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Submit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_id: Option<&'a str>,
    new_message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    messages: &'a [Turn<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_messages: Option<usize>,
    /// The system prompt, from plugin 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    /// The system prompt, before 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_file_id: Option<&'a str>,
    stream: bool,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'a Role,
    content: Cow<'a, str>,
}

/// The question: the last message, what stood before it, and the system prompt.
pub(crate) struct Question<'a> {
    new_message: Cow<'a, str>,
    earlier: Vec<Turn<'a>>,
    system: String,
}

impl<'a> Question<'a> {
    /// Takes the conversation apart, or flattens it into one prompt.
    pub(crate) fn new(request: &'a ChatRequest, flatten: bool) -> Result<Question<'a>, Error> {
        if flatten {
            return Ok(Question {
                new_message: PromptFormat::new().format(request.messages())?.into(),
                earlier: Vec::new(),
                system: String::new(),
            });
        }
        let mut turns = request.turns()?;
        let Some(newest) = turns.pop().filter(|last| last.role() == &Role::User) else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the last message is not the user's, and AI Engine answers no other; \
                 the option to flatten the conversation into one prompt allows it",
            ));
        };
        Ok(Question {
            new_message: newest.text(),
            earlier: turns
                .into_iter()
                .map(|turn| Turn {
                    role: turn.role(),
                    content: turn.text(),
                })
                .collect(),
            system: request.messages().system_prompt(),
        })
    }

    /// How long the new message is, in characters: sites limit it.
    pub(crate) fn length(&self) -> usize {
        self.new_message.chars().count()
    }

    /// The body to send. Plugins before 2.0 know the system prompt under
    /// another name.
    pub(crate) fn body(
        &self,
        request: &ChatRequest,
        options: &Options,
        before_2_0: bool,
    ) -> Result<Vec<u8>, Error> {
        let system = Some(self.system.as_str()).filter(|system| !system.is_empty());
        let bot_id = match (&options.bot_id, &options.custom_id) {
            (None, Some(_)) => None,
            (bot_id, _) => Some(bot_id.as_deref().unwrap_or("default")),
        };
        let many = self.earlier.len() > DEFAULT_MAX_MESSAGES;
        let submit = Submit {
            bot_id,
            custom_id: options.custom_id.as_deref(),
            new_message: &self.new_message,
            messages: &self.earlier,
            max_messages: many.then_some(self.earlier.len()),
            instructions: system.filter(|_| !before_2_0),
            context: system.filter(|_| before_2_0),
            model: options.model.as_deref(),
            temperature: request.decimal_temperature(),
            max_tokens: request.max_tokens(),
            chat_id: request.conversation_id(),
            session: request.option("session"),
            context_id: request.option("context_id"),
            new_file_id: request.option("new_file_id"),
            stream: options.stream,
        };
        serde_json::to_vec(&submit).map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                "the request cannot be written as JSON",
            )
            .with_source(error)
        })
    }
}
