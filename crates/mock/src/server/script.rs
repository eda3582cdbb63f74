//! The script: which answer comes when.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::pacing::Pacing;
use super::request::RecordedRequest;
use crate::answers::{Answer, Fault};
use crate::sync::lock;

/// Answers every request that no override took.
pub(crate) type Answerer = Arc<dyn Fn(&RecordedRequest, &Script) -> Answer + Send + Sync>;
/// Makes an answer when its turn has come.
pub(crate) type Maker = Arc<dyn Fn(&RecordedRequest, &Pacing) -> Answer + Send + Sync>;
/// Makes an answer if there is one to this question.
pub(crate) type MaybeMaker = Arc<dyn Fn(&RecordedRequest, &Pacing) -> Option<Answer> + Send + Sync>;
type Override = Arc<dyn Fn(&RecordedRequest) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Script {
    overrides: Mutex<Vec<Override>>,
    queue: Mutex<VecDeque<Maker>>,
    model: Mutex<Option<MaybeMaker>>,
    always: Mutex<Option<Maker>>,
    pacing: Mutex<Pacing>,
    fragment: Mutex<Option<usize>>,
    fault: Mutex<Option<Fault>>,
}

impl Script {
    pub(crate) fn push(&self, maker: Maker) {
        lock(&self.queue).push_back(maker);
    }

    pub(crate) fn set_model(&self, model: MaybeMaker) {
        *lock(&self.model) = Some(model);
    }

    pub(crate) fn set_always(&self, maker: Maker) {
        *lock(&self.always) = Some(maker);
    }

    pub(crate) fn add_override(&self, with: Override) {
        lock(&self.overrides).push(with);
    }

    pub(crate) fn set_piece_chars(&self, chars: usize) {
        lock(&self.pacing).piece_chars = Some(chars.max(1));
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        lock(&self.pacing).delay = Some(delay);
    }

    pub(crate) fn pacing(&self) -> Pacing {
        *lock(&self.pacing)
    }

    pub(crate) fn set_fragment(&self, size: usize) {
        *lock(&self.fragment) = (size > 0).then_some(size);
    }

    pub(crate) fn fragment(&self) -> Option<usize> {
        *lock(&self.fragment)
    }

    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        *lock(&self.fault) = fault;
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        *lock(&self.fault)
    }

    /// The answer of the first override that takes this request.
    pub(crate) fn overriding(&self, request: &RecordedRequest) -> Option<Answer> {
        // Cloned, since what a test gave us may use the mock itself.
        let overrides = lock(&self.overrides).clone();
        overrides.iter().find_map(|with| with(request))
    }

    /// The scripted answer to a valid question.
    pub(crate) fn next(&self, request: &RecordedRequest) -> Option<Answer> {
        let pacing = self.pacing();
        if let Some(queued) = lock(&self.queue).pop_front() {
            return Some(queued(request, &pacing));
        }
        let model = lock(&self.model).clone();
        if let Some(answer) = model.and_then(|model| model(request, &pacing)) {
            return Some(answer);
        }
        let always = lock(&self.always).clone()?;
        Some(always(request, &pacing))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("queued", &lock(&self.queue).len())
            .field("pacing", &self.pacing())
            .finish_non_exhaustive()
    }
}
