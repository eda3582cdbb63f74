//! Lines of standard input that is no terminal.

use std::collections::VecDeque;
use std::io::{self, BufRead as _};

use super::input::unreadable;
use super::text::{TextLines, text};
use crate::bounded::read_rest;
use crate::failure::Failure;
use crate::terminal::goes_on;

/// Reads messages, whatever their encoding.
#[derive(Debug, Default)]
pub(crate) struct Piped {
    lines: TextLines,
    /// All that is left, where lines do not end in one byte.
    wide: Option<VecDeque<String>>,
    begun: bool,
}

impl Piped {
    /// The next message, which can have several lines; `None` at the end.
    pub(crate) fn message(&mut self) -> Result<Option<String>, Failure> {
        let mut message = String::new();
        let mut lines = 0;
        while let Some(line) = self.line().map_err(|error| unreadable(&error))? {
            if lines > 0 {
                message.push('\n');
            }
            lines += 1;
            message.push_str(&line);
            if !goes_on(&message) {
                break;
            }
        }
        Ok((lines > 0).then_some(message))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        if let Some(wide) = &mut self.wide {
            return Ok(wide.pop_front());
        }
        let mut input = io::stdin().lock();
        let mut bytes = Vec::new();
        input.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let is_first = !std::mem::replace(&mut self.begun, true);
        if is_first && matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            read_rest(&mut input, &mut bytes)?;
            let text = text("standard input", bytes);
            let wide = self.wide.insert(text.lines().map(str::to_owned).collect());
            return Ok(wide.pop_front());
        }
        let line = self.lines.text("standard input", bytes);
        let bare = line.strip_suffix('\n').unwrap_or(&line);
        Ok(Some(bare.strip_suffix('\r').unwrap_or(bare).to_owned()))
    }
}
