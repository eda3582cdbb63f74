use std::io::{self, Write as _};

use super::filter::without_controls;

/// One message to the person. That standard error may be closed is no error.
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
