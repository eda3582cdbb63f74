//! HTML as a browser reads it, in linear time whatever it is made of.

use std::borrow::Cow;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// A start tag of a page, such as `<script src="/app.js">`.
#[derive(Debug)]
pub struct Tag(StartTag<()>);

impl Tag {
    /// Returns `true` if the tag has this name, given in lower case.
    pub fn is(&self, name: &str) -> bool {
        **self.0.name == *name.as_bytes()
    }

    /// The value of an attribute, its entities resolved. The name is given in
    /// lower case.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.0.attributes.get(name.as_bytes())?;
        Some(String::from_utf8_lossy(value))
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
        Token::StartTag(tag) => Some(Tag(tag)),
        _ => None,
    })
}

/// The tokens of a page, or of a piece of one.
pub(crate) fn tokens(page: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(page, emitter).flatten()
}
