//! Server-sent events as the steps of an answer.

use serde_json::Value;

use crate::answers::{Answer, Ending, Gate, Step};
use crate::server::Pacing;

/// Collects events, with the pauses of the pacing between them.
pub(crate) struct Events<'a> {
    pacing: &'a Pacing,
    steps: Vec<Step>,
}

impl<'a> Events<'a> {
    pub(crate) fn new(pacing: &'a Pacing) -> Self {
        Self {
            pacing,
            steps: Vec::new(),
        }
    }

    pub(crate) fn pacing(&self) -> &Pacing {
        self.pacing
    }

    /// Adds an event without a name.
    pub(crate) fn data(&mut self, data: &Value) {
        self.send(format!("data: {data}\n\n"));
    }

    /// Adds an event with the name that its data has as `type`.
    pub(crate) fn named(&mut self, data: &Value) {
        let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
        self.send(format!("event: {name}\ndata: {data}\n\n"));
    }

    /// Adds these bytes as they are.
    pub(crate) fn send(&mut self, bytes: String) {
        if let (Some(delay), false) = (self.pacing.delay, self.steps.is_empty()) {
            self.steps.push(Step::Delay(delay));
        }
        self.steps.push(Step::Piece(bytes.into()));
    }

    pub(crate) fn wait(&mut self, gate: &Gate) {
        self.steps.push(Step::Wait(gate.clone()));
    }

    /// The answer that sends the events.
    pub(crate) fn answer(self) -> Answer {
        let answer = Answer::status(200)
            .header("content-type", "text/event-stream; charset=utf-8")
            .header("cache-control", "no-cache");
        let steps = self.steps.into_iter();
        steps.fold(answer, Answer::step).ending(Ending::Clean)
    }
}
