/// The tokens of a request, as counted by the backend; each number is there if
/// the backend sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the request.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// The sum of both.
    pub total_tokens: Option<u64>,
}

impl Usage {
    /// Creates a usage without any number.
    pub fn new() -> Usage {
        Usage::default()
    }

    /// Sets the tokens of the request.
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
