//! Small work on texts that come from servers.

/// The longest beginning of `text` of at most `max` bytes that ends between
/// two characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Takes tags out of a message and resolves the five entities that PHP writes,
/// so that it reads as text: sites put markup into their error messages.
pub fn plain(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        plain.push_str(before);
        // Only what looks like a tag is one: "a < b" stays.
        let is_tag = tag
            .chars()
            .nth(1)
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match tag.find('>') {
            Some(end) if is_tag => {
                if !plain.is_empty() && !plain.ends_with(char::is_whitespace) {
                    plain.push(' ');
                }
                rest = tag.get(end + 1..).unwrap_or_default();
            }
            _ => {
                plain.push('<');
                rest = tag.get(1..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    for (entity, text) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&amp;", "&"),
    ] {
        if plain.contains(entity) {
            plain = plain.replace(entity, text);
        }
    }
    plain.trim().to_owned()
}

/// Whether a body is an HTML page: it opens with a doctype or the root tag.
pub fn is_html_page(body: &str) -> bool {
    let start = body.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| {
            start
                .get(..tag.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(tag))
        })
}

/// The title of an HTML page, where it has one.
pub(crate) fn html_title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let title = plain(page.get(start..end)?);
    (!title.is_empty()).then_some(title)
}
