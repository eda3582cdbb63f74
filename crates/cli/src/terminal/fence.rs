//! Fenced code blocks in Markdown, for the renderer, the line editor and
//! `--extract`.

use std::fmt;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// The line that opened a block of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    mark: char,
    length: usize,
    /// Its indentation. In a list, the lines of code have the same.
    indent: usize,
}

/// The shortest fence that the block may begin with.
impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.length).try_for_each(|_| write!(f, "{}", self.mark))
    }
}

impl Fence {
    /// The fence that a line opens, outside of code.
    fn opened_by(line: &str) -> Option<Fence> {
        let rest = line.trim_start_matches(' ');
        let mark = rest.chars().next().filter(|&c| c == '`' || c == '~')?;
        let info = rest.trim_start_matches(mark);
        let length = rest.len() - info.len();
        let inline = mark == '`' && info.contains('`');
        (length >= 3 && !inline).then_some(Fence {
            mark,
            length,
            indent: line.len() - rest.len(),
        })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|c| c == self.mark)
    }

    /// The fence that is open after a line, of the one before it.
    pub(super) fn after(open: Option<Fence>, line: &str) -> Option<Fence> {
        match open {
            None => Fence::opened_by(line),
            open => open.filter(|fence| !fence.is_closed_by(line)),
        }
    }

    /// The fence that is open at the end of a text.
    pub(super) fn open_at_end(text: &str) -> Option<Fence> {
        text.lines().fold(None, Fence::after)
    }
}

/// The content of the first fenced code block, with the line end of each of its
/// lines. A block that is never closed ends with the text.
pub(crate) fn first_code_block(markdown: &str) -> Option<String> {
    // Models indent fences more than Markdown allows, and cut answers off after one.
    let parsed = parsed_code_block(markdown).filter(|code| !code.is_empty());
    parsed.or_else(|| code_block_by_lines(markdown))
}

/// As Markdown has it: also in quotes, and behind the marker of a list item.
fn parsed_code_block(markdown: &str) -> Option<String> {
    let mut code: Option<String> = None;
    for event in Parser::new(markdown) {
        match (event, &mut code) {
            (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))), code) => {
                *code = Some(String::new());
            }
            (Event::Text(text), Some(code)) => code.push_str(&text),
            (Event::End(TagEnd::CodeBlock), Some(_)) => break,
            _ => {}
        }
    }
    code
}

fn code_block_by_lines(markdown: &str) -> Option<String> {
    let mut lines = markdown.split_inclusive('\n');
    let fence = lines.by_ref().find_map(Fence::opened_by)?;
    let mut code = String::new();
    for line in lines {
        if fence.is_closed_by(line) {
            return Some(code);
        }
        let blanks = line.len() - line.trim_start_matches(' ').len();
        code.push_str(line.get(blanks.min(fence.indent)..).unwrap_or_default());
    }
    (!code.is_empty()).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_of_several() {
        for (text, code) in [
            ("no code", None),
            ("inline ``` not a block", None),
            ("```a`b", None),
            ("~~~a`b\nc\n", Some("c\n")),
            (
                "a\n```sh\nls -l\n\ndf\n```\nb\n```\nc\n```",
                Some("ls -l\n\ndf\n"),
            ),
            ("~~~~\n~~~\n```\n~~~~\n", Some("~~~\n```\n")),
            ("````\n```\na\n```\n````\n", Some("```\na\n```\n")),
            (
                "1. one:\n   ```py\n   if a:\n       b\n   ```\n",
                Some("if a:\n    b\n"),
            ),
            ("> Run:\n> ```\n> ls\n>   -l\n> ```\n", Some("ls\n  -l\n")),
            ("1. ```sh\n   ls\n   ```\n2. b", Some("ls\n")),
            ("- - ```\n    a\n\n    b\n    ```", Some("a\n\nb\n")),
            ("    ```\n    a\n    ```\n", Some("a\n")),
            ("```\r\na\r\n```\r\n", Some("a\n")),
            ("a\n```", None),
            ("```\ncut off", Some("cut off")),
            ("```\n```", Some("")),
        ] {
            assert_eq!(first_code_block(text).as_deref(), code, "{text:?}");
        }
    }

    #[test]
    fn open_at_the_end() {
        for (text, fence) in [
            ("a", None),
            ("```\na", Some("```")),
            ("```rust\na\n```", None),
            ("```\na\n~~~", Some("```")),
            ("````\n```\na\n```", Some("````")),
            ("  ~~~\na\n", Some("~~~")),
            ("```a```", None),
        ] {
            let open = Fence::open_at_end(text).map(|fence| fence.to_string());
            assert_eq!(open.as_deref(), fence, "{text:?}");
        }
    }
}
