//! The instructions for models: text files that can be replaced.

mod file;
// The folder has the name of its main idea.
#[allow(clippy::module_inception)]
mod prompts;
mod template;

pub(crate) use file::PromptFile;
pub use prompts::Prompts;
