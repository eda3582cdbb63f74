//! Failures: their messages and exit codes.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use chatwire::{Error, ErrorKind};

use crate::signals::Signal;
use crate::terminal::say;

/// Why there is no whole answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage; nothing was sent.
    Usage(String),
    /// An error of a provider, with advice if there is any.
    Provider(Error, Option<String>),
    /// A signal, such as Ctrl-C.
    Cancelled(Signal),
    /// The reader of standard output has closed it.
    ClosedPipe,
    /// Anything else.
    Other(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Provider(error, _) => code_of(error),
            Failure::Cancelled(signal) => signal.exit_code(),
            // A reader that closes the pipe has what it wanted.
            Failure::ClosedPipe => 0,
            Failure::Other(_) => 1,
        }
    }

    /// Logs how a question ended that has no whole answer, with the time since it
    /// began: the last line of what `-v` tells.
    pub(crate) fn log(&self, elapsed: Duration) {
        let (end, status) = match self {
            Failure::Usage(_) => ("usage", None),
            Failure::Provider(error, _) => (error.kind().as_str(), error.status()),
            Failure::Cancelled(_) => ("cancelled", None),
            Failure::ClosedPipe => ("closed_pipe", None),
            Failure::Other(_) => ("other", None),
        };
        tracing::debug!(end, status, ?elapsed, "failed");
    }

    /// Prints the message, if there is one, and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::Usage(message) | Failure::Other(message) => say(message),
            Failure::Provider(error, advice) => {
                say(&error.to_string());
                if let Some(advice) = advice {
                    say(advice);
                }
            }
            Failure::Cancelled(_) | Failure::ClosedPipe => {}
        }
        ExitCode::from(self.code())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Provider(error, None)
    }
}

/// For what is written to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Other(format!("standard output cannot be written: {error}")),
        }
    }
}

/// The exit code for an error of a provider.
pub(crate) fn code_of(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::InvalidRequest => 2,
        ErrorKind::UnknownProvider | ErrorKind::UnsupportedModel => 3,
        ErrorKind::Credentials => 4,
        ErrorKind::RateLimited => 5,
        ErrorKind::Connect | ErrorKind::Timeout(_) => 6,
        ErrorKind::ContextLength
        | ErrorKind::Refused
        | ErrorKind::Blocked
        | ErrorKind::Status
        | ErrorKind::Protocol
        | ErrorKind::InvalidOutput
        | ErrorKind::LimitExceeded(_) => 7,
        ErrorKind::Truncated | ErrorKind::Interrupted => 8,
        ErrorKind::AllFailed => error.attempts().last().map_or(7, code_of),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use chatwire::{Limit, TimeoutPhase};

    use super::*;

    #[test]
    fn codes() {
        for (kind, code) in [
            (ErrorKind::InvalidRequest, 2),
            (ErrorKind::UnknownProvider, 3),
            (ErrorKind::UnsupportedModel, 3),
            (ErrorKind::Credentials, 4),
            (ErrorKind::RateLimited, 5),
            (ErrorKind::Connect, 6),
            (ErrorKind::Timeout(TimeoutPhase::Idle), 6),
            (ErrorKind::ContextLength, 7),
            (ErrorKind::Refused, 7),
            (ErrorKind::Blocked, 7),
            (ErrorKind::Status, 7),
            (ErrorKind::Protocol, 7),
            (ErrorKind::InvalidOutput, 7),
            (ErrorKind::LimitExceeded(Limit::Reply), 7),
            (ErrorKind::Truncated, 8),
            (ErrorKind::Interrupted, 8),
        ] {
            let error = Error::new(kind, "");
            assert_eq!(code_of(&error), code, "{kind:?}");
            let all = Error::new(ErrorKind::AllFailed, "")
                .with_attempts(vec![Error::new(ErrorKind::Connect, ""), error]);
            assert_eq!(code_of(&all), code, "all failed, last {kind:?}");
        }
    }
}
