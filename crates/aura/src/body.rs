use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatwire_core::{ChatRequest, Error, ErrorKind, Message, ModelInfo, PromptFormat};
use serde::Serialize;

use crate::models::known;

/// The default budget for the conversation, in tokens, for models that the
/// official pages do not know.
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
        let known = known(&model.id);
        let usual = known.map_or(DEFAULT_TOKEN_LIMIT, |known| known.token_limit);
        let token_limit = budget(token_limit, usual, &prompt, &messages)?;
        let max_length = match known {
            Some(known) if known.token_limit == token_limit => known.max_length,
            _ => token_limit.saturating_mul(CHARS_PER_TOKEN),
        };
        Ok(Chat {
            model: Model {
                id: &model.id,
                name: &model.name,
                max_length,
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
/// does not fit, so a budget that was set too low is refused, and the `usual`
/// one of the model grows with the question.
fn budget(set: Option<u32>, usual: u32, prompt: &str, turns: &[&Message]) -> Result<u32, Error> {
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
        None => Ok(needed.max(usual)),
    }
}

/// How many tokens a text has at most, in practice: two ASCII characters or
/// half of another one each. Tokenizers need fewer for usual text.
fn tokens(text: &str) -> u32 {
    let halves: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 4 }).sum();
    u32::try_from(halves.div_ceil(2)).unwrap_or(u32::MAX)
}

/// The body of a request to chatbot-ollama, whose model takes one text.
#[derive(Serialize)]
pub(crate) struct OllamaChat<'a> {
    model: &'a str,
    system: String,
    prompt: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    options: OllamaOptions,
}

#[derive(Serialize)]
struct OllamaOptions {
    temperature: f64,
}

impl<'a> OllamaChat<'a> {
    pub(crate) fn new(request: &'a ChatRequest, model: &'a str) -> Result<OllamaChat<'a>, Error> {
        let turns = request.turns()?;
        let prompt = match turns.as_slice() {
            [only] => only.text().into_owned(),
            _ => PromptFormat::new()
                .with_system(false)
                .format(request.messages())?,
        };
        let images = turns.iter().flat_map(|turn| turn.images());
        Ok(OllamaChat {
            model,
            system: request.messages().system_prompt(),
            prompt,
            images: images.map(|image| STANDARD.encode(image.bytes())).collect(),
            options: OllamaOptions {
                temperature: request.decimal_temperature().unwrap_or(0.5),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::{Image, Messages};
    use serde_json::{Value, json};

    use super::*;

    fn chatbot_ui(request: &ChatRequest, model: &str, limit: Option<u32>) -> Value {
        let model = ModelInfo::new(model);
        let chat = Chat::new(request, &model, limit, "").unwrap();
        serde_json::to_value(chat).unwrap()
    }

    #[test]
    fn limits_are_those_of_the_official_pages() {
        let hi = ChatRequest::new("Hi");
        let long = ChatRequest::new("x".repeat(20_000));
        for (request, model, limit, max_length, token_limit) in [
            (&hi, "openchat_3.6", None, 24_576, 8192),
            (&hi, "openchat_v3.2_mistral", None, 24_576, 8192),
            (&hi, "gpt-3.5-turbo", None, 12_000, 4000),
            (&hi, "gpt-4", None, 24_000, 8000),
            (&hi, "gpt-4-32k", None, 96_000, 32_000),
            (&hi, "llama-3", None, 24_576, 8192),
            (&hi, "gpt-4", Some(9000), 27_000, 9000),
            (&hi, "gpt-4", Some(8000), 24_000, 8000),
            // The question must fit, or the server drops it.
            (&long, "gpt-3.5-turbo", None, 33_000, 11_000),
            (&long, "gpt-4-32k", None, 96_000, 32_000),
        ] {
            let body = chatbot_ui(request, model, limit);
            let sent = (&body["model"]["maxLength"], &body["model"]["tokenLimit"]);
            assert_eq!(sent, (&json!(max_length), &json!(token_limit)), "{model}");
        }
    }

    #[test]
    fn chatbot_ollama_takes_one_text() {
        let image = Image::new("image/png", *b"\x89PNG");
        let seen = Message::user("See").with_part(image);
        let talk = Messages::new()
            .system("Be brief.")
            .user("Hi")
            .assistant("Hello");
        for (messages, system, prompt, images) in [
            (Messages::new().user("Hi\nyou"), "", "Hi\nyou", json!(null)),
            (
                Messages::new().system("S").user("Hi"),
                "S",
                "Hi",
                json!(null),
            ),
            (
                talk.with_message(seen),
                "Be brief.",
                "User: Hi\nAssistant: Hello\nUser: See\nAssistant:",
                json!(["iVBORw=="]),
            ),
        ] {
            let request = ChatRequest::new(messages).with_temperature(0.2);
            let body = OllamaChat::new(&request, "llama3:8b").unwrap();
            let body = serde_json::to_value(body).unwrap();
            let mut expected = json!({
                "model": "llama3:8b", "system": system, "prompt": prompt,
                "options": {"temperature": 0.2},
            });
            if !images.is_null() {
                expected["images"] = images;
            }
            assert_eq!(body, expected);
        }
    }
}
