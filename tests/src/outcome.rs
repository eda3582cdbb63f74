//! Reads a decoder to its end. The fuzz targets, which are another workspace,
//! include this file.

use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::{Error, ErrorKind, ReplyEvent};

/// What a body comes to: the text, the notes, and how it ended.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// The texts, joined.
    pub text: String,
    /// The notes about progress.
    pub notes: Vec<String>,
    /// The end, if it came to one.
    pub end: Result<Option<ReplyEvent>, ErrorKind>,
}

/// Decodes a body from these pieces. An error may come sooner or later,
/// depending on the pieces, but it must be the same one.
pub fn outcome<'a>(
    mut decoder: Box<dyn ReplyDecoder>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut outcome = Outcome {
        text: String::new(),
        notes: Vec::new(),
        end: Ok(None),
    };
    for piece in pieces.into_iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(Bytes::copy_from_slice(piece)),
            None => decoder.end(),
        }
        loop {
            match decoder.next_event() {
                Ok(Some(ReplyEvent::Text(text))) => outcome.text.push_str(&text),
                Ok(Some(ReplyEvent::Progress { text, .. })) => outcome.notes.push(text),
                Ok(None) => break,
                Ok(end) => {
                    outcome.end = Ok(end);
                    return outcome;
                }
                Err(error) => {
                    check_error(&error);
                    outcome.end = Err(error.kind());
                    return outcome;
                }
            }
        }
    }
    outcome
}

/// What holds for every error.
fn check_error(error: &Error) {
    assert!(!error.to_string().is_empty());
    assert!(
        error
            .excerpt()
            .is_none_or(|it| it.len() <= Error::EXCERPT_MAX)
    );
}
