use chatwire_core::{Error, ErrorKind};

/// The formats that are read, for errors.
const EXPECTED: &str = "expected a session that chatwire wrote, a Netscape cookies.txt, \
                        the JSON export of a cookie extension such as Cookie-Editor, or a HAR file";

/// The error for text in none of the formats.
pub(super) fn unknown(place: &str) -> Error {
    invalid(&format!("this is not a browser session{place}: {EXPECTED}"))
}

/// The error for JSON that cannot be read. serde's own message can repeat a
/// value, so only the place is passed on.
pub(super) fn json_error(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    unknown(&format!(" (see line {line}, column {column})"))
}

pub(super) fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, what)
}
