//! Finds secrets by the names that they stand under, and takes them out.

use std::collections::BTreeSet;

use chatwire_core::Secret;
use chatwire_core::provider_kit::Redactor;

/// What the names of secrets have in them, in lower case.
const NAMES: [&str; 15] = [
    "auth",
    "cookie",
    "credential",
    "csrf",
    "jwt",
    "key",
    "nonce",
    "passwd",
    "password",
    "secret",
    "session",
    "signature",
    "ticket",
    "token",
    "xsrf",
];

/// Shorter values are not taken for secrets: they would be found everywhere.
const SHORTEST: usize = 8;

const MASK: &str = "[redacted]";

/// Whether this is the name of a secret: of a header, a parameter or a member.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Counts of tokens are no secrets.
    !name.ends_with("tokens") && NAMES.iter().any(|known| name.contains(known))
}

/// The secrets of one exchange.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeSet<String>);

impl Found {
    fn add(&mut self, value: &str) {
        if value.len() >= SHORTEST {
            self.0.insert(value.to_owned());
        }
    }

    /// Learns what a header has, if its name says that it is a secret.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        if !is_secret(name) {
            return;
        }
        self.add(value.trim());
        // A scheme and a token; cookies, each with attributes.
        for word in value.split([' ', ';', ',']) {
            self.add(word.trim());
            if let Some((_, value)) = word.split_once('=') {
                self.add(value.trim());
            }
        }
    }

    /// Learns the parameters of a query or of a form.
    pub(super) fn parameters(&mut self, text: &str) {
        for pair in text.split(['&', '?']) {
            if let Some((name, value)) = pair.split_once('=')
                && is_secret(name)
            {
                self.add(value);
            }
        }
    }

    /// Learns the members of JSON, also within events, pages and texts.
    pub(super) fn members(&mut self, text: &str) {
        let text = text.replace("&quot;", "\"");
        let bare = |part: &str| part.trim_matches(['\\', ' ', '\t', '\r', '\n']).to_owned();
        let mut before = (String::new(), String::new());
        for part in text.split('"') {
            let (name, colon) = &before;
            if colon == ":" && is_secret(name) {
                self.add(&bare(part));
            }
            before = (before.1, bare(part));
        }
    }

    /// Tells the redactor, which forgets the oldest exchanges.
    pub(super) fn tell(self, redactor: &Redactor) {
        redactor.add_all(self.0.into_iter().map(Secret::new));
    }
}

/// The value of a header as it is written down.
pub(super) fn header(name: &str, value: &str, redactor: &Redactor) -> String {
    match is_secret(name) {
        true => MASK.to_owned(),
        false => redactor.text(value).into_owned(),
    }
}

/// A body in the same pieces without the secrets. One that is cut by a piece's end goes
/// into the piece in which it begins.
pub(super) fn pieces(pieces: &[&[u8]], redactor: &Redactor) -> Vec<Vec<u8>> {
    let whole: Vec<u8> = pieces.concat();
    let mut ends = Vec::with_capacity(pieces.len());
    let mut end = 0;
    for piece in pieces {
        end += piece.len();
        ends.push(end);
    }
    let mut cleaned = vec![Vec::new(); pieces.len()];
    let (mut piece, mut at) = (0, 0);
    // White space and control characters stay where they are: no secret has them.
    for word in whole.split_inclusive(u8::is_ascii_whitespace) {
        let is_space = word.last().is_some_and(u8::is_ascii_whitespace);
        let text = word
            .get(..word.len() - usize::from(is_space))
            .unwrap_or_default();
        let clean = std::str::from_utf8(text)
            .ok()
            .map(|text| (text, redactor.text(text)))
            .filter(|(text, clean)| clean.contains(MASK) && text != clean)
            .map(|(_, clean)| clean.into_owned());
        for (index, byte) in word.iter().enumerate() {
            while ends.get(piece).is_some_and(|end| at >= *end) {
                piece += 1;
            }
            if let Some(to) = cleaned.get_mut(piece) {
                match &clean {
                    Some(clean) if index == 0 => to.extend_from_slice(clean.as_bytes()),
                    Some(_) if index < text.len() => {}
                    _ => to.push(*byte),
                }
            }
            at += 1;
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_and_taken_out() {
        let mut found = Found::default();
        found.header("Authorization", "Bearer sk-12345678");
        found.header("Set-Cookie", "sid=abcdefgh12; Path=/; HttpOnly");
        found.header("Content-Type", "application/json-stays");
        found.parameters("/x?api_key=qwertyuiop&page=shown-value");
        found.members(r#"data: {"restNonce":"f00dfacade","max_tokens":"not-a-secret"}"#);
        found.members(r#"<div data-params="{&quot;session_id&quot;: &quot;s3ss10nid&quot;}">"#);
        found.members(r#"{"a":"{\"accessToken\":\"t0ken-inside\"}"}"#);
        let redactor = Redactor::new();
        found.tell(&redactor);
        for (text, expected) in [
            ("key sk-12345678 end", "key [redacted] end"),
            (
                "{\"k\":\"sk-12345678\"}\r\n\r\n",
                "{\"k\":\"[redacted]\"}\r\n\r\n",
            ),
            (
                "abcdefgh12 qwertyuiop f00dfacade s3ss10nid t0ken-inside",
                "[redacted] [redacted] [redacted] [redacted] [redacted]",
            ),
            (
                "application/json-stays shown-value not-a-secret",
                "application/json-stays shown-value not-a-secret",
            ),
        ] {
            for cut in 0..text.len() {
                let (start, rest) = text.as_bytes().split_at(cut);
                let clean = pieces(&[start, rest], &redactor);
                assert_eq!(clean.len(), 2);
                assert_eq!(
                    String::from_utf8(clean.concat()).unwrap(),
                    expected,
                    "{cut}"
                );
            }
        }
        assert_eq!(header("X-WP-Nonce", "x", &redactor), MASK);
        assert_eq!(
            header("server", "of sk-12345678", &redactor),
            "of [redacted]"
        );
    }
}
