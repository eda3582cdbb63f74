/// A model of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The id that a request names it by.
    pub id: String,
    /// A name for people.
    pub name: String,
}

impl ModelInfo {
    /// Creates a model whose name is its id.
    pub fn new(id: impl Into<String>) -> ModelInfo {
        let id = id.into();
        ModelInfo {
            name: id.clone(),
            id,
        }
    }

    /// Sets the name for people.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> ModelInfo {
        self.name = name.into();
        self
    }
}
