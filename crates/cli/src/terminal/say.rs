use std::io::{self, IsTerminal as _, Write as _};

use super::filter::{exact, json};

/// Prints a message on standard error. It is no error if that is closed.
pub(crate) fn say(message: &str) {
    let message = exact(message);
    for line in message.lines() {
        let _ = writeln!(io::stderr(), "chatwire: {line}");
    }
}

/// Prints a message on standard error where a spinner may be turning.
pub(crate) fn say_over(message: &str) {
    if io::stderr().is_terminal() {
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
    say(message);
}

/// Prints the result of a command on standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let shown = match io::stdout().is_terminal() {
        true => exact(text),
        false => text.into(),
    };
    write(&shown)
}

/// Prints a result that is JSON.
pub(crate) fn print_json(text: &str) -> io::Result<()> {
    let shown = match io::stdout().is_terminal() {
        true => json(text),
        false => text.into(),
    };
    write(&shown)
}

fn write(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()
}
