//! Small work on texts that come from servers.

/// What stands at the end of a text that was cut.
pub(crate) const CUT: &str = "…";

/// The text, or as much of it as makes at most `max` bytes with a mark at its
/// end that it was cut. It is cut between two characters.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max.saturating_sub(CUT.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// Takes tags out of a message and resolves the five entities that PHP writes,
/// so that it reads as text: sites put markup into their error messages.
pub fn plain(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        plain.push_str(before);
        let inside = tag.get(1..).unwrap_or_default();
        // Only what looks like a tag is one: "a < b" stays.
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            plain.push('<');
            rest = inside;
            continue;
        }
        let Some((inside, after)) = inside.split_once('>') else {
            // No tag ends from here on, so none has to be looked for.
            rest = tag;
            break;
        };
        if separates(inside) && !plain.is_empty() && !plain.ends_with(char::is_whitespace) {
            plain.push(' ');
        }
        rest = after;
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

/// Whether the words on both sides of a tag stand apart, as with `br` and `p`,
/// unlike those around a `b` or an `a`.
fn separates(tag: &str) -> bool {
    const WITHIN_LINES: &[&str] = &[
        "a", "abbr", "b", "bdi", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
        "small", "span", "strong", "sub", "sup", "u", "wbr",
    ];
    let name = tag.trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or_default();
    !WITHIN_LINES
        .iter()
        .any(|within| within.eq_ignore_ascii_case(name))
}

/// Whether a body is an HTML page: it opens with a doctype or the root tag,
/// after comments at most.
pub fn is_html_page(body: &str) -> bool {
    let mut start = body;
    loop {
        start = start.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let comment = start
            .strip_prefix("<!--")
            .and_then(|rest| rest.split_once("-->"));
        let prolog = start
            .strip_prefix("<?xml")
            .and_then(|rest| rest.split_once("?>"));
        match comment.or(prolog) {
            Some((_, rest)) => start = rest,
            None => break,
        }
    }
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| {
            let Some((begin, rest)) = start.split_at_checked(tag.len()) else {
                return false;
            };
            begin.eq_ignore_ascii_case(tag)
                && !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-')
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
