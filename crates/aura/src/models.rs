use chatwire_core::ModelInfo;

/// The model of the public server, which servers of its kind have.
pub(crate) const DEFAULT_MODEL: &str = "openchat_3.6";

/// What the page of Chatbot-UI asks where it is set to nothing else.
const PAGE_DEFAULT: &str = "gpt-3.5-turbo";

/// A model as the official pages know it.
pub(crate) struct KnownModel {
    pub(crate) id: &'static str,
    name: &'static str,
    /// How many characters the page lets a person type.
    pub(crate) max_length: u32,
    /// How many tokens the page lets a conversation have.
    pub(crate) token_limit: u32,
}

const fn model(
    id: &'static str,
    name: &'static str,
    max_length: u32,
    token_limit: u32,
) -> KnownModel {
    KnownModel {
        id,
        name,
        max_length,
        token_limit,
    }
}

/// The models of openchat-ui.
const OPENCHAT: [KnownModel; 2] = [
    model(DEFAULT_MODEL, "OpenChat 3.6 (latest)", 24_576, 8192),
    model("openchat_v3.2_mistral", "OpenChat Aura", 24_576, 8192),
];

/// The models of Chatbot-UI.
const CHATBOT_UI: [KnownModel; 4] = [
    model(PAGE_DEFAULT, "GPT-3.5", 12_000, 4000),
    model("gpt-35-turbo", "GPT-3.5", 12_000, 4000),
    model("gpt-4", "GPT-4", 24_000, 8000),
    model("gpt-4-32k", "GPT-4-32K", 96_000, 32_000),
];

impl KnownModel {
    pub(crate) fn info(&self) -> ModelInfo {
        ModelInfo::new(self.id).with_name(self.name)
    }
}

/// The models of the public server.
pub(crate) fn of_public_server() -> impl Iterator<Item = ModelInfo> {
    OPENCHAT.iter().map(KnownModel::info)
}

/// What the official pages know about a model.
pub(crate) fn known(id: &str) -> Option<&'static KnownModel> {
    OPENCHAT
        .iter()
        .chain(&CHATBOT_UI)
        .find(|model| model.id == id)
}

/// The model of a server's list that answers where none is named: the default
/// one if it is there, then that of Chatbot-UI's page, then the first.
pub(crate) fn chosen(listed: &[ModelInfo]) -> Option<&ModelInfo> {
    let named = |id| listed.iter().find(|model| model.id == id);
    named(DEFAULT_MODEL)
        .or_else(|| named(PAGE_DEFAULT))
        .or_else(|| listed.first())
}

#[cfg(test)]
mod tests {
    use super::{ModelInfo, chosen};

    #[test]
    fn the_list_decides() {
        for (listed, expected) in [
            (
                &["a", "gpt-3.5-turbo", "openchat_3.6"][..],
                Some("openchat_3.6"),
            ),
            (&["gpt-4", "gpt-3.5-turbo"], Some("gpt-3.5-turbo")),
            (&["gpt-4", "a"], Some("gpt-4")),
            (&[], None),
        ] {
            let models: Vec<ModelInfo> = listed.iter().copied().map(ModelInfo::new).collect();
            let id = chosen(&models).map(|model| model.id.as_str());
            assert_eq!(id, expected, "{listed:?}");
        }
    }
}
