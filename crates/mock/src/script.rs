//! What a server answers, and when.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::answer::{Answer, Step, copy};
use crate::request::RecordedRequest;
use crate::sync::lock;

/// Makes an answer when its turn has come.
pub(crate) type Maker = Arc<dyn Fn(&RecordedRequest, &Script) -> Answer + Send + Sync>;
type Override = Arc<dyn Fn(&RecordedRequest) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Script {
    overrides: Mutex<Vec<Override>>,
    queue: Mutex<VecDeque<Maker>>,
    always: Mutex<Option<Maker>>,
    shape: Mutex<Shape>,
}

#[derive(Clone, Copy, Default)]
struct Shape {
    piece_chars: Option<usize>,
    delay: Option<Duration>,
    fragment: Option<usize>,
}

impl Script {
    pub(crate) fn push(&self, maker: Maker) {
        lock(&self.queue).push_back(maker);
    }

    pub(crate) fn set_always(&self, maker: Maker) {
        *lock(&self.always) = Some(maker);
    }

    pub(crate) fn add_override(&self, with: Override) {
        lock(&self.overrides).push(with);
    }

    pub(crate) fn set_piece_chars(&self, chars: usize) {
        lock(&self.shape).piece_chars = Some(chars.max(1));
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        lock(&self.shape).delay = Some(delay);
    }

    pub(crate) fn set_fragment(&self, size: usize) {
        lock(&self.shape).fragment = (size > 0).then_some(size);
    }

    pub(crate) fn fragment_size(&self) -> Option<usize> {
        lock(&self.shape).fragment
    }

    pub(crate) fn delay(&self) -> Option<Duration> {
        lock(&self.shape).delay
    }

    /// The answer that stands above the protocol.
    pub(crate) fn overriding(&self, request: &RecordedRequest) -> Option<Answer> {
        // Cloned, since what a test gave us may use the mock itself.
        let overrides = lock(&self.overrides).clone();
        overrides.iter().find_map(|with| with(request))
    }

    /// The scripted answer to a chat request that is in order.
    pub(crate) fn next(&self, request: &RecordedRequest) -> Option<Answer> {
        let queued = lock(&self.queue).pop_front();
        let maker = queued.or_else(|| lock(&self.always).clone())?;
        Some(maker(request, self))
    }

    /// Text as pieces of the set size, or word by word, with the set pauses between them.
    pub(crate) fn split(&self, text: &str) -> Vec<String> {
        match lock(&self.shape).piece_chars {
            Some(chars) => {
                let all: Vec<char> = text.chars().collect();
                all.chunks(chars).map(String::from_iter).collect()
            }
            None => text.split_inclusive(' ').map(str::to_owned).collect(),
        }
    }

    /// The steps that send these pieces with the set pauses between them.
    pub(crate) fn steps<I>(&self, pieces: I) -> Vec<Step>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let delay = self.delay();
        let mut steps = Vec::new();
        for piece in pieces {
            if let (Some(delay), false) = (delay, steps.is_empty()) {
                steps.push(Step::Delay(delay));
            }
            steps.push(Step::Piece(copy(piece)));
        }
        steps
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("queued", &lock(&self.queue).len())
            .finish_non_exhaustive()
    }
}
