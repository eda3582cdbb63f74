use std::borrow::Cow;

use chatwire_core::{ChatRequest, Error, ErrorKind, PromptFormat, Role};
use serde::Serialize;

use crate::bot::ChosenBot;
use crate::config::{Config, LongQuestions, SystemPrompt};
use crate::question;
use crate::system::{self, ACKNOWLEDGED};

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
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_messages: Option<usize>,
    /// The system prompt, from plugin 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    /// The system prompt, before 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
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
    new_file_id: Option<Cow<'a, str>>,
    /// Pictures, from plugin 3.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    new_file_ids: Vec<String>,
    /// A picture, before 2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image_id: Option<Cow<'a, str>>,
    stream: bool,
}

/// An earlier message.
#[derive(Clone, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Cow<'a, str>,
}

fn user<'a>(content: impl Into<Cow<'a, str>>) -> Turn<'a> {
    Turn {
        role: "user",
        content: content.into(),
    }
}

fn acknowledged<'a>() -> Turn<'a> {
    Turn {
        role: "assistant",
        content: ACKNOWLEDGED.into(),
    }
}

impl<'a> Submit<'a> {
    /// The last message, those before it and the system prompt, or all of it as
    /// one prompt. `limit` is the length that the site takes in a question,
    /// where it is known.
    pub(crate) fn new(
        request: &'a ChatRequest,
        config: &'a Config,
        bot: &'a ChosenBot,
        limit: Option<usize>,
    ) -> Result<Submit<'a>, Error> {
        let mut messages = Vec::new();
        let mut instructions = None;
        let prompt = request.messages().system_prompt();
        if config.system_prompt == SystemPrompt::Refuse && !prompt.is_empty() {
            return Err(system_refused());
        }
        let mut new_message: Cow<'a, str> = if config.flatten {
            PromptFormat::new().format(request.messages())?.into()
        } else {
            match config.system_prompt {
                _ if prompt.is_empty() => {}
                SystemPrompt::Turn => {
                    messages.extend([user(system::as_turn(&prompt)), acknowledged()]);
                }
                SystemPrompt::Instructions => {
                    system::check_instructions(&prompt)?;
                    instructions = Some(prompt);
                }
                SystemPrompt::Refuse => {}
            }
            let mut turns = request.turns()?;
            let Some(newest) = turns.pop().filter(|last| last.role() == &Role::User) else {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "the last message is not the user's, and AI Engine answers no other; \
                     the option to flatten the conversation into one prompt allows it",
                ));
            };
            messages.extend(turns.into_iter().map(|turn| Turn {
                role: match turn.role() {
                    Role::Assistant => "assistant",
                    _ => "user",
                },
                content: turn.text(),
            }));
            newest.text()
        };
        let room = limit.unwrap_or(question::USUAL_LIMIT);
        match (config.long_questions, limit) {
            // Bytes, because old plugins count those.
            (LongQuestions::History, _) if new_message.trim().len() > room => {
                let (material, asked) = question::split(&new_message, room);
                let (material, asked) = (material.to_owned(), asked.into_owned());
                messages.extend([user(material), acknowledged()]);
                new_message = asked.into();
            }
            (LongQuestions::Refuse, Some(limit)) => question::check(new_message.trim(), limit)?,
            _ => {}
        }
        // Without a model the site uses its own.
        let is_configured = |model: &&str| config.all_models().any(|known| known == *model);
        let requested = request.model().filter(is_configured);
        Ok(Submit {
            bot_id: bot.bot_id(),
            custom_id: bot.custom_id(),
            new_message,
            max_messages: (messages.len() > DEFAULT_MAX_MESSAGES).then_some(messages.len()),
            messages,
            instructions,
            context: None,
            model: requested.or(config.model.as_deref()),
            temperature: request.decimal_temperature().map(kept),
            max_tokens: request.max_tokens(),
            chat_id: request.conversation_id(),
            session: request.option("session"),
            context_id: request.option("context_id"),
            new_file_id: request.option("new_file_id").map(Cow::Borrowed),
            new_file_ids: Vec::new(),
            new_image_id: None,
            stream: config.stream,
        })
    }

    /// The model that is asked for.
    pub(crate) fn model(&self) -> Option<&'a str> {
        self.model
    }

    /// The same with uploaded pictures. Older plugins take one, by another name;
    /// where both are known, the list counts.
    pub(crate) fn with_pictures(mut self, ids: Vec<String>) -> Submit<'a> {
        if let [only] = ids.as_slice() {
            self.new_file_id = Some(Cow::Owned(only.clone()));
        }
        self.new_file_ids = ids;
        self
    }

    /// The same for old plugins: those before 2.0 know the system prompt and a
    /// picture under other names, and the later ones ignore these.
    pub(crate) fn for_old_plugins(mut self) -> Submit<'a> {
        self.context.clone_from(&self.instructions);
        self.new_image_id.clone_from(&self.new_file_id);
        self
    }
}

/// The temperature that arrives as this one: plugins keep two decimals, and
/// take 0 for none.
fn kept(temperature: f64) -> f64 {
    temperature.max(0.01)
}

fn system_refused() -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        "there is a system message, and system_prompt is set to refuse those",
    )
}
