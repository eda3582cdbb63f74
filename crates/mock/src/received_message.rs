/// A message that reached the model behind a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// `user`, `assistant` or `system`.
    pub role: String,
    /// The text.
    pub content: String,
}

impl ReceivedMessage {
    pub(crate) fn size(&self) -> usize {
        self.role.len() + self.content.len()
    }
}
