//! What 3.6.2 does to the system prompt that a request brings.

use super::user::SiteUser;

/// What `{DATE_TIME}` becomes; the mock has no clock.
const DATE_TIME: &str = "November 28, 2026 at 9:00 AM";

/// The system prompt with its entities decoded and its placeholders replaced.
pub(crate) fn edited(prompt: &str, user: Option<&SiteUser>) -> String {
    replace_placeholders(&decode_entities(prompt), user)
}

/// Decodes the entities of characters that are special in HTML, and numeric ones. PHP knows 240
/// more by name, such as `&eacute;`; they are left as they are.
fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        decoded.push_str(before);
        let end = entity.bytes().take(12).position(|byte| byte == b';');
        let found = end.and_then(|end| {
            let name = entity.get(1..end)?;
            Some((character(name)?, entity.get(end + 1..)?))
        });
        rest = match found {
            Some((character, after)) => {
                decoded.push(character);
                after
            }
            None => {
                decoded.push('&');
                entity.get(1..).unwrap_or_default()
            }
        };
    }
    decoded.push_str(rest);
    decoded
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "amp" => Some('&'),
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

/// Replaces `{DATE_TIME}` and what is known of the user; every other name in capitals becomes
/// `[N/A]`.
fn replace_placeholders(text: &str, user: Option<&SiteUser>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at + 1);
        let length = after
            .bytes()
            .take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_')
            .count();
        let (name, behind) = after.split_at(length);
        match behind.strip_prefix('}').filter(|_| length > 0) {
            Some(behind) => {
                replaced.push_str(before.strip_suffix('{').unwrap_or(before));
                replaced.push_str(match (name, user) {
                    ("DATE_TIME", _) => DATE_TIME,
                    ("USER_LOGIN" | "DISPLAY_NAME", Some(user)) => &user.name,
                    _ => "[N/A]",
                });
                rest = behind;
            }
            None => {
                replaced.push_str(before);
                replaced.push_str(name);
                rest = behind;
            }
        }
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::edited;
    use crate::SiteUser;

    #[test]
    fn as_recorded() {
        let ann = SiteUser::member("ann");
        let cases = [
            (
                "a &lt;b&gt; &amp;amp; {DATE} {TIME}",
                None,
                "a <b> &amp; [N/A] [N/A]",
            ),
            ("CLIENT {DATE}", None, "CLIENT [N/A]"),
            ("&#039;&#x27;&quot; &bogus; & &", None, "''\" &bogus; & &"),
            ("&amp;#123;A}", None, "&#123;A}"),
            // The entities first: what they decode to is a placeholder then.
            ("&#123;NAME}", None, "[N/A]"),
            ("{DATE_TIME}", None, super::DATE_TIME),
            ("{USER_LOGIN}", None, "[N/A]"),
            ("{USER_LOGIN}", Some(&ann), "ann"),
            ("{a} {} {A1} {{A}} {A", None, "{a} {} {A1} {[N/A]} {A"),
        ];
        for (given, user, expected) in cases {
            assert_eq!(edited(given, user), expected, "{given}");
        }
    }
}
