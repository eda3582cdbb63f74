use chatwire_core::FinishReason;

/// The longest word for a reason that is kept, in characters.
const LONGEST: usize = 64;

/// The reason by the protocol's word for it.
pub(crate) fn reason(word: &str) -> FinishReason {
    match FinishReason::from(word) {
        FinishReason::Other(word) => FinishReason::Other(word.chars().take(LONGEST).collect()),
        known => known,
    }
}
