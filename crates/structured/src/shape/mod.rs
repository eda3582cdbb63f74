//! Answers that are JSON and nothing else.

mod answer;
mod compact;
mod shape;

pub(crate) use answer::answer;
pub(crate) use compact::compact;
pub(crate) use shape::{Shape, compiled};
