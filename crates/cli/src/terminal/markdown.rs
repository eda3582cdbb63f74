//! Markdown on a terminal, while it arrives.
//!
//! What is finished is printed once. The block that is still being written is
//! printed again, from the first line that changed, with every piece.

use termimad::crossterm::style::{Attribute, Color, force_color_output};
use termimad::{Alignment, MadSkin};

use super::fence::Fence;
use super::size::Size;

/// A block longer than this is printed in parts, so that the work for each
/// piece stays small.
const LONG_BLOCK: usize = 4 * 1024;

/// Narrower terminals are treated as this wide.
const MIN_WIDTH: usize = 20;

/// Turns Markdown that comes in pieces into what a terminal is sent.
pub(crate) struct Markdown {
    skin: MadSkin,
    size: Size,
    /// The source of the block that is being written.
    tail: String,
    /// The lines of it that are on the screen.
    shown: Vec<String>,
    /// Whether any text has arrived; leading blank lines are dropped.
    begun: bool,
}

impl Markdown {
    /// With or without colours; without them, bold and italic remain.
    pub(crate) fn new(colors: bool, size: Size) -> Markdown {
        Markdown {
            skin: skin(colors),
            size,
            tail: String::new(),
            shown: Vec::new(),
            begun: false,
        }
    }

    /// What to send for the next piece of text.
    pub(crate) fn push(&mut self, text: &str, size: Size) -> String {
        let mut out = String::new();
        if size != self.size {
            if size.columns != self.size.columns {
                self.let_go(self.tail.len(), &mut out);
            }
            self.size = size;
        }
        self.tail.push_str(text);
        if !self.begun {
            let blank = self.tail.len() - self.tail.trim_start_matches('\n').len();
            self.tail.drain(..blank);
            self.begun = !self.tail.is_empty();
        }
        while let Some(end) = end_of_block(&self.tail) {
            let block: String = self.tail.drain(..end).collect();
            let content = block.trim_end_matches('\n');
            self.draw(content, &mut out);
            self.shown.clear();
            out.push_str(&"\n".repeat(block.len() - content.len()));
        }
        if self.tail.len() > LONG_BLOCK
            && let Some(line_end) = self.tail.rfind('\n')
        {
            self.let_go(line_end + 1, &mut out);
        } else if self.tail.len() > 16 * LONG_BLOCK {
            self.let_go(self.tail.len(), &mut out);
        }
        let tail = std::mem::take(&mut self.tail);
        self.draw(tail.trim_end_matches('\n'), &mut out);
        self.tail = tail;
        out
    }

    /// What to send when the text is over.
    pub(crate) fn end(&mut self) -> String {
        self.tail.clear();
        self.begun = false;
        if std::mem::take(&mut self.shown).is_empty() {
            String::new()
        } else {
            "\n".to_owned()
        }
    }

    /// Prints the source up to there for good; what follows starts on a line
    /// of its own.
    fn let_go(&mut self, end: usize, out: &mut String) {
        let rest = self.tail.split_off(end);
        let block = std::mem::replace(&mut self.tail, rest);
        let content = block.trim_end_matches('\n');
        self.draw(content, out);
        if !self.shown.is_empty() {
            out.push('\n');
        }
        self.shown.clear();
        if let Some(fence) = Fence::open_at_end(&block) {
            self.tail.insert_str(0, &format!("{fence}\n"));
        }
    }

    /// Updates the block on the screen.
    fn draw(&mut self, source: &str, out: &mut String) {
        let lines = self.render(source);
        let same = self
            .shown
            .iter()
            .zip(&lines)
            .take_while(|(old, new)| old == new)
            .count();
        let kept = self.shown.len();
        if let (Some(old), Some(new)) = (self.shown.last(), lines.get(kept.wrapping_sub(1)))
            && same + 1 >= kept
            && let Some(more) = new.strip_prefix(old.as_str())
        {
            // Only something to add, as for most pieces.
            out.push_str(more);
            for line in lines.iter().skip(kept) {
                out.push('\n');
                out.push_str(line);
            }
        } else if kept == 0 {
            out.push_str(&lines.join("\n"));
        } else {
            // Lines that have left the screen stay as they are.
            let reachable = kept.saturating_sub(self.size.rows.saturating_sub(1).max(1));
            // There can be fewer lines than before; the cursor ends on the last.
            let last = lines.len().saturating_sub(1);
            let from = same.min(kept - 1).min(last).max(reachable);
            let up = kept - 1 - from;
            out.push('\r');
            if up > 0 {
                out.push_str(&format!("\u{1b}[{up}A"));
            }
            for (index, line) in lines.iter().enumerate().skip(from) {
                if index > from {
                    out.push('\n');
                }
                out.push_str(line);
                out.push_str("\u{1b}[K");
            }
            out.push_str("\u{1b}[J");
        }
        self.shown = lines;
    }

