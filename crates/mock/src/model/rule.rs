//! One rule of a scripted model.

/// What a [`ScriptedModel`](crate::ScriptedModel) says, and when.
#[derive(Clone, Debug)]
pub struct ModelRule {
    say: String,
    when: Vec<String>,
    unless: Vec<String>,
    times: Option<u32>,
}

impl ModelRule {
    /// Creates a rule that says this to every question. `${name}` stands for a
    /// text that the model [finds](crate::ScriptedModel::with_capture) in the
    /// prompt.
    pub fn say(text: impl Into<String>) -> Self {
        Self {
            say: text.into(),
            when: Vec::new(),
            unless: Vec::new(),
            times: None,
        }
    }

    /// Applies the rule only if the prompt contains this text. Of several, all must be there.
    #[must_use]
    pub fn when(mut self, text: impl Into<String>) -> Self {
        self.when.push(text.into());
        self
    }

    /// Applies the rule only if the prompt does not contain this text. Of several, none may be
    /// there.
    #[must_use]
    pub fn unless(mut self, text: impl Into<String>) -> Self {
        self.unless.push(text.into());
        self
    }

    /// Applies the rule at most this many times. Afterwards the rules below it decide.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn text(&self) -> &str {
        &self.say
    }

    /// Whether the rule applies to this prompt after it has been used so often.
    pub(super) fn applies(&self, prompt: &str, used: u32) -> bool {
        self.times.is_none_or(|times| used < times)
            && self.when.iter().all(|text| prompt.contains(text.as_str()))
            && !self
                .unless
                .iter()
                .any(|text| prompt.contains(text.as_str()))
    }
}
