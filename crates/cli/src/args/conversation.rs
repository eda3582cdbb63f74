use std::path::PathBuf;

use clap::Args;

/// The conversation before the next question, and parameters of the answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Conversation")]
pub(crate) struct ConversationArgs {
    /// Instructions for the model, before the conversation
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,

    /// Sampling temperature from 0 (deterministic) to 2 (free), where the
    /// provider supports it
    #[arg(short, long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) temperature: Option<f32>,

    /// Maximum length of the answer in tokens, where the provider supports it
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u32>,

    /// Conversation to continue: a JSON array of messages with role and content,
    /// or a conversation that another program exported ("-" reads standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) messages: Option<PathBuf>,
}

/// One question.
#[derive(Debug, Args)]
pub(crate) struct QuestionArgs {
    /// The question; standard input is added to it, after a blank line
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: Vec<String>,

    #[command(flatten)]
    pub(crate) conversation: ConversationArgs,

    /// Text file to add to the question; can be repeated
    #[arg(short, long, value_name = "FILE", help_heading = "Conversation")]
    pub(crate) file: Vec<PathBuf>,

    /// Picture to show with the question; can be repeated
    #[arg(long, value_name = "FILE", help_heading = "Conversation")]
    pub(crate) image: Vec<PathBuf>,
}
