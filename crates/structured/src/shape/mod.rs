//! Answers that are JSON and nothing else.

mod answer;
mod compact;
// The folder has the name of its main idea.
#[allow(clippy::module_inception)]
mod shape;

pub(crate) use answer::answer;
pub(crate) use compact::compact;
pub(crate) use shape::{Shape, compiled};
