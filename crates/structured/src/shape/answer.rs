use chatwire_core::{
    ChatRequest, Error, Finish, FinishReason, Provider, ReplyEvent, ReplyStream, ToolCall,
};

use super::shape::Shape;
use crate::failure::{explained, invalid_output};
use crate::held::check_held;
use crate::ids::Ids;
use crate::instructions::{ask_again, instruct};
use crate::json::read;
use crate::prompts::{PromptFile, Prompts};
use crate::ready::Ready;
use crate::spent::Spent;

/// An answer as its provider wrote it.
struct Raw {
    text: String,
    notes: Vec<ReplyEvent>,
    finish: Finish,
    provider: String,
    model: String,
}

/// Asks for JSON, and again while the answer is not valid, at most `repairs` times.
/// The request has neither a format nor tools.
///
/// # Errors
///
/// Those of the provider, and [`InvalidOutput`](chatwire_core::ErrorKind::InvalidOutput).
pub(crate) async fn answer<P: Provider + ?Sized>(
    provider: &P,
    mut request: ChatRequest,
    shape: &Shape,
    prompts: &Prompts,
    ids: &Ids,
    repairs: u8,
) -> Result<ReplyStream, Error> {
    let info = provider.info();
    instruct(&mut request, info, &shape.instructions);
    let mut spent = Spent::new(shape.mode);
    loop {
        spent.ask();
        let raw = match ask(provider, &request).await {
            Ok(raw) => raw,
            Err(error) => {
                return Err(explained(error, &shape.instructions, spent.questions()));
            }
        };
        spent.add(raw.finish.usage);
        let invalid = match read(&raw.text, &raw.finish.reason, shape.schema.as_ref()) {
            Ok(json) => {
                let json = json.into_owned();
                return Ok(valid(raw, json, shape, &spent, ids));
            }
            Err(invalid) => invalid,
        };
        let words = invalid.to_string();
        if !invalid.can_be_asked_again() || spent.questions() > u32::from(repairs) {
            let (what, asked) = (shape.what(), spent.questions());
            return Err(invalid_output(info, what, &words, &raw.text, asked));
        }
        tracing::debug!(
            provider = %info.name,
            mode = shape.mode,
            question = spent.questions(),
            "the answer is not valid"
        );
        ask_again(&mut request, info, &raw.text, |cases, answer| {
            let values = [("errors", words.as_str()), ("answer", answer)];
            prompts.fill(PromptFile::RepairJson, cases, &values)
        });
    }
}

async fn ask<P: Provider + ?Sized>(provider: &P, request: &ChatRequest) -> Result<Raw, Error> {
    let mut reply = provider.stream(request).await?;
    let (mut text, mut notes) = (String::new(), Vec::new());
    loop {
        match reply.next().await.transpose()? {
            Some(ReplyEvent::Text(piece)) => {
                check_held(text.len() + piece.len())?;
                text.push_str(&piece);
            }
            Some(ReplyEvent::Finish(mut finish)) => {
                let text = finish.text.take().unwrap_or(text);
                check_held(text.len())?;
                return Ok(Raw {
                    text,
                    notes,
                    finish,
                    provider: reply.provider().to_owned(),
                    model: reply.model().to_owned(),
                });
            }
            Some(note @ ReplyEvent::Progress { .. }) => notes.push(note),
            // No tool was offered.
            Some(_) => {}
            // The stream ends with one of the others.
            None => {
                return Err(Error::new(
                    chatwire_core::ErrorKind::Truncated,
                    "the answer has no end",
                ));
            }
        }
    }
}

/// Makes a reply of a valid answer.
fn valid(raw: Raw, json: String, shape: &Shape, spent: &Spent, ids: &Ids) -> ReplyStream {
    let mut finish = spent.finish(raw.finish);
    let content = match &shape.call {
        None => ReplyEvent::Text(json),
        Some(name) => {
            finish.reason = FinishReason::ToolCalls;
            let id = format!("call_{}", ids.long());
            ReplyEvent::ToolCall(ToolCall::new(id, name, json))
        }
    };
    let mut events = vec![spent.note()];
    events.extend(raw.notes);
    events.extend([content, ReplyEvent::Finish(finish)]);
    ReplyStream::from_events(Ready(events.into_iter()))
        .with_provider_and_model(raw.provider, raw.model)
}
