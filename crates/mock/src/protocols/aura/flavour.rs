/// Which server the mock imitates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuraFlavour {
    /// openchat-ui: knows its own models only, honours the temperature, keeps 768 tokens free.
    #[default]
    OpenChatUi,
    /// Chatbot-UI (`legacy`): takes any model, ignores the temperature, keeps 1000 tokens free.
    ChatbotUi,
    /// The chatbot-ui of LlamaEdge: as Chatbot-UI, but the stream of its model is passed on as it
    /// is, in events of the OpenAI API.
    LlamaEdge,
    /// chatbot-ollama: takes one prompt and images instead of messages, knows its own models only,
    /// and answers errors in JSON.
    ChatbotOllama,
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
            Self::LlamaEdge => [
                ("Llama-3-8B-Chat", "Llama-3-8B-Chat"),
                ("Phi-3-mini-4k", "Phi-3-mini-4k"),
            ],
            Self::ChatbotOllama => [
                ("llama3:8b", "llama3:8b"),
                ("mistral:instruct", "mistral:instruct"),
            ],
        }
    }

    /// The tokens that the server keeps free for its answer.
    pub(crate) fn reserve(self) -> usize {
        match self {
            Self::OpenChatUi => 768,
            _ => 1000,
        }
    }
}