    fn render(&self, source: &str) -> Vec<String> {
        if source.is_empty() {
            return Vec::new();
        }
        // The last column stays free: a terminal that wraps there would count
        // lines differently.
        let width = self.size.columns.saturating_sub(1).max(MIN_WIDTH);
        let text = self.skin.text(source, Some(width)).to_string();
        text.trim_end_matches('\n')
            .split('\n')
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}

/// Where the first block that is whole ends: after the blank lines that follow
/// it, outside of code.
fn end_of_block(source: &str) -> Option<usize> {
    let mut fence = None;
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        at += line.len();
        if line == "\n" && fence.is_none() {
            return Some(at);
        }
        fence = Fence::after(fence, line);
    }
    None
}

fn skin(colors: bool) -> MadSkin {
    let mut skin = MadSkin::no_style();
    skin.bold.add_attr(Attribute::Bold);
    skin.italic.add_attr(Attribute::Italic);
    skin.strikeout.add_attr(Attribute::CrossedOut);
    for header in &mut skin.headers {
        header.add_attr(Attribute::Bold);
        header.align = Alignment::Left;
    }
    if let Some(first) = skin.headers.first_mut() {
        first.add_attr(Attribute::Underlined);
    }
    // The decision is made already, from more than the environment.
    force_color_output(colors);
    if colors {
        // The terminal's own palette suits light and dark backgrounds.
        skin.inline_code.set_fg(Color::Cyan);
        skin.code_block.set_fg(Color::Cyan);
        for header in &mut skin.headers {
            header.set_fg(Color::Magenta);
        }
        skin.quote_mark.set_fg(Color::DarkGrey);
        skin.bullet.set_fg(Color::Yellow);
    }
    skin
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        columns: 40,
        rows: 30,
    };

    /// What stands on a terminal after these pieces.
    fn screen(pieces: &[&str]) -> String {
        let mut markdown = Markdown::new(true, SIZE);
        let mut terminal = vt100::Parser::new(
            u16::try_from(SIZE.rows).unwrap().try_into().unwrap(),
            u16::try_from(SIZE.columns).unwrap().try_into().unwrap(),
            100,
        );
        for piece in pieces {
            let sent = markdown.push(piece, SIZE).replace('\n', "\r\n");
            terminal.process(sent.as_bytes());
        }
        terminal.process(markdown.end().replace('\n', "\r\n").as_bytes());
        let text = terminal.screen().contents();
        text.lines()
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect()
    }

    #[test]
    fn pieces_make_no_difference() {
        let source = "# Title\n\nSome **bold** and `code`, long enough that it has to be wrapped somewhere.\n\n\
                      - one\n- two 漢字\n\n```rust\nfn a() {}\n\nfn b() {}\n```\n\nend";
        let whole = screen(&[source]);
        assert!(whole.contains("Some bold and code"), "{whole}");
        assert!(whole.contains("fn a() {}\n\n"), "{whole}");
        assert!(!whole.contains("```") && !whole.contains("**"), "{whole}");
        let chars: Vec<String> = source.chars().map(String::from).collect();
        let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
        assert_eq!(screen(&chars), whole);
        let words: Vec<&str> = source.split_inclusive(' ').collect();
        assert_eq!(screen(&words), whole);
    }

    #[test]
    fn long_lines_of_code() {
        let source = format!("```\nshort\n{}\nend\n```\nafter", "abc ".repeat(40));
        let chars: Vec<String> = source.chars().map(String::from).collect();
        let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
        let whole = screen(&[&source]);
        assert_eq!(screen(&chars), whole);
        assert_eq!(whole.matches("abc").count(), 40, "{whole}");
    }

    #[test]
    fn tables_lists_and_wide_characters() {
        let source = "| a | b |\n|---|---|\n| one | 漢字漢字 |\n| e\u{301} | 👩‍👩‍👧 |\n\n\
                      1. first that is long enough to be wrapped at the end of the line\n   - nested\n2. second\n\n\
                      > quoted text that is long enough to be wrapped too, 漢字漢字漢字漢字漢字\n";
        let chars: Vec<String> = source.chars().map(String::from).collect();
        let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
        assert_eq!(screen(&chars), screen(&[source]));
    }

    #[test]
    fn blocks() {
        for (source, end) in [
            ("a", None),
            ("a\n", None),
            ("a\n\nb", Some(3)),
            ("```\na\n\nb", None),
            ("```\na\n\nb\n```\n\nc", Some(14)),
            ("~~~\n```\n\n~~~\n\n", Some(14)),
        ] {
            assert_eq!(end_of_block(source), end, "{source:?}");
        }
    }

    #[test]
    fn a_new_width_keeps_what_stands() {
        let mut markdown = Markdown::new(false, SIZE);
        let narrow = Size {
            columns: 24,
            ..SIZE
        };
        let mut sent = markdown.push("```\nlet a = 1;\n", SIZE);
        sent += &markdown.push("let b = **2;\n", narrow);
        sent += &markdown.end();
        assert!(sent.contains("let a = 1;"), "{sent:?}");
        assert!(sent.contains("let b = **2;"), "{sent:?}");
        assert!(!sent.contains("```"), "{sent:?}");
    }
}
