use super::judged::judged;
use crate::html::{Token, tokens};

/// Tags between whose content no space is put: they mark words within a line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
    "small", "span", "strong", "sub", "sup", "u", "wbr",
];

/// Elements whose content is not shown.
const HIDDEN: &[&str] = &["noscript", "script", "style", "template", "title"];

/// Reads markup as text: drops tags, comments, scripts and styles, and resolves
/// entities. Sites put markup into their error messages.
///
/// What only looks like a tag stays, as in `a < b`. At most the first
/// [64 KiB](super::JUDGED) are read.
///
/// ```
/// use chatwire_core::provider_kit::refusal::plain_text;
///
/// assert_eq!(plain_text("<p>Tom &amp; Jerry</p><p>it&#039;s <b>late</b>"), "Tom & Jerry it's late");
/// ```
pub fn plain_text(markup: &str) -> String {
    let (markup, open_tag) = split_open_tag(judged(markup));
    let mut plain = String::with_capacity(markup.len());
    let mut hidden: Option<Vec<u8>> = None;
    for token in tokens(markup) {
        match token {
            Token::Start(tag) => {
                if hidden.is_none() && is_one_of(HIDDEN, &tag.name) && !tag.is_self_closing {
                    hidden = Some(tag.name);
                } else {
                    separate(&mut plain, &tag.name);
                }
            }
            Token::End(name) => {
                if hidden.as_ref() == Some(&name) {
                    hidden = None;
                }
                separate(&mut plain, &name);
            }
            Token::Text(text) if hidden.is_none() => {
                plain.push_str(&String::from_utf8_lossy(&text));
            }
            Token::Text(_) => {}
        }
    }
    plain.push_str(open_tag);
    // Some servers send a byte order mark before their words.
    let is_blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    plain.trim_matches(is_blank).to_owned()
}

/// Splits off what starts as a tag and does not end: a tokenizer drops it, but
/// in a message it is text.
fn split_open_tag(markup: &str) -> (&str, &str) {
    match markup.rfind('<') {
        Some(at) if !markup.get(at..).unwrap_or_default().contains('>') => {
            markup.split_at_checked(at).unwrap_or((markup, ""))
        }
        _ => (markup, ""),
    }
}

/// Keeps the words on both sides of a tag apart, unless it is an inline one.
fn separate(plain: &mut String, tag: &[u8]) {
    if !plain.is_empty() && !plain.ends_with(char::is_whitespace) && !is_one_of(INLINE, tag) {
        plain.push(' ');
    }
}

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}
