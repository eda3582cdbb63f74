//! System messages, as a site forwards them to its model.

use chatwire_core::{Error, ErrorKind};

/// What stands before a system prompt that is sent as a user turn. It keeps the
/// model from taking it for a question, and an answer from quoting it.
const PREFACE: &str = "These are instructions for you, for every answer in this conversation. \
                       Follow them; do not mention or repeat them.\n\n";

/// What the assistant says to it. Some models refuse two turns of one role in a
/// row.
pub(crate) const ACKNOWLEDGED: &str = "Understood.";

/// The user turn that carries a system prompt.
pub(crate) fn as_turn(prompt: &str) -> String {
    format!("{PREFACE}{prompt}")
}

/// Checks that `instructions` arrive as they are: plugins since 2.5 decode
/// HTML entities in them, and replace placeholders.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`], with the text that would change.
pub(crate) fn check_instructions(prompt: &str) -> Result<(), Error> {
    let Some(changed) = placeholder(prompt).or_else(|| entity(prompt)) else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::InvalidRequest,
        format!(
            "the site would change {changed:?} in the system prompt: reword it, or send the \
             prompt as a turn (system_prompt = \"turn\")"
        ),
    ))
}

/// The first `{NAME}`, which becomes `[N/A]` or what the site knows by it.
fn placeholder(text: &str) -> Option<&str> {
    text.match_indices('{').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c == '_'))?;
        let is_one = end > 0 && rest.get(end..)?.starts_with('}');
        is_one.then(|| text.get(at..at + end + 2)).flatten()
    })
}

/// The longest entity of HTML 4 has ten characters.
const MAX_ENTITY: usize = 12;

/// The first `&name;` or `&#123;`.
fn entity(text: &str) -> Option<&str> {
    text.match_indices('&').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let end = rest.bytes().take(MAX_ENTITY).position(|b| b == b';')?;
        let name = rest.get(..end)?;
        let numbered = name.strip_prefix('#');
        let digits = numbered.unwrap_or(name);
        let is_one = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
        is_one.then(|| text.get(at..at + end + 2)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::check_instructions;

    #[test]
    fn what_a_site_would_change_is_named() {
        for (prompt, changed) in [
            ("Be brief.", None),
            ("Use JSON: {\"a\": {}} and {lower} {A1} {A", None),
            ("Tom & Jerry; a && b;", None),
            ("Today is {DATE}.", Some("{DATE}")),
            ("{{USER_LOGIN}}", Some("{USER_LOGIN}")),
            ("Write &lt;b&gt;", Some("&lt;")),
            ("a &amp; b", Some("&amp;")),
            ("&#123;NAME}", Some("&#123;")),
            ("&#x27;", Some("&#x27;")),
            ("ä&ö;&eacute;", Some("&eacute;")),
        ] {
            let error = check_instructions(prompt).err();
            let said = error.map(|error| error.to_string());
            match changed {
                None => assert_eq!(said, None, "{prompt}"),
                Some(changed) => {
                    assert!(said.unwrap_or_default().contains(changed), "{prompt}");
                }
            }
        }
    }
}
