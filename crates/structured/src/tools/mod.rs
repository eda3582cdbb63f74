//! Calls of tools, written and read as text.

mod attempt;
mod calls;
mod fences;
mod marker;
mod offer;
mod scanner;
mod stream;
mod transcript;

pub(crate) use offer::Offer;
pub(crate) use stream::ToolStream;
