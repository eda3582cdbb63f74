//! What a run says about the client.

use chatwire_mock::FaultEffect;

use super::client::Ran;

/// The verdict on one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A whole answer was shown as whole.
    Whole,
    /// An answer that was not whole was not shown as whole.
    Told,
    /// What is right either way.
    Either,
    /// A whole answer was not shown as whole.
    Lost,
    /// The client said nothing of what went wrong.
    Silent,
    /// It did not end.
    Hang,
    /// It was ended by a signal or a panic.
    Crash,
}

impl Verdict {
    pub(super) fn has_passed(self) -> bool {
        matches!(self, Verdict::Whole | Verdict::Told | Verdict::Either)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Verdict::Whole => "whole",
            Verdict::Told => "told",
            Verdict::Either => "either",
            Verdict::Lost => "LOST",
            Verdict::Silent => "SILENT",
            Verdict::Hang => "HANG",
            Verdict::Crash => "CRASH",
        }
    }
}

/// Words of an error, in lower case.
const ERRORS: [&str; 19] = [
    "error",
    "fail",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable",
    "refused",
    "denied",
    "timeout",
    "timed out",
    "reset",
    "closed",
    "interrupted",
    "incomplete",
    "truncated",
    "unexpected",
    "invalid",
    "exception",
];

/// What runtimes say when a program panics.
const PANICS: [&str; 4] = [
    "panicked at ",
    "panic: ",
    "fatal error: ",
    "Segmentation fault",
];

/// What interpreters say of exceptions that were not caught.
const UNCAUGHT: [&str; 3] = [
    "Traceback (most recent call last)",
    "Uncaught ",
    "UnhandledPromiseRejection",
];

/// The exit codes of shells for SIGILL, SIGABRT, SIGBUS, SIGFPE and SIGSEGV.
const CRASHED: [i32; 5] = [132, 134, 135, 136, 139];

/// Judges a run against an answer of this effect and text.
pub(super) fn judge(effect: FaultEffect, ran: &Ran, text: &str, is_strict: bool) -> Verdict {
    let has = |words: &[&str]| words.iter().any(|word| ran.err.contains(word));
    if ran.is_late {
        return Verdict::Hang;
    }
    let is_crash = ran.signal.is_some() || ran.code.is_some_and(|code| CRASHED.contains(&code));
    if is_crash || has(&PANICS) || (is_strict && has(&UNCAUGHT)) {
        return Verdict::Crash;
    }
    let is_shown = shows(&ran.out, text);
    let said = ran.err.to_lowercase();
    let is_told = ran.code != Some(0) || ERRORS.iter().any(|word| said.contains(word));
    match effect {
        FaultEffect::Whole if is_shown && ran.code == Some(0) => Verdict::Whole,
        FaultEffect::Whole => Verdict::Lost,
        FaultEffect::Unclear if is_shown || is_told => Verdict::Either,
        // What came is shown as far as it came, and nobody can tell that it is cut.
        FaultEffect::Unclear if !ran.out.trim().is_empty() => Verdict::Either,
        _ if is_told => Verdict::Told,
        _ => Verdict::Silent,
    }
}

/// Whether all words of a text are in the output, in their order. A client may
/// show them in events, one by one.
fn shows(out: &str, text: &str) -> bool {
    let mut rest = out;
    text.split(' ').all(|word| match rest.split_once(word) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn verdicts() {
        use FaultEffect::{Broken, Unclear, Whole};
        let ran = |code, out: &str, err: &str| Ran {
            code,
            signal: None,
            is_late: false,
            out: out.to_owned(),
            err: err.to_owned(),
            elapsed: Duration::ZERO,
        };
        let late = || Ran {
            is_late: true,
            ..ran(None, "one two", "")
        };
        let killed = || Ran {
            signal: Some(11),
            ..ran(None, "one two", "")
        };
        for (effect, ran, expected) in [
            (Whole, ran(Some(0), "one two\n", ""), Verdict::Whole),
            (Whole, ran(Some(0), "{one }{two}", ""), Verdict::Whole),
            (Whole, ran(Some(0), "two one", ""), Verdict::Lost),
            (Whole, ran(Some(0), "one", ""), Verdict::Lost),
            (Whole, ran(Some(1), "one two", ""), Verdict::Lost),
            (Broken, ran(Some(0), "one two", ""), Verdict::Silent),
            (Broken, ran(Some(0), "one", ""), Verdict::Silent),
            (Broken, ran(Some(0), "one", "loading"), Verdict::Silent),
            (
                Broken,
                ran(Some(0), "one", "Connection RESET"),
                Verdict::Told,
            ),
            (Broken, ran(Some(8), "one", ""), Verdict::Told),
            (
                Broken,
                ran(Some(1), "", "Traceback (most recent call last):"),
                Verdict::Told,
            ),
            (
                Broken,
                ran(Some(101), "", "thread 'main' panicked at x"),
                Verdict::Crash,
            ),
            (Broken, ran(Some(139), "", ""), Verdict::Crash),
            (Broken, killed(), Verdict::Crash),
            (Whole, killed(), Verdict::Crash),
            (Whole, late(), Verdict::Hang),
            (Broken, late(), Verdict::Hang),
            (Unclear, ran(Some(0), "one two", ""), Verdict::Either),
            (Unclear, ran(Some(8), "", ""), Verdict::Either),
            (Unclear, ran(Some(0), "", ""), Verdict::Silent),
        ] {
            assert_eq!(
                judge(effect, &ran, "one two", false),
                expected,
                "{effect:?} {ran:?}"
            );
        }
        let thrown = ran(Some(1), "", "Traceback (most recent call last):");
        assert_eq!(judge(Broken, &thrown, "one", true), Verdict::Crash);
    }
}
