use std::io::{self, Write as _};

use super::filter::without_controls;

/// Prints a message on standard error. It is no error if that is closed.
pub(crate) fn say(message: &str) {
    let message = without_controls(message);
    for line in message.lines() {
        let _ = writeln!(io::stderr(), "chatwire: {line}");
    }
}

/// Prints the result of a command on standard output.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let text = without_controls(text);
    io::stdout().write_all(text.as_bytes())?;
    io::stdout().flush()
}
