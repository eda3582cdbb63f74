/// Which of the two servers the mock imitates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuraFlavour {
    /// openchat-ui: knows its own models only, honours the temperature, keeps 768 tokens free.
    #[default]
    OpenChatUi,
    /// Chatbot-UI (`legacy`): takes any model, ignores the temperature, keeps 1000 tokens free.
    ChatbotUi,
}

impl AuraFlavour {
    /// The ids and names of the server's own models.
    pub(crate) fn models(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::OpenChatUi => [
                ("openchat_3.6", "OpenChat 3.6 (latest)"),
                ("openchat_v3.2_mistral", "OpenChat Aura"),
            ],
            Self::ChatbotUi => [("gpt-3.5-turbo", "GPT-3.5"), ("gpt-4", "GPT-4")],
        }
    }
}
