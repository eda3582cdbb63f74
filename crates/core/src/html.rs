//! HTML as a browser reads it, in linear time whatever it is made of.

use std::borrow::Cow;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

/// How many attributes of a tag are read: more than any page has.
const MAX_ATTRIBUTES: usize = 256;

/// A start tag of a page, such as `<script src="/app.js">`.
#[derive(Debug)]
pub struct Tag {
    pub(crate) name: Vec<u8>,
    attributes: Vec<Attribute>,
    pub(crate) is_self_closing: bool,
}

#[derive(Debug)]
struct Attribute {
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Tag {
    /// Returns `true` if the tag has this name, given in lower case.
    pub fn is(&self, name: &str) -> bool {
        self.name == name.as_bytes()
    }

    /// The value of an attribute, its entities resolved. The name is given in
    /// lower case. Of several with the name, the first counts.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|attribute| attribute.name == name.as_bytes())?;
        Some(String::from_utf8_lossy(&found.value))
    }
}

/// The start tags of a page, or of a piece of one, in order. Text inside a
/// comment, a script or a style is no tag.
///
/// ```
/// use chatwire_core::provider_kit::html::tags;
///
/// let page = r#"<!-- <script src="/old.js"> --><SCRIPT SRC="/app.js?a&amp;b"></SCRIPT>"#;
/// let script = tags(page).find(|tag| tag.is("script")).unwrap();
/// assert_eq!(script.attribute("src").unwrap(), "/app.js?a&b");
/// ```
pub fn tags(page: &str) -> impl Iterator<Item = Tag> {
    tokens(page).filter_map(|token| match token {
        Token::Start(tag) => Some(tag),
        Token::End(_) | Token::Text(_) => None,
    })
}

/// A piece of a page.
#[derive(Debug)]
pub(crate) enum Token {
    Start(Tag),
    /// An end tag, of which only the name counts.
    End(Vec<u8>),
    /// What stands between tags, its entities resolved.
    Text(Vec<u8>),
}

/// The tokens of a page, or of a piece of one.
pub(crate) fn tokens(page: &str) -> impl Iterator<Item = Token> {
    let mut open = OpenTag::default();
    let read = move |event: CallbackEvent<'_>, _: Span<()>| open.token(&event);
    let mut emitter = CallbackEmitter::new(read);
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter).flatten()
}

/// The start tag that is being read.
#[derive(Default)]
struct OpenTag {
    tag: Option<Tag>,
    /// Whether the value belongs to the last attribute that was kept.
    is_kept: bool,
}

impl OpenTag {
    /// Takes in what the parser has read. Returns what is complete.
    fn token(&mut self, event: &CallbackEvent<'_>) -> Option<Token> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Some(Tag {
                    name: name.to_vec(),
                    attributes: Vec::new(),
                    is_self_closing: false,
                });
                None
            }
            CallbackEvent::AttributeName { name } => {
                let attributes = &mut self.tag.as_mut()?.attributes;
                self.is_kept = attributes.len() < MAX_ATTRIBUTES;
                if self.is_kept {
                    attributes.push(Attribute {
                        name: name.to_vec(),
                        value: Vec::new(),
                    });
                }
                None
            }
            CallbackEvent::AttributeValue { value } => {
                let attributes = &mut self.tag.as_mut()?.attributes;
                let last = attributes.last_mut().filter(|_| self.is_kept)?;
                last.value = value.to_vec();
                None
            }
            CallbackEvent::CloseStartTag { self_closing } => {
                let mut tag = self.tag.take()?;
                tag.is_self_closing = *self_closing;
                Some(Token::Start(tag))
            }
            CallbackEvent::EndTag { name } => {
                self.tag = None;
                Some(Token::End(name.to_vec()))
            }
            CallbackEvent::String { value } => Some(Token::Text(value.to_vec())),
            CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_tags() {
        let many: String = (0..300).map(|n| format!(" a{n}={n}")).collect();
        for (page, read) in [
            ("", vec![]),
            ("<a>", vec!["a"]),
            ("<A B=1 B=2 c>x", vec!["a b=1 b=2 c="]),
            ("<a b='&lt;' c=\"d e\"/>", vec!["a b=< c=d e /"]),
            ("<a b=1", vec![]),
            ("<a b=1></a c=2><d e=3>", vec!["a b=1", "d e=3"]),
            ("<a b='1<c d=2>", vec![]),
            ("<!-- <a> --><b><!doctype html>", vec!["b"]),
            (
                "<script><a></script><title><b></title>",
                vec!["script", "title"],
            ),
            ("<a\0b=\u{fffd}>", vec!["a\u{fffd}b=\u{fffd}"]),
            ("<a =b=c>", vec!["a =b=c"]),
        ] {
            let shown = |tag: Tag| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let mut all = text(&tag.name);
                for attribute in &tag.attributes {
                    let (name, value) = (text(&attribute.name), text(&attribute.value));
                    all.push_str(&format!(" {name}={value}"));
                }
                all.push_str(if tag.is_self_closing { " /" } else { "" });
                all
            };
            assert_eq!(tags(page).map(shown).collect::<Vec<_>>(), read, "{page:?}");
        }

        let page = format!("<a{many}><b c=1 c=2>");
        let tags: Vec<Tag> = tags(&page).collect();
        assert_eq!(tags[0].attribute("a255").as_deref(), Some("255"));
        assert_eq!(tags[0].attribute("a256"), None);
        assert_eq!(tags[1].attribute("c").as_deref(), Some("1"));
    }
}
