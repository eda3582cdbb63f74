//! The client APIs that the gateway speaks.
//!
//! Each dialect reads a request into a
//! [`GatewayRequest`](crate::request::GatewayRequest) and writes the events of
//! a completion. What happens in between is the same for all of them.

mod anthropic;
mod chat_completions;
mod completion_usage;
mod completions;
mod conversation;
mod dialect;
mod image;
mod members;
mod ollama;
mod openai_error;
mod parameters;
mod recall;
mod responses;
mod sse;
#[cfg(test)]
mod testing;
mod tools;

#[cfg(test)]
pub(crate) use conversation::Conversation;
pub(crate) use dialect::{
    Action, Dialect, DialectRoute, ModelList, Parse, ParsedRequest, ReplyWriter,
};
pub(crate) use recall::{KeptReply, Recall};

use anthropic::Anthropic;
use chat_completions::ChatCompletions;
use completions::Completions;
use ollama::Ollama;
use responses::Responses;

/// Every dialect. The first one also writes the errors of paths that belong to
/// none.
pub(crate) static ALL: &[&dyn Dialect] = &[
    &ChatCompletions,
    &Responses,
    &Anthropic,
    &Completions,
    &Ollama,
];

/// The dialect in which a client that asks for this path expects its answer.
pub(crate) fn for_path(path: &str) -> &'static dyn Dialect {
    of_path(path).unwrap_or(&ChatCompletions)
}

/// The name of the dialect that this path belongs to, if it belongs to one.
pub(crate) fn name_for_path(path: &str) -> Option<&'static str> {
    of_path(path).map(Dialect::name)
}

fn of_path(path: &str) -> Option<&'static dyn Dialect> {
    let is_below = |root: &str| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ALL.iter().copied().find(|dialect| is_below(dialect.root()))
}
