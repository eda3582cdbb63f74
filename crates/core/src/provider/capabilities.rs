use std::ops::RangeInclusive;

/// What a provider supports.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// The text arrives while the model writes it.
    pub streaming: bool,
    /// System messages reach the model.
    pub system: bool,
    /// Earlier messages reach the model.
    pub history: bool,
    /// The range of temperatures that the backend honours. With `None`, requests
    /// with a temperature are refused.
    pub temperature: Option<RangeInclusive<f32>>,
    /// The backend honours a limit of tokens.
    pub max_tokens: bool,
    /// Images of messages reach the model.
    pub images: bool,
    /// Answers have the form that [`ChatRequest::with_response_format`] sets.
    ///
    /// [`ChatRequest::with_response_format`]: crate::ChatRequest::with_response_format
    pub response_format: bool,
    /// The model can call tools.
    pub tools: bool,
    /// Requests that [force one call](crate::ChatRequest::forced_tool) of a tool are
    /// answered, even if `tools` is false.
    pub forced_tool: bool,
    /// The backend reports how many tokens a request used.
    pub usage: bool,
    /// The server lists its models on request.
    pub lists_models: bool,
    /// The protocol has notes about the progress.
    pub progress: bool,
    /// The protocol marks the end of an answer, so that a truncated answer is
    /// detected even if the HTTP response ended cleanly.
    pub end_mark: bool,
}

impl Capabilities {
    /// Returns the names of the capabilities that the provider has, for a listing.
    pub fn names(&self) -> Vec<&'static str> {
        [
            (self.streaming, "streaming"),
            (self.system, "system"),
            (self.history, "history"),
            (self.temperature.is_some(), "temperature"),
            (self.max_tokens, "max_tokens"),
            (self.images, "images"),
            (self.response_format, "response_format"),
            (self.tools, "tools"),
            (self.forced_tool, "forced_tool"),
            (self.usage, "usage"),
            (self.lists_models, "lists_models"),
            (self.progress, "progress"),
            (self.end_mark, "end_mark"),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}
