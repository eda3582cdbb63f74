//! Questions that are longer than a site accepts.

use std::borrow::Cow;

use chatwire_core::{Error, ErrorKind};

/// How many characters a question may have unless a site says otherwise.
pub(crate) const USUAL_LIMIT: usize = 512;

/// What is asked where no line of a long text is a question.
const ABOUT_THE_TEXT: &str = "Please answer the text that I sent just before.";

/// The longest line that is taken for the question about a text.
const MAX_LINE: usize = 300;

/// Splits what is too long for a site's limit into its material, for an earlier
/// turn, and a short question.
///
/// The question is the first paragraph or else the last one, if that is one
/// line that ends as a question or a request does: programs put standard input
/// and files below what was typed.
pub(crate) fn split(text: &str, limit: usize) -> (&str, Cow<'_, str>) {
    let limit = limit.min(MAX_LINE);
    // Bytes, because old plugins count those.
    let asks = |line: &str| {
        let line = line.trim();
        line.len() <= limit && !line.contains('\n') && line.ends_with([':', '?'])
    };
    let text = text.trim();
    if let Some((first, rest)) = text.split_once("\n\n")
        && asks(first)
    {
        return (rest, first.trim().into());
    }
    if let Some((rest, last)) = text.rsplit_once("\n\n")
        && asks(last)
    {
        return (rest, last.trim().into());
    }
    (text, ABOUT_THE_TEXT.into())
}

/// Refuses a question that is known to be too long, before it is sent.
///
/// # Errors
///
/// [`ErrorKind::ContextLength`].
pub(crate) fn check(question: &str, limit: usize) -> Result<(), Error> {
    let length = question.chars().count();
    if length <= limit {
        return Ok(());
    }
    let length = format!("{length} characters");
    Err(too_long(&length, &format!("this site takes {limit}")))
}

/// The error for a question that is too long.
pub(crate) fn too_long(length: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::ContextLength,
        format!(
            "the question has {length}, and {why}: shorten it, or set \
             long_questions = \"history\", which sends what is too long as an earlier turn"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{ABOUT_THE_TEXT, split};

    #[test]
    fn the_question_is_found_beside_its_material() {
        let long = "x".repeat(400);
        for (text, material, question) in [
            ("Summarise:\n\na\n\nb", "a\n\nb", "Summarise:"),
            ("a\nb\n\nWhat is this?\n", "a\nb", "What is this?"),
            ("a\n\nb", "a\n\nb", ABOUT_THE_TEXT),
            ("a b", "a b", ABOUT_THE_TEXT),
            (
                &format!("{long}?\n\na"),
                &format!("{long}?\n\na"),
                ABOUT_THE_TEXT,
            ),
            ("a\nb:\n\nc", "a\nb:\n\nc", ABOUT_THE_TEXT),
        ] {
            let (rest, asked) = split(text, 512);
            assert_eq!((rest, &*asked), (material, question), "{text}");
        }
    }
}
