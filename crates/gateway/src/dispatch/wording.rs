//! The words of an error, as a client may see them.

/// What stands instead of the address of a backend.
const BACKEND: &str = "the backend";

/// How many clauses of a parser are looked for in one error.
const MAX_CLAUSES: usize = 4;

/// Takes out of the words of an error what only the owner of the gateway should
/// see, or can understand: addresses of the backend, numbers of the operating
/// system, and what a parser says. The log has them all.
pub(super) fn for_clients(message: &str, base_url: &str) -> String {
    let message = without_addresses(message, base_url);
    let message = without_os_errors(&message);
    without_parser_words(message)
}

/// Replaces every URL that begins with the origin of the base URL.
fn without_addresses(message: &str, base_url: &str) -> String {
    let Some(origin) = origin(base_url) else {
        return message.to_owned();
    };
    let mut words = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(origin) {
        words.push_str(before);
        words.push_str(BACKEND);
        let url_end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ')' | '>' | ','))
            .unwrap_or(after.len());
        let url = after.get(..url_end).unwrap_or_default();
        // What ends a clause is no part of the URL.
        let kept = url.trim_end_matches([':', ';', '.']).len();
        rest = after.get(kept..).unwrap_or_default();
    }
    words.push_str(rest);
    words
}

/// The scheme and the host of a URL, with its port.
fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + "://".len();
    let rest = url.get(host..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(..host + end).filter(|_| end > 0)
}

/// Cuts the numbers out that the system gives its errors.
fn without_os_errors(message: &str) -> String {
    const MARK: &str = " (os error ";
    let mut words = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(MARK) {
        words.push_str(before);
        match after.split_once(')') {
            Some((number, after)) if number.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                rest = after;
            }
            _ => {
                words.push_str(MARK);
                rest = after;
            }
        }
    }
    words.push_str(rest);
    words
}

/// Cuts the clause out in which a parser of JSON says what it expected, in words
/// of its own programming language.
fn without_parser_words(mut message: String) -> String {
    const MARK: &str = " at line ";
    let mut from = 0;
    // No error of ours has more than one; a backend's could have any number.
    for _ in 0..MAX_CLAUSES {
        let Some(found) = message.get(from..).and_then(|rest| rest.find(MARK)) else {
            break;
        };
        let mark = from + found;
        let after = mark + MARK.len();
        let Some(length) = position(message.get(after..).unwrap_or_default()) else {
            from = after;
            continue;
        };
        let before = message.get(..mark).unwrap_or_default();
        let clause = before.rfind(": ").unwrap_or(mark);
        // "invalid type: integer `7`, expected u32" has two parts.
        let head = before.get(..clause).unwrap_or_default();
        let start = match head.rsplit_once(": ") {
            Some((outer, "invalid type" | "invalid value" | "invalid length")) => outer.len(),
            _ => clause,
        };
        message.replace_range(start..after + length, "");
        from = start;
    }
    message
}

/// How long `LINE column COLUMN` is, if the text begins with that.
fn position(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let line = digits(text);
    let rest = text.get(line..)?.strip_prefix(" column ")?;
    let column = digits(rest);
    (line > 0 && column > 0).then_some(line + " column ".len() + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_words() {
        let base = "http://10.0.0.5:3000/blog";
        for (message, expected) in [
            (
                "cannot connect to http://10.0.0.5:3000/blog/wp-json: Connection refused (os error 111)",
                "cannot connect to the backend: Connection refused",
            ),
            (
                "no answer from http://10.0.0.5:3000/: it closed",
                "no answer from the backend: it closed",
            ),
            (
                "it redirects to \"http://10.0.0.5:3000/login?a=b\", see http://10.0.0.5:3000.",
                "it redirects to \"the backend\", see the backend.",
            ),
            (
                "see https://example.org/limits (os error of ours)",
                "see https://example.org/limits (os error of ours)",
            ),
            (
                "the end of the answer cannot be read: invalid type: integer `7`, expected u32 at line 1 column 97",
                "the end of the answer cannot be read",
            ),
            (
                "the list cannot be read: EOF while parsing a value at line 12 column 3 (HTTP 200)",
                "the list cannot be read (HTTP 200)",
            ),
            ("expected value at line 1 column 1", "expected value"),
            ("look at line 5 of the log", "look at line 5 of the log"),
            (" at line column ", " at line column "),
            ("é: ü at line 1 column 2é", "éé"),
            ("", ""),
        ] {
            assert_eq!(for_clients(message, base), expected, "{message}");
        }
        for base in ["", "http://", "x", "/"] {
            assert_eq!(
                for_clients("at http://a/b", base),
                "at http://a/b",
                "{base}"
            );
        }
    }

    #[test]
    fn long_words_cost_little() {
        for piece in [" at line 1 column 2", " (os error ", "http://a", ": "] {
            let message = piece.repeat(2_000);
            assert!(for_clients(&message, "http://a").len() <= 2 * message.len() + 11);
        }
    }
}
