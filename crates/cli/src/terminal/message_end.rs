//! Where a message ends: at Enter, unless more input follows at once.
//!
//! Terminals without bracketed paste send pasted lines as if they were typed. The
//! line editor reads ahead and shows nobody what it holds, so Enter does not
//! submit: it sets the terminal to end the input after a short silence, and the
//! editor goes on. If another key comes first, it was a paste, and Enter becomes a
//! new line. Otherwise the editor reports the end of the input, and the line that
//! was held is the message.

use std::sync::{Arc, Mutex, PoisonError};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, Movement,
    RepeatCount,
};

use super::fence::Fence;

/// The binding of every key, and what it holds.
#[derive(Debug, Clone, Default)]
pub(super) struct MessageEnd(Arc<Mutex<Option<Held>>>);

/// A message that ends if no key follows.
#[derive(Debug)]
struct Held {
    message: String,
    /// Whether the key was a carriage return: a line feed may belong to it.
    is_return: bool,
}

impl MessageEnd {
    /// Takes the message out that was held when the editor stopped.
    pub(super) fn take(&self) -> Option<String> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.take().map(|it| it.message)
    }
}

/// Whether a line goes on: after a backslash, and in an open code block.
pub(crate) fn goes_on(input: &str) -> bool {
    input.ends_with('\\') || Fence::open_at_end(input).is_some()
}

impl ConditionalEventHandler for MessageEnd {
    fn handle(
        &self,
        event: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let key = Key::of(*event.get(0)?);
        let line = context.line();
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = slot.take() else {
            return match key {
                Key::NewLine => Some(Cmd::Newline),
                // Without bracketed paste, the tabs of pasted code are keys too.
                Key::Tab if !line.starts_with('/') => Some(Cmd::Insert(1, "\t".to_owned())),
                Key::Return | Key::LineFeed if !goes_on(line) && silence::ends_input(true) => {
                    *slot = Some(Held {
                        message: line.to_owned(),
                        is_return: key == Key::Return,
                    });
                    Some(Cmd::Move(Movement::EndOfBuffer))
                }
                _ => None,
            };
        };
        match key {
            Key::LineFeed if held.is_return => {
                *slot = Some(Held {
                    is_return: false,
                    ..held
                });
                return Some(Cmd::Noop);
            }
            Key::Return | Key::LineFeed => {
                *slot = Some(Held {
                    message: format!("{line}\n"),
                    is_return: key == Key::Return,
                });
                return Some(Cmd::Insert(1, "\n".to_owned()));
            }
            _ => {}
        }
        silence::ends_input(false);
        match key {
            Key::Text(c) => Some(Cmd::Insert(1, format!("\n{c}"))),
            Key::Tab => Some(Cmd::Insert(1, "\n\t".to_owned())),
            Key::NewLine => Some(Cmd::Insert(1, "\n\n".to_owned())),
            // What is pasted comes as keys then.
            Key::Paste => Some(Cmd::Insert(1, "\n".to_owned())),
            Key::Interrupt => None,
            Key::Return | Key::LineFeed | Key::Other => Some(Cmd::AcceptLine),
        }
    }
}

/// What a key means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Return,
    LineFeed,
    /// A new line in the message: Alt-Enter, where the terminal passes it on, and
    /// Ctrl-J's neighbour Ctrl-O everywhere.
    NewLine,
    Tab,
    Text(char),
    Paste,
    Interrupt,
    Other,
}

impl Key {
    fn of(KeyEvent(code, modifiers): KeyEvent) -> Key {
        match code {
            KeyCode::Enter if modifiers == Modifiers::ALT => Key::NewLine,
            KeyCode::Char('O') if modifiers == Modifiers::CTRL => Key::NewLine,
            KeyCode::Char('J') if modifiers == Modifiers::CTRL => Key::LineFeed,
            KeyCode::Char('M') if modifiers == Modifiers::CTRL => Key::Return,
            KeyCode::Char('I') if modifiers == Modifiers::CTRL => Key::Tab,
            KeyCode::Char('C') if modifiers == Modifiers::CTRL => Key::Interrupt,
            KeyCode::Enter if modifiers.is_empty() => Key::Return,
            KeyCode::Tab if modifiers.is_empty() => Key::Tab,
            KeyCode::Char(c) if modifiers.is_empty() => Key::Text(c),
            KeyCode::BracketedPasteStart => Key::Paste,
            _ => Key::Other,
        }
    }
}

/// The silence after which a message ends.
#[cfg(unix)]
pub(super) mod silence {
    use std::io::stdin;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

    /// Nobody presses a key so soon after Enter; the pieces of a paste over a slow
    /// connection come closer together than that.
    const TENTHS: u8 = 1;

    /// Sets whether reading the terminal ends after the silence. The editor resets
    /// it with each line. False: the terminal cannot do it.
    pub(super) fn ends_input(ends: bool) -> bool {
        let stdin = stdin();
        let Ok(mut mode) = tcgetattr(&stdin) else {
            return false;
        };
        let (least, tenths) = if ends { (0, TENTHS) } else { (1, 0) };
        mode.special_codes[SpecialCodeIndex::VMIN] = least;
        mode.special_codes[SpecialCodeIndex::VTIME] = tenths;
        tcsetattr(&stdin, OptionalActions::Now, &mode).is_ok()
    }

    /// Whether more input comes before the silence is over, where the editor does
    /// not read ahead.
    pub(in super::super) fn is_broken() -> bool {
        let stdin = stdin();
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(TENTHS) * 100_000_000,
        };
        let mut input = [PollFd::new(&stdin, PollFlags::IN)];
        poll(&mut input, Some(&limit)).is_ok_and(|ready| ready > 0)
    }
}

/// Consoles whose silence cannot be measured: Enter submits.
#[cfg(not(unix))]
pub(super) mod silence {
    pub(super) fn ends_input(_: bool) -> bool {
        false
    }

    pub(in super::super) fn is_broken() -> bool {
        false
    }
}
