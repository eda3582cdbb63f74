/// A model a provider can ask.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// What a request calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl ModelInfo {
    /// A model whose name is its id.
    pub fn new(id: impl Into<String>) -> ModelInfo {
        let id = id.into();
        ModelInfo {
            name: id.clone(),
            id,
        }
    }

    /// Gives it a name for people.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> ModelInfo {
        self.name = name.into();
        self
    }
}
