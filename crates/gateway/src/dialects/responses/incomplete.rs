use chatwire_core::FinishReason;

/// Why a reply that ended like this is not complete, if it is not.
pub(super) fn incomplete(reason: &FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        _ => None,
    }
}
