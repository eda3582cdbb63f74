//! The client APIs that the gateway speaks.
//!
//! Each dialect reads a request into a
//! [`GatewayRequest`](crate::request::GatewayRequest) and writes the events of
//! a completion. What happens in between is the same for all of them.

mod chat_completions;
mod conversation;
mod dialect;
mod image;
mod members;
mod parameters;

pub(crate) use dialect::{Dialect, ParsedRequest, ReplyWriter};

use chat_completions::ChatCompletions;

/// Every dialect. The first one also writes the errors of paths that belong to
/// none.
pub(crate) static ALL: &[&dyn Dialect] = &[&ChatCompletions];

/// The dialect in which a client that asks for this path expects its answer.
pub(crate) fn for_path(path: &str) -> &'static dyn Dialect {
    let dialect = ALL.iter().find(|dialect| dialect.path() == path);
    dialect.copied().unwrap_or(&ChatCompletions)
}
