use chatwire_core::{Finish, FinishReason, ProgressKind, ReplyEvent, ToolCall};

use super::images::as_markdown;
use super::stop::{Checked, StopMatcher};
use crate::completion::{CompletionEnd, CompletionEvent, Emulation, Timing};

/// Turns the events of a provider into those of a completion: applies the stop
/// sequences, puts images after the text, keeps a doubt and what was emulated for
/// the end, and drops other notes about progress.
///
/// Streamed and whole replies are both folds over what it returns.
#[derive(Debug)]
pub(crate) struct CompletionReader {
    stop: Option<Box<StopMatcher>>,
    any_text: bool,
    doubt: Option<String>,
    emulation: Option<Emulation>,
}

impl CompletionReader {
    pub(crate) fn new(stop: Option<StopMatcher>) -> CompletionReader {
        CompletionReader {
            stop: stop.map(Box::new),
            any_text: false,
            doubt: None,
            emulation: None,
        }
    }

    /// Reads the next event. Nothing must be read after the end.
    pub(crate) fn read(&mut self, event: ReplyEvent) -> CompletionEvent {
        match event {
            ReplyEvent::Text(text) => self.read_text(text),
            ReplyEvent::Finish(finish) => self.read_finish(finish),
            ReplyEvent::ToolCall(call) => self.read_call(call),
            ReplyEvent::Progress {
                kind: ProgressKind::Doubt,
                text,
            } => {
                self.doubt = Some(text);
                CompletionEvent::default()
            }
            ReplyEvent::Progress {
                kind: ProgressKind::Emulated,
                text,
            } => {
                self.emulation = Some(Emulation::parse(&text));
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
                ..CompletionEvent::default()
            },
            Some(Checked::Text(delta)) => CompletionEvent {
                delta,
                ..CompletionEvent::default()
            },
            Some(Checked::Stopped(delta, stop)) => CompletionEvent {
                delta,
                end: Some(stopped_at(stop, self.emulation.take())),
                ..CompletionEvent::default()
            },
        }
    }

    /// A call ends what may have been the beginning of a stop sequence, and is not
    /// searched for one itself.
    fn read_call(&mut self, call: ToolCall) -> CompletionEvent {
        self.any_text = true;
        CompletionEvent {
            delta: self
                .stop
                .as_mut()
                .map(|stop| stop.finish())
                .unwrap_or_default(),
            call: Some(call),
            end: None,
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
            emulation: self.emulation.take(),
            timing: Timing::default(),
        };
        // The authoritative text may differ from the one that came, so the
        // stop sequences are looked for once more.
        if let Some(mut text) = finish.text {
            match self.stop.as_ref().and_then(|stop| stop.cut(&mut text)) {
                Some(stop) => end = stopped_at(stop, end.emulation),
                None => text.push_str(&as_markdown(&finish.images, !text.is_empty())),
            }
            end.text = Some(text);
        }
        CompletionEvent {
            delta,
            call: None,
            end: Some(end),
        }
    }
}

/// The backend had more to say, so it did not count the tokens.
fn stopped_at(stop: String, emulation: Option<Emulation>) -> CompletionEnd {
    CompletionEnd {
        reason: FinishReason::Stop,
        stop_sequence: Some(stop),
        usage: None,
        is_estimated: false,
        text: None,
        // What comes after the stop sequence is left out on purpose.
        doubt: None,
        emulation,
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
    fn calls_and_what_was_emulated() {
        let call = ToolCall::new("1", "a", "{}");
        let stops = vec!["END".to_owned()];
        let mut reader = CompletionReader::new(StopMatcher::new(stops).unwrap());
        let note = |text: &str| ReplyEvent::Progress {
            kind: ProgressKind::Emulated,
            text: text.into(),
        };
        assert_eq!(
            reader.read(note("tools; questions=2")),
            CompletionEvent::default()
        );
        assert_eq!(reader.read(ReplyEvent::Text("so EN".into())).delta, "so ");
        let event = reader.read(ReplyEvent::ToolCall(call.clone()));
        assert_eq!((event.delta.as_str(), event.call), ("EN", Some(call)));
        assert_eq!(reader.read(ReplyEvent::Text("D".into())).delta, "D");
        let finish = Finish::new(FinishReason::ToolCalls);
        let end = reader.read(ReplyEvent::Finish(finish)).end.unwrap();
        let emulation = end.emulation.unwrap();
        assert_eq!((emulation.mode.as_str(), emulation.questions), ("tools", 2));
        assert_eq!(emulation.to_string(), "tools; questions=2");
        for (note, mode, questions) in [
            ("json_object", "json_object", 1),
            ("json_object; questions=x", "json_object", 1),
            ("json_schema;questions=3", "json_schema", 3),
        ] {
            let emulation = Emulation::parse(note);
            assert_eq!(
                (emulation.mode.as_str(), emulation.questions),
                (mode, questions)
            );
        }
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
