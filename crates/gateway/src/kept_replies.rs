use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::dialects::{KeptReply, Recall};

/// How many replies are kept, how much memory they take together, and how long
/// they are kept. What is over a limit is forgotten, the oldest first.
const MAX_REPLIES: usize = 1000;
const MAX_BYTES: usize = 16 * 1024 * 1024;
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The replies that later requests may refer to, in memory.
#[derive(Debug, Default)]
pub(crate) struct KeptReplies(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// By their number, which grows with their age.
    replies: BTreeMap<u64, Entry>,
    numbers: HashMap<String, u64>,
    next: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    reply: Arc<KeptReply>,
    bytes: usize,
    at: Instant,
}

impl KeptReplies {
    /// Keeps a reply, unless it alone is over the limit of memory.
    pub(crate) fn keep(&self, reply: KeptReply) {
        let bytes = reply.body.len()
            + reply.text.len()
            + reply
                .calls
                .iter()
                .map(|call| call.arguments().len())
                .sum::<usize>()
            + reply.conversation.size()
            + 2 * reply.id.len()
            + size_of::<Entry>();
        let mut state = self.state();
        if bytes <= MAX_BYTES {
            let number = state.next;
            state.next += 1;
            state.bytes += bytes;
            state.numbers.insert(reply.id.clone(), number);
            let entry = Entry {
                reply: Arc::new(reply),
                bytes,
                at: Instant::now(),
            };
            state.replies.insert(number, entry);
        }
        state.trim();
    }

    /// Forgets a reply. Returns `false` if there is none with that id.
    pub(crate) fn forget(&self, id: &str) -> bool {
        let mut state = self.state();
        state.trim();
        match state.numbers.get(id).copied() {
            Some(number) => {
                state.remove(number);
                true
            }
            None => false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recall for KeptReplies {
    fn recall(&self, id: &str) -> Option<Arc<KeptReply>> {
        let mut state = self.state();
        state.trim();
        let number = state.numbers.get(id)?;
        Some(Arc::clone(&state.replies.get(number)?.reply))
    }
}

impl State {
    /// Forgets what is too old or too much.
    fn trim(&mut self) {
        while let Some((number, oldest)) = self.replies.first_key_value() {
            let is_fresh = oldest.at.elapsed() < MAX_AGE;
            if is_fresh && self.replies.len() <= MAX_REPLIES && self.bytes <= MAX_BYTES {
                return;
            }
            self.remove(*number);
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some(entry) = self.replies.remove(&number) {
            self.numbers.remove(&entry.reply.id);
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::Conversation;

    fn reply(id: &str, bytes: usize) -> KeptReply {
        KeptReply {
            id: id.to_owned(),
            body: vec![b'x'; bytes],
            conversation: Conversation::default(),
            text: "Hello".to_owned(),
            calls: Vec::new(),
        }
    }

    fn has(kept: &KeptReplies, id: &str) -> bool {
        kept.recall(id).is_some()
    }

    #[test]
    fn what_is_kept_is_found_until_it_is_forgotten() {
        let kept = KeptReplies::default();
        kept.keep(reply("a", 1));
        kept.keep(reply("b", 1));
        assert_eq!(kept.recall("a").unwrap().text, "Hello");
        assert!(kept.forget("a"));
        assert!(!kept.forget("a"));
        assert!(!has(&kept, "a") && has(&kept, "b") && !has(&kept, ""));
        assert!(kept.forget("b"));
        assert_eq!(kept.state().bytes, 0);
    }

    #[test]
    fn the_oldest_give_way() {
        let kept = KeptReplies::default();
        for number in 0..=MAX_REPLIES {
            kept.keep(reply(&number.to_string(), 1));
        }
        assert!(!has(&kept, "0") && has(&kept, "1") && has(&kept, &MAX_REPLIES.to_string()));
        kept.keep(reply("half", MAX_BYTES / 2));
        kept.keep(reply("most", MAX_BYTES * 2 / 3));
        assert!(!has(&kept, "half") && has(&kept, "most"));
        kept.keep(reply("too much", MAX_BYTES));
        assert!(!has(&kept, "too much") && has(&kept, "most"));
        assert!(kept.state().bytes <= MAX_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_for_ever() {
        let kept = KeptReplies::default();
        kept.keep(reply("a", 1));
        tokio::time::advance(MAX_AGE / 2).await;
        kept.keep(reply("b", 1));
        assert!(has(&kept, "a"));
        tokio::time::advance(MAX_AGE / 2).await;
        assert!(!has(&kept, "a") && has(&kept, "b"));
        assert!(!kept.forget("a"));
    }
}
