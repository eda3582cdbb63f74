//! Times and sizes of an answer, for `--usage`.

use chatwire::Usage;
use tokio::time::{Duration, Instant};

use crate::terminal::say;

/// Counts while an answer arrives.
#[derive(Debug)]
pub(crate) struct Meter {
    started: Instant,
    first: Option<Duration>,
    pieces: usize,
    characters: usize,
}

impl Meter {
    /// Starts the clock; call it when the question is sent.
    pub(crate) fn start() -> Meter {
        Meter {
            started: Instant::now(),
            first: None,
            pieces: 0,
            characters: 0,
        }
    }

    /// Counts a piece.
    pub(crate) fn text(&mut self, piece: &str) {
        self.first.get_or_insert_with(|| self.started.elapsed());
        self.pieces += 1;
        self.characters += piece.chars().count();
    }

    /// Prints the report.
    pub(crate) fn report(&self, usage: Option<Usage>) {
        say(&self.line(self.started.elapsed(), usage));
    }

    fn line(&self, total: Duration, usage: Option<Usage>) -> String {
        let first = self.first.map_or("none".to_owned(), |first| {
            format!("after {:.3} s", first.as_secs_f64())
        });
        let mut line = format!(
            "first text {first}, all after {:.3} s, {} pieces, {} characters",
            total.as_secs_f64(),
            self.pieces,
            self.characters
        );
        let Some(usage) = usage else {
            return line;
        };
        for (tokens, what) in [
            (usage.prompt_tokens, "tokens of the question"),
            (usage.completion_tokens, "tokens of the answer"),
            (usage.total_tokens, "tokens together"),
        ] {
            if let Some(tokens) = tokens {
                line.push_str(&format!(", {tokens} {what}"));
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line() {
        let mut meter = Meter::start();
        let total = Duration::from_millis(1500);
        assert_eq!(
            meter.line(total, None),
            "first text none, all after 1.500 s, 0 pieces, 0 characters"
        );
        meter.first = Some(Duration::from_millis(20));
        meter.text("né");
        let usage = Usage::new()
            .with_completion_tokens(Some(1))
            .with_total_tokens(Some(9));
        assert_eq!(
            meter.line(total, Some(usage)),
            "first text after 0.020 s, all after 1.500 s, 1 pieces, 2 characters, \
             1 tokens of the answer, 9 tokens together"
        );
    }
}
