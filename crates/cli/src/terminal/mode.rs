//! How the terminal treats what is typed.

/// The mode that the terminal has before a line editor changes it.
#[derive(Debug)]
pub(crate) struct TerminalMode {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl TerminalMode {
    /// That of standard input now.
    pub(crate) fn now() -> TerminalMode {
        TerminalMode {
            #[cfg(unix)]
            before: rustix::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }

    /// Sets it again when the editor is left within a line. Returns false where
    /// that is not for this program to do.
    #[cfg(unix)]
    pub(crate) fn restore(&self) -> bool {
        use rustix::process::getpgrp;
        use rustix::termios::{OptionalActions, tcgetpgrp, tcsetattr};

        let stdin = std::io::stdin();
        let Some(before) = &self.before else {
            return false;
        };
        // In the background, it would stop the program instead.
        tcgetpgrp(&stdin).is_ok_and(|group| group == getpgrp())
            && tcsetattr(&stdin, OptionalActions::Now, before).is_ok()
    }

    /// The same where a console has no such mode.
    #[cfg(not(unix))]
    pub(crate) fn restore(&self) -> bool {
        false
    }
}
