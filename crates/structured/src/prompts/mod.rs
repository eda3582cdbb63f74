//! The instructions for models: text files that can be replaced.

mod file;
mod prompts;
mod template;

pub(crate) use file::PromptFile;
pub use prompts::Prompts;
