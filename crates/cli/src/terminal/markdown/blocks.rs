//! Where the blocks of a text begin.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::page::options;

/// The blocks of whole lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    /// Where the lines begin with which the blocks and the list items do that no
    /// other block is around, but for the first.
    pub(super) starts: Vec<usize>,
    /// Where the code begins that is the last of all.
    pub(super) code: Option<usize>,
}

/// Finds the blocks.
pub(super) fn blocks(text: &str) -> Blocks {
    let mut starts = Vec::new();
    let mut code = None;
    let mut depth = 0_usize;
    let mut in_list = false;
    let mut in_code = false;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match &event {
            Event::Start(tag) => {
                if depth == 0 || (depth == 1 && in_list && matches!(tag, Tag::Item)) {
                    starts.push(range.start);
                }
                if depth == 0 {
                    in_list = matches!(tag, Tag::List(_));
                }
                depth += 1;
                in_code = matches!(tag, Tag::CodeBlock(_));
                code =
                    matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(_))).then_some(range.start);
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {
                if depth == 0 {
                    starts.push(range.start);
                }
                if !in_code {
                    code = None;
                }
            }
        }
        if matches!(event, Event::End(_)) {
            in_code = false;
        }
    }
    let line_start = |offset: usize| {
        let before = text.get(..offset).unwrap_or_default();
        before.rfind('\n').map_or(0, |at| at + 1)
    };
    let mut starts: Vec<usize> = starts.into_iter().map(line_start).collect();
    starts.dedup();
    if !starts.is_empty() {
        starts.remove(0);
    }
    Blocks { starts, code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        for (text, starts, code) in [
            ("a\n", &[][..], None),
            ("a\n\nb\n", &[3], None),
            ("# a\nb\n***\n", &[4, 6], None),
            ("- a\n  - b\n- c\n", &[10], None),
            ("a\n- b\n\n  c\n\nd\n", &[2, 12], None),
            ("```\na\n", &[], Some(0)),
            ("a\n\n  ```\na\n", &[3], Some(5)),
            ("- a\n  ```\n  b\n", &[], Some(6)),
            ("```\na\n```\nb\n", &[10], None),
            ("> a\n\n    b\n", &[5], None),
        ] {
            let found = blocks(text);
            assert_eq!(
                (found.starts.as_slice(), found.code),
                (starts, code),
                "{text:?}"
            );
        }
    }
}
