/// Tokens as counted by the backend, each where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the question.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// Both together.
    pub total_tokens: Option<u64>,
}

impl Usage {
    /// Nothing known.
    pub fn new() -> Usage {
        Usage::default()
    }

    /// Sets the tokens of the question.
    #[must_use]
    pub fn with_prompt_tokens(mut self, tokens: impl Into<Option<u64>>) -> Usage {
        self.prompt_tokens = tokens.into();
        self
    }

    /// Sets the tokens of the answer.
    #[must_use]
    pub fn with_completion_tokens(mut self, tokens: impl Into<Option<u64>>) -> Usage {
        self.completion_tokens = tokens.into();
        self
    }

    /// Sets the sum.
    #[must_use]
    pub fn with_total_tokens(mut self, tokens: impl Into<Option<u64>>) -> Usage {
        self.total_tokens = tokens.into();
        self
    }
}
