/// How much of what is not an answer is judged, in bytes.
pub const JUDGED: usize = 64 * 1024;

/// The part of a text that is judged.
pub(super) fn judged(text: &str) -> &str {
    let mut end = text.len().min(JUDGED);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
