use std::ops::RangeInclusive;

/// What a request to a provider may ask for.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// Text arrives while it is written.
    pub streaming: bool,
    /// System messages reach the model.
    pub system: bool,
    /// Earlier messages reach the model.
    pub history: bool,
    /// The temperatures that are honoured; none: the parameter is refused.
    pub temperature: Option<RangeInclusive<f32>>,
    /// The length limit is honoured.
    pub max_tokens: bool,
    /// Images of messages reach the model.
    pub images: bool,
    /// The backend counts tokens and says so.
    pub usage: bool,
    /// The server can be asked for its models.
    pub lists_models: bool,
    /// The protocol has progress notes.
    pub progress: bool,
    /// The protocol marks the end of an answer, so that a cut one is noticed
    /// even when HTTP ended cleanly.
    pub end_mark: bool,
}

impl Capabilities {
    /// The capabilities as words, for a listing.
    pub fn names(&self) -> Vec<&'static str> {
        [
            (self.streaming, "streaming"),
            (self.system, "system"),
            (self.history, "history"),
            (self.temperature.is_some(), "temperature"),
            (self.max_tokens, "max_tokens"),
            (self.images, "images"),
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
