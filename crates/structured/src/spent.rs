use chatwire_core::{Extra, Finish, ProgressKind, ReplyEvent, Usage};

/// What an answer took: how many questions, and their tokens.
#[derive(Debug, Clone)]
pub(crate) struct Spent {
    mode: &'static str,
    questions: u32,
    usage: Option<Usage>,
}

impl Spent {
    pub(crate) fn new(mode: &'static str) -> Spent {
        Spent {
            mode,
            questions: 0,
            usage: None,
        }
    }

    /// Counts a question.
    pub(crate) fn ask(&mut self) {
        self.questions = self.questions.saturating_add(1);
    }

    /// Adds the tokens of an answer. A number that any of the answers lacks is not
    /// there in the sum.
    pub(crate) fn add(&mut self, usage: Option<Usage>) {
        let usage = usage.unwrap_or_default();
        let sum = |before: Option<u64>, now: Option<u64>| Some(before?.saturating_add(now?));
        self.usage = Some(match self.usage {
            None => usage,
            Some(before) => Usage::new()
                .with_prompt_tokens(sum(before.prompt_tokens, usage.prompt_tokens))
                .with_completion_tokens(sum(before.completion_tokens, usage.completion_tokens))
                .with_total_tokens(sum(before.total_tokens, usage.total_tokens)),
        });
    }

    pub(crate) fn questions(&self) -> u32 {
        self.questions
    }

    /// Returns the note that comes before the first text or call.
    pub(crate) fn note(&self) -> ReplyEvent {
        ReplyEvent::Progress {
            kind: ProgressKind::Emulated,
            text: format!("{}; questions={}", self.mode, self.questions),
        }
    }

    /// Completes the end of the last answer.
    pub(crate) fn finish(&self, mut finish: Finish) -> Finish {
        finish.usage = self.usage.filter(|usage| *usage != Usage::new());
        finish.with_extra(Extra::new(
            "emulated",
            format!(
                r#"{{"mode":"{}","questions":{}}}"#,
                self.mode, self.questions
            ),
        ))
    }
}
