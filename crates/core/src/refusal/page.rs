use super::judged::judged;
use super::plain::plain_text;
use crate::error::{Error, ErrorKind};
use crate::html::{Token, tokens};

/// What the beginning of a body says about the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It is an HTML page.
    Page,
    /// It is something else.
    Other,
    /// What has come so far can become either.
    Open,
}

/// Returns whether a body is a whole HTML page: it opens with a doctype or with
/// the tag `html`, `head` or `body`, after comments at most. A fragment such as
/// `<b>…` is not a page: models write those too.
pub fn is_html_page(body: &str) -> bool {
    // The tag may be all there is.
    opening(&format!("{} ", judged(body))) == Opening::Page
}

/// Judges the beginning of a body.
pub(crate) fn opening(start: &str) -> Opening {
    let mut rest = start;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = [("<!--", "-->"), ("<?xml", "?>")]
            .iter()
            .find_map(|(begin, end)| Some((rest.strip_prefix(begin)?, end)));
        match end {
            Some((inside, end)) => match inside.split_once(end) {
                Some((_, after)) => rest = after,
                None => return Opening::Open,
            },
            None => break,
        }
    }
    if rest.is_empty() {
        return Opening::Open;
    }
    let openings = ["<!doctype html", "<html", "<head", "<body"].map(|tag| opens_with(rest, tag));
    if openings.contains(&Opening::Page) {
        Opening::Page
    } else if openings.contains(&Opening::Open)
        || ["<!--", "<?xml"]
            .iter()
            .any(|begin| begin.starts_with(rest))
    {
        Opening::Open
    } else {
        Opening::Other
    }
}

/// Whether a text opens with that tag.
fn opens_with(text: &str, tag: &str) -> Opening {
    let common = tag.len().min(text.len());
    let (Some(text), Some(begin)) = (text.split_at_checked(common), tag.get(..common)) else {
        return Opening::Other;
    };
    let (text, after) = text;
    if !text.eq_ignore_ascii_case(begin) {
        Opening::Other
    } else if common < tag.len() || after.is_empty() {
        Opening::Open
    } else if after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') {
        // The tag has a longer name.
        Opening::Other
    } else {
        Opening::Page
    }
}

/// Returns the title of an HTML page, on one line.
pub fn page_title(page: &str) -> Option<String> {
    let mut tokens = tokens(judged(page));
    tokens.find(|token| matches!(token, Token::Start(tag) if tag.is("title")))?;
    let mut title = String::new();
    for token in tokens {
        match token {
            Token::Text(text) => title.push_str(&String::from_utf8_lossy(&text)),
            Token::Start(_) | Token::End(_) => break,
        }
    }
    let words: Vec<&str> = title.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The error for an HTML page where something else should be: `wanted` names
/// it, for example "an answer". What the page says stands in its
/// [detail](Error::detail).
pub fn page_error(page: &str, wanted: &str) -> Error {
    Error::new(
        ErrorKind::Blocked,
        format!(
            "the server sent an HTML page instead of {wanted}: \
             a login, a firewall, or the address of something else"
        ),
    )
    .with_detail(
        &page_title(page)
            .or_else(|| first_line(page))
            .unwrap_or_default(),
    )
    .with_excerpt(page)
}

/// Returns the first line of a page or a text, without markup: what a person
/// would see of it first.
pub fn first_line(body: &str) -> Option<String> {
    let plain = plain_text(body);
    let mut lines = plain.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).map(str::to_owned)
}
