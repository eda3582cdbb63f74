use chatwire_core::{ChatRequest, Error, ErrorKind, Message, ModelInfo};
use serde::Serialize;

/// The default budget for the conversation, in tokens.
pub const DEFAULT_TOKEN_LIMIT: u32 = 8192;

/// What the server keeps free for its answer. openchat-ui keeps 768,
/// Chatbot-UI 1000; the larger is safe with both.
const REPLY_TOKENS: u32 = 1000;

/// Characters a token of the limit stands for in `maxLength`, which only the
/// site's own input field uses.
const CHARS_PER_TOKEN: u32 = 3;

/// The body of a chat request.
#[derive(Serialize)]
pub(crate) struct Chat<'a> {
    model: Model<'a>,
    messages: Vec<&'a Message>,
    key: &'a str,
    prompt: String,
    temperature: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Model<'a> {
    id: &'a str,
    name: &'a str,
    max_length: u32,
    token_limit: u32,
}

impl<'a> Chat<'a> {
    pub(crate) fn new(
        request: &'a ChatRequest,
        model: &'a ModelInfo,
        token_limit: Option<u32>,
        key: &'a str,
    ) -> Result<Chat<'a>, Error> {
        let messages = request.turns()?;
        let prompt = request.messages().system_prompt();
        let token_limit = budget(token_limit, &prompt, &messages)?;
        Ok(Chat {
            model: Model {
                id: &model.id,
                name: &model.name,
                max_length: token_limit.saturating_mul(CHARS_PER_TOKEN),
                token_limit,
            },
            messages,
            key,
            prompt,
            temperature: request.decimal_temperature().unwrap_or(0.5),
        })
    }
}

/// The token budget to send. A server drops the question without a word if it
/// does not fit, so a budget that was set too low is refused, and the default
/// grows with the question.
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
