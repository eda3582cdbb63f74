use chatwire_core::{Error, ErrorKind, ProviderInfo};

/// Returns the error for an answer that is still not valid after so many questions.
pub(crate) fn invalid_output(
    info: &ProviderInfo,
    what: &str,
    words: &str,
    answer: &str,
    questions: u32,
) -> Error {
    let after = match questions {
        1 => String::new(),
        questions => format!(" after {questions} questions"),
    };
    Error::new(
        ErrorKind::InvalidOutput,
        format!("the answer is no valid {what}{after}: {words}"),
    )
    .with_provider(&info.name)
    .with_excerpt(answer)
}

/// Returns the error for an answer that is valid by the schema of a type, and still no
/// value of it.
#[cfg(feature = "schemars")]
pub(crate) fn not_deserialized(
    info: &ProviderInfo,
    error: &serde_json::Error,
    answer: &str,
) -> Error {
    let words = format!("the answer cannot be deserialized: {error}");
    Error::new(ErrorKind::InvalidOutput, words)
        .with_provider(&info.name)
        .with_excerpt(answer)
}

/// Adds to the error of a question what its provider cannot know: how long the
/// instructions are, or that this was not the first question.
pub(crate) fn explained(error: Error, instructions: &str, questions: u32) -> Error {
    let error = match error.kind() {
        ErrorKind::ContextLength => {
            let length = instructions.chars().count();
            error.with_context(&format!(
                "the instructions for structured output or tools have {length} characters"
            ))
        }
        _ => error,
    };
    match questions {
        0 | 1 => error,
        number => error.with_context(&format!(
            "in question number {number}, because the answer before was not valid"
        )),
    }
}
