//! Code blocks in Markdown.

/// What stands in the first fenced code block, with the line end of each of
/// its lines.
pub(crate) fn first_code_block(markdown: &str) -> Option<String> {
    let mut lines = markdown.split_inclusive('\n');
    let (fence, indent) = lines.by_ref().find_map(opening)?;
    let mut code = String::new();
    for line in lines {
        if closes(line, fence) {
            return Some(code);
        }
        let blanks = line.len() - line.trim_start_matches(' ').len();
        code.push_str(line.get(blanks.min(indent)..).unwrap_or_default());
    }
    // A block that is never closed ends with the text.
    (!code.is_empty()).then_some(code)
}

/// The fence that a line opens, and how far it is indented.
fn opening(line: &str) -> Option<(&str, usize)> {
    let rest = line.trim_start_matches(' ');
    let mark = rest.chars().next().filter(|&c| c == '`' || c == '~')?;
    let length = rest.len() - rest.trim_start_matches(mark).len();
    let (fence, info) = rest.split_at(length);
    (length >= 3 && !info.contains('`')).then_some((fence, line.len() - rest.len()))
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim();
    let mark = fence.chars().next().unwrap_or('`');
    line.len() >= fence.len() && line.chars().all(|c| c == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_of_several() {
        for (text, code) in [
            ("no code", None),
            ("inline ``` not a block", None),
            (
                "a\n```sh\nls -l\n\ndf\n```\nb\n```\nc\n```",
                Some("ls -l\n\ndf\n"),
            ),
            ("~~~~\n~~~\n```\n~~~~\n", Some("~~~\n```\n")),
            (
                "1. one:\n   ```py\n   if a:\n       b\n   ```\n",
                Some("if a:\n    b\n"),
            ),
            ("```\ncut off", Some("cut off")),
            ("```\n```", Some("")),
        ] {
            assert_eq!(first_code_block(text).as_deref(), code, "{text:?}");
        }
    }
}
