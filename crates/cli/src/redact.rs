//! A configuration without its secrets.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

const REDACTED: &str = "\"[redacted]\"";

/// The text of a configuration with everything that may be secret replaced;
/// comments are left out, since secrets are often put there for a while.
pub(crate) fn redacted(text: &str) -> String {
    let Ok(table) = DeTable::parse(text) else {
        return String::new();
    };
    let mut spans = Vec::new();
    find(table.get_ref(), &mut Vec::new(), &mut spans);
    spans.sort_unstable_by_key(|span: &(usize, usize, String)| std::cmp::Reverse(span.0));
    let mut shown = text.to_owned();
    for (start, end, with) in spans {
        if shown.get(start..end).is_some() {
            shown.replace_range(start..end, &with);
        }
    }
    without_comments(&shown)
}

/// The text without comments, and without the lines that were nothing else.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    // What ends the string that is open.
    let mut string: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let comment = comment_in(line, &mut string);
        let content = line.get(..comment).unwrap_or_default();
        if comment == line.len() {
            kept.push_str(line);
        } else if !content.trim().is_empty() {
            kept.push_str(content.trim_end());
            kept.push('\n');
        }
    }
    kept
}

/// Where the comment of a line begins, or its end where it has none.
fn comment_in<'t>(line: &'t str, string: &mut Option<&'t str>) -> usize {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match *string {
            Some(quote) if rest.starts_with(quote) => {
                *string = None;
                taken = quote.len();
            }
            // An escaped character, which may be a quote.
            Some(quote) if quote.starts_with('"') && first == '\\' => {
                taken += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Some(_) => {}
            None if first == '#' => return line.len() - rest.len(),
            None => {
                let quotes = ["\"\"\"", "\'\'\'", "\"", "\'"];
                *string = quotes.into_iter().find(|quote| rest.starts_with(quote));
                taken = string.map_or(taken, str::len);
            }
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    line.len()
}

fn find(table: &DeTable<'_>, path: &mut Vec<String>, spans: &mut Vec<(usize, usize, String)>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        visit(value, path, spans);
        path.pop();
    }
}

fn visit(
    value: &Spanned<DeValue<'_>>,
    path: &mut Vec<String>,
    spans: &mut Vec<(usize, usize, String)>,
) {
    match value.get_ref() {
        DeValue::Table(table) => find(table, path, spans),
        DeValue::Array(values) => values.iter().for_each(|value| visit(value, path, spans)),
        DeValue::String(text) => {
            let with = if is_secret(path) {
                Some(REDACTED.to_owned())
            } else {
                without_password(text).map(|text| format!("{text:?}"))
            };
            if let Some(with) = with {
                let span = value.span();
                spans.push((span.start, span.end, with));
            }
        }
        _ => {}
    }
}

/// Where a secret can stand; the names of variables and files are none.
fn is_secret(path: &[String]) -> bool {
    let last = path.last().map_or("", String::as_str);
    if matches!(last, "env" | "file") {
        return false;
    }
    let within = |name| path.iter().any(|part| part == name);
    if within("options") {
        // An option that is not known to be harmless is not shown.
        let harmless = chatwire::providers()
            .iter()
            .flat_map(|kind| kind.settings)
            .any(|setting| setting.name == last && !setting.secret && last != "session");
        return !harmless;
    }
    within("headers") || within("proxy") || within("api_keys")
}

/// The address without user name and password, if it has any.
fn without_password(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, host) = authority.rsplit_once('@')?;
    let path = rest.get(authority.len()..)?;
    Some(format!("{scheme}://[redacted]@{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go() {
        for (text, kept) in [
            ("a = 1 # b\n# c\n\nd = \"#\" # e\n", "a = 1\n\nd = \"#\"\n"),
            ("a = '#' # b", "a = '#'\n"),
            ("a = \"\\\"#\" # é\n", "a = \"\\\"#\"\n"),
            ("a = \"\"\"\n# é\n\"\"\" # b\n", "a = \"\"\"\n# é\n\"\"\"\n"),
        ] {
            assert_eq!(without_comments(text), kept, "{text}");
        }
    }

    #[test]
    fn secrets_are_replaced() {
        let text = r#"
default = "home" # the key is hush0
# hush1
[http]
proxy = "http://me:hush2@proxy:1"
headers = { x-key = "hush3", cookie = { env = "COOKIE" } }
[endpoints.home]
provider = "aura"
base_url = "http://me:hush4@host/path"
options = { key = "hush5", token_limit = 8192, model = "m", unknown = 'hush6' }
[gateway]
api_keys = ["hush7", { file = "keys" }]
"#;
        let shown = redacted(text);
        for kept in [
            "COOKIE",
            "\"keys\"",
            "8192",
            "\"m\"",
            "\"aura\"",
            "[redacted]@host/path",
        ] {
            assert!(shown.contains(kept), "no {kept:?} in {shown}");
        }
        for number in 0..8 {
            assert!(
                !shown.contains(&format!("hush{number}")),
                "{number}: {shown}"
            );
        }
    }
}
