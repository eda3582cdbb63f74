use std::borrow::Cow;

use chatwire_core::{ChatRequest, Error, ErrorKind, Message, PromptFormat, Role};
use serde::Serialize;

use crate::config::Config;

/// How many earlier messages a site forwards to its model unless it is told a
/// number: the first and the last fifteen.
const DEFAULT_MAX_MESSAGES: usize = 15;

/// The body of a chat request.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_id: Option<&'a str>,
    pub(crate) new_message: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<&'a Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_messages: Option<usize>,
    /// The system prompt, from plugin 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    /// The system prompt, before 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<&'a str>,
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

impl<'a> Submit<'a> {
    /// The last message, those before it and the system prompt, or all of it as
    /// one prompt.
    pub(crate) fn new(request: &'a ChatRequest, config: &'a Config) -> Result<Submit<'a>, Error> {
        let mut messages = Vec::new();
        let mut system = String::new();
        let new_message = if config.flatten {
            PromptFormat::new().format(request.messages())?.into()
        } else {
            messages = request.turns()?;
            system = request.messages().system_prompt();
            let Some(newest) = messages.pop().filter(|last| last.role() == &Role::User) else {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "the last message is not the user's, and AI Engine answers no other; \
                     the option to flatten the conversation into one prompt allows it",
                ));
            };
            newest.text()
        };
        // Without a model the site uses its own, and the name of the public
        // site's model stands for that, unless it is configured.
        let is_configured = |model: &&str| config.all_models().any(|known| known == *model);
        let requested = request.model().filter(is_configured);
        Ok(Submit {
            bot_id: match (&config.bot_id, &config.custom_id) {
                (None, Some(_)) => None,
                (bot_id, _) => Some(bot_id.as_deref().unwrap_or("default")),
            },
            custom_id: config.custom_id.as_deref(),
            new_message,
            max_messages: (messages.len() > DEFAULT_MAX_MESSAGES).then_some(messages.len()),
            messages,
            instructions: Some(system).filter(|system| !system.is_empty()),
            context: None,
            model: requested.or(config.model.as_deref()),
            temperature: request.decimal_temperature(),
            max_tokens: request.max_tokens(),
            chat_id: request.conversation_id(),
            session: request.option("session"),
            context_id: request.option("context_id"),
            new_file_id: request.option("new_file_id"),
            stream: config.stream,
        })
    }

    /// The same for plugins before 2.0, which know the system prompt under
    /// another name.
    pub(crate) fn before_2_0(mut self) -> Submit<'a> {
        self.context = self.instructions.take();
        self
    }
}
