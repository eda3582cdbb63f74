use std::borrow::Cow;

use chatwire_core::{ChatRequest, Error, ErrorKind, Message, ModelInfo, Role};
use serde::Serialize;

use crate::provider::DEFAULT_TOKEN_LIMIT;

/// What the server keeps free for its answer. openchat-ui keeps 768,
/// Chatbot-UI 1000; the larger is safe with both.
const REPLY_TOKENS: u32 = 1000;

/// Characters a token of the limit stands for in `maxLength`, which only the
/// site's own input field uses.
const CHARS_PER_TOKEN: u32 = 3;

/// The body of a question.
#[derive(Serialize)]
struct Chat<'a> {
    model: Model<'a>,
    messages: Vec<Turn<'a>>,
    key: &'a str,
    prompt: &'a str,
    temperature: f64,
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(rename = "maxLength")]
    max_length: u32,
    #[serde(rename = "tokenLimit")]
    token_limit: u32,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'a Role,
    content: Cow<'a, str>,
}

/// The body of a question.
pub(crate) fn body(
    request: &ChatRequest,
    model: &ModelInfo,
    token_limit: Option<u32>,
    key: &str,
) -> Result<Vec<u8>, Error> {
    let turns = request.turns()?;
    let prompt = request.messages().system_prompt();
    let token_limit = budget(token_limit, &prompt, &turns)?;
    let chat = Chat {
        model: Model {
            id: &model.id,
            name: &model.name,
            max_length: token_limit.saturating_mul(CHARS_PER_TOKEN),
            token_limit,
        },
        messages: turns
            .iter()
            .map(|turn| Turn {
                role: turn.role(),
                content: turn.text(),
            })
            .collect(),
        key,
        prompt: &prompt,
        temperature: request.decimal_temperature().unwrap_or(0.5),
    };
    serde_json::to_vec(&chat).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            "the request cannot be written as JSON",
        )
        .with_source(error)
    })
}

/// The token budget to send. A server drops the question without a word when
/// it does not fit, so a budget that was set too low is refused, and the
/// default grows with the question.
fn budget(set: Option<u32>, prompt: &str, turns: &[&Message]) -> Result<u32, Error> {
    let newest = turns.last().map(|turn| turn.text()).unwrap_or_default();
    let needed = tokens(prompt)
        .saturating_add(tokens(&newest))
        .saturating_add(REPLY_TOKENS);
    match set {
        Some(limit) if limit < needed => Err(Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "token_limit {limit} is too low: system prompt and question may need {needed} \
                 tokens with the {REPLY_TOKENS} that the server keeps for its answer, and it would \
                 drop the question"
            ),
        )),
        Some(limit) => Ok(limit),
        None => Ok(needed.max(DEFAULT_TOKEN_LIMIT)),
    }
}

/// How many tokens a text has at most, in practice: two ASCII characters or
/// half of another one each. Tokenizers need fewer for usual text.
fn tokens(text: &str) -> u32 {
    let halves: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 4 }).sum();
    u32::try_from(halves.div_ceil(2)).unwrap_or(u32::MAX)
}
