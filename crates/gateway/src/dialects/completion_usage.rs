use chatwire_core::Usage;
use serde::Serialize;

/// The tokens of a completion, all of them known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct CompletionUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl CompletionUsage {
    /// Returns `None` if a count is missing: half a usage breaks strict
    /// clients.
    pub(crate) fn complete(usage: Option<Usage>) -> Option<CompletionUsage> {
        let usage = usage?;
        let (prompt_tokens, completion_tokens) = (usage.prompt_tokens?, usage.completion_tokens?);
        Some(CompletionUsage {
            prompt_tokens,
            completion_tokens,
            total_tokens: usage
                .total_tokens
                .unwrap_or(prompt_tokens.saturating_add(completion_tokens)),
        })
    }
}
