/// Follows the code blocks of a text: whether its end is inside of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fences {
    is_inside: bool,
    /// How many backticks the line begins with; `None` once it has other text.
    ticks: Option<u8>,
}

impl Default for Fences {
    fn default() -> Fences {
        Fences {
            is_inside: false,
            ticks: Some(0),
        }
    }
}

impl Fences {
    pub(super) fn read(&mut self, text: &str) {
        for byte in text.bytes() {
            self.ticks = match (byte, self.ticks) {
                (b'\n', _) => Some(0),
                (b' ', Some(0)) => Some(0),
                (b'`', Some(2)) => {
                    self.is_inside = !self.is_inside;
                    None
                }
                (b'`', Some(ticks)) => Some(ticks + 1),
                _ => None,
            };
        }
    }

    pub(super) fn is_inside(self) -> bool {
        self.is_inside
    }

    /// Returns whether what comes next begins a line.
    pub(super) fn is_at_line_start(self) -> bool {
        self.ticks == Some(0)
    }

    /// Returns whether a line is, or may become, the first of a code block.
    pub(super) fn may_open(line: &str) -> bool {
        let line = line.trim();
        match line.strip_prefix("```") {
            Some(language) => language.len() <= 20 && !language.contains('`'),
            None => matches!(line, "`" | "``"),
        }
    }
}
