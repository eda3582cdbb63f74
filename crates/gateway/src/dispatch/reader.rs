use chatwire_core::{Finish, FinishReason, ProgressKind, ReplyEvent};

use super::images::as_markdown;
use super::stop::{Checked, StopMatcher};
use crate::completion::{CompletionEnd, CompletionEvent, Timing};

/// Turns the events of a provider into those of a completion: applies the stop
/// sequences, puts images after the text, keeps a doubt for the end, and drops
/// other notes about progress.
///
/// Streamed and whole replies are both folds over what it returns.
#[derive(Debug)]
pub(crate) struct CompletionReader {
    stop: Option<Box<StopMatcher>>,
    any_text: bool,
    doubt: Option<String>,
}

impl CompletionReader {
    pub(crate) fn new(stop: Option<StopMatcher>) -> CompletionReader {
        CompletionReader {
            stop: stop.map(Box::new),
            any_text: false,
            doubt: None,
        }
    }

    /// Reads the next event. Nothing must be read after the end.
    pub(crate) fn read(&mut self, event: ReplyEvent) -> CompletionEvent {
        match event {
            ReplyEvent::Text(text) => self.read_text(text),
            ReplyEvent::Finish(finish) => self.read_finish(finish),
            ReplyEvent::Progress {
                kind: ProgressKind::Doubt,
                text,
            } => {
                self.doubt = Some(text);
                CompletionEvent::default()
            }
            // The APIs have no place for notes about the work.
            _ => CompletionEvent::default(),
        }
    }

    fn read_text(&mut self, text: String) -> CompletionEvent {
        self.any_text = true;
        match self.stop.as_mut().map(|stop| stop.push(&text)) {
            None => CompletionEvent {
                delta: text,
                end: None,
            },
            Some(Checked::Text(delta)) => CompletionEvent { delta, end: None },
            Some(Checked::Stopped(delta, stop)) => CompletionEvent {
                delta,
                end: Some(stopped_at(stop)),
            },
        }
    }

    fn read_finish(&mut self, finish: Finish) -> CompletionEvent {
        let mut delta = match &mut self.stop {
            Some(stop) => stop.finish(),
            None => String::new(),
        };
        delta.push_str(&as_markdown(&finish.images, self.any_text));
        let mut end = CompletionEnd {
            reason: finish.reason,
            stop_sequence: None,
            usage: finish.usage,
            is_estimated: false,
            text: None,
            doubt: self.doubt.take(),
            timing: Timing::default(),
        };
        // The authoritative text may differ from the one that came, so the
        // stop sequences are looked for once more.
        if let Some(mut text) = finish.text {
            match self.stop.as_ref().and_then(|stop| stop.cut(&mut text)) {
                Some(stop) => end = stopped_at(stop),
                None => text.push_str(&as_markdown(&finish.images, !text.is_empty())),
            }
            end.text = Some(text);
        }
        CompletionEvent {
            delta,
            end: Some(end),
        }
    }
}

/// The backend had more to say, so it did not count the tokens.
fn stopped_at(stop: String) -> CompletionEnd {
    CompletionEnd {
        reason: FinishReason::Stop,
        stop_sequence: Some(stop),
        usage: None,
        is_estimated: false,
        text: None,
        // What comes after the stop sequence is left out on purpose.
        doubt: None,
        timing: Timing::default(),
    }
}

#[cfg(test)]
mod tests {
    use chatwire_core::Usage;

    use super::*;

    /// Reads the events: the deltas joined, the text of a whole reply, and the
    /// end.
    fn read(stops: &[&str], events: Vec<ReplyEvent>) -> (String, String, CompletionEnd) {
        let stops = stops.iter().map(|s| (*s).to_owned()).collect();
        let mut reader = CompletionReader::new(StopMatcher::new(stops).unwrap());
        let mut streamed = String::new();
        for event in events {
            let event = reader.read(event);
            streamed.push_str(&event.delta);
            if let Some(end) = event.end {
                let whole = end.text.clone().unwrap_or_else(|| streamed.clone());
                return (streamed, whole, end);
            }
        }
        panic!("no end");
    }

    #[test]
    fn a_table_of_cases() {
        let text = |text: &str| ReplyEvent::Text(text.to_owned());
        let note = || ReplyEvent::Progress {
            kind: ProgressKind::Status,
            text: "working".into(),
        };
        let finish = || Finish::new(FinishReason::Eof).with_usage(Some(Usage::new()));
        let images = || finish().with_images(vec!["http://x/1.png".into()]);
        let end = ReplyEvent::Finish;
        // stop sequences, events, streamed text, whole text, stop sequence
        for (stops, events, streamed, whole, stop) in [
            (
                &[][..],
                vec![text("a"), note(), text("b"), end(finish())],
                "ab",
                "ab",
                None,
            ),
            (&["b"], vec![text("a"), text("bc")], "a", "a", Some("b")),
            (
                &["bcd"],
                vec![text("abc"), end(finish())],
                "abc",
                "abc",
                None,
            ),
            (
                &[],
                vec![text("a"), end(images())],
                "a\n\n![](http://x/1.png)",
                "a\n\n![](http://x/1.png)",
                None,
            ),
            (
                &[],
                vec![end(images())],
                "![](http://x/1.png)",
                "![](http://x/1.png)",
                None,
            ),
            (
                &[],
                vec![text("ab"), end(finish().with_text("AB"))],
                "ab",
                "AB",
                None,
            ),
            (
                &[],
                vec![text("ab"), end(images().with_text("AB"))],
                "ab\n\n![](http://x/1.png)",
                "AB\n\n![](http://x/1.png)",
                None,
            ),
            (
                &["B"],
                vec![text("ab"), end(images().with_text("ABC"))],
                "ab\n\n![](http://x/1.png)",
                "A",
                Some("B"),
            ),
        ] {
            let (got_streamed, got_whole, got_end) = read(stops, events.clone());
            assert_eq!(got_streamed, streamed, "{events:?}");
            assert_eq!(got_whole, whole, "{events:?}");
            assert_eq!(got_end.stop_sequence.as_deref(), stop, "{events:?}");
            assert_eq!(got_end.usage.is_some(), stop.is_none(), "{events:?}");
        }
    }
}
