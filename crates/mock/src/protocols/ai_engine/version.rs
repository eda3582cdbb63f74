//! What each version of the plugin does with a request.

/// The version of the plugin that the mock imitates.
///
/// They differ most in what a guest's request may set:
///
/// | | 1.9.99 | 2.3.5 | 2.4.9 | 3.6.2 | 3.7 |
/// |---|---|---|---|---|---|
/// | nonce | none needed | in the page | `start_session` | `start_session`, renewed by answers | as 3.6.2 |
/// | system prompt | `context` | `instructions` | `instructions` | `instructions`, entities decoded, `{PLACEHOLDERS}` replaced | dropped |
/// | system messages in the history | dropped | kept | kept | kept | dropped |
/// | `model` | of the site's, else an error | dropped | dropped | of the site's, else an error | dropped |
/// | `temperature` | rounded; 0 becomes 0.8 | rounded | rounded | rounded; 0 becomes the model's default | dropped |
/// | `maxTokens` | kept | kept | kept | kept | dropped |
/// | limit of `newMessage` | 64 KiB | bytes | characters | characters | characters |
/// | pictures | `newImageId` | `newFileId` | `newFileId` | `newFileIds`, `newFileId` | as 3.6.2 |
/// | over a limit | error, 500 | error, 500 | error, 500 | error, 500 | `overLimit`, 429 |
/// | faults of the model | told | told | told | told | masked |
///
/// 3.7 treats a user who may change the site's settings as 3.6.2 treats everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PluginVersion {
    /// 1.9.99.
    V1_9_99,
    /// 2.3.5.
    V2_3_5,
    /// 2.4.9.
    V2_4_9,
    /// 3.6.2.
    #[default]
    V3_6_2,
    /// 3.7, which is like 3.6.3 and later.
    V3_7,
}

use PluginVersion::{V1_9_99, V2_3_5, V2_4_9, V3_6_2, V3_7};

impl PluginVersion {
    /// Every version that there is, oldest first.
    pub const ALL: [Self; 5] = [V1_9_99, V2_3_5, V2_4_9, V3_6_2, V3_7];

    pub(crate) fn has_start_session(self) -> bool {
        self >= V2_4_9
    }

    /// Whether guests find the nonce in the page.
    pub(crate) fn shows_nonce_to_guests(self) -> bool {
        self == V2_3_5
    }

    /// Whether submitting needs a nonce at all.
    pub(crate) fn needs_nonce(self) -> bool {
        self > V1_9_99
    }

    /// Whether there is a session cookie, and answers renew an ageing nonce.
    pub(crate) fn has_sessions(self) -> bool {
        self >= V3_6_2
    }

    pub(crate) fn prompt_key(self) -> &'static str {
        match self {
            V1_9_99 => "context",
            _ => "instructions",
        }
    }

    /// Whether entities of the system prompt are decoded and placeholders replaced.
    pub(crate) fn edits_prompt(self) -> bool {
        self >= V3_6_2
    }

    /// Whether only those who may change the site's settings set the model and its parameters.
    pub(crate) fn trusts_owners_only(self) -> bool {
        self >= V3_7
    }

    pub(crate) fn drops_system_messages(self) -> bool {
        self == V1_9_99
    }

    pub(crate) fn takes_model(self) -> bool {
        !matches!(self, V2_3_5 | V2_4_9)
    }

    /// What is said about a model that the site does not have.
    pub(crate) fn unknown_model(self, model: &str) -> String {
        match self {
            V1_9_99 => {
                "From OpenAI: Error unknown_url: Unknown request URL: POST /v1/completions".into()
            }
            _ => format!("The model '{model}' is not available."),
        }
    }

    pub(crate) fn default_model(self) -> &'static str {
        match self {
            V1_9_99 | V2_3_5 => "gpt-3.5-turbo",
            V2_4_9 => "gpt-4o-mini",
            V3_6_2 | V3_7 => "gpt-4o",
        }
    }

    pub(crate) fn default_max_tokens(self) -> u64 {
        if self >= V3_6_2 { 4096 } else { 1024 }
    }

    /// The length of a question as this version counts it.
    pub(crate) fn length(self, question: &str) -> usize {
        match self {
            V1_9_99 => 0,
            V2_3_5 => question.len(),
            _ => question.chars().count(),
        }
    }

    /// The bytes beyond which a question is refused whatever the bot's limit is.
    pub(crate) fn max_bytes(self) -> usize {
        if self >= V3_6_2 {
            usize::MAX
        } else {
            64 * 1024
        }
    }

    pub(crate) fn knows_unknown_bots(self) -> bool {
        self >= V3_6_2
    }

    /// Whether several pictures can be sent with a question, and a question be only pictures.
    pub(crate) fn takes_several_files(self) -> bool {
        self >= V3_6_2
    }

    pub(crate) fn takes_empty_question_with_file(self) -> bool {
        self >= V2_4_9
    }

    pub(crate) fn file_key(self) -> &'static str {
        match self {
            V1_9_99 => "newImageId",
            _ => "newFileId",
        }
    }

    pub(crate) fn demands_purpose(self) -> bool {
        self > V1_9_99
    }

    /// Whether answers have `actions`, `shortcuts` and `blocks`.
    pub(crate) fn has_actions(self) -> bool {
        self >= V2_4_9
    }

    /// Whether a shortcut hides its message behind an id.
    pub(crate) fn hides_shortcuts(self) -> bool {
        self >= V3_6_2
    }

    /// Whether `usage` says the price and how it was counted, and answers have an id.
    pub(crate) fn has_full_usage(self) -> bool {
        self >= V3_6_2
    }

    /// Whether refusals over limits are marked, and faults of the model masked.
    pub(crate) fn marks_limits(self) -> bool {
        self >= V3_7
    }
}
