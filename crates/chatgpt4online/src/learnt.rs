use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::page::Bot;

/// What was learnt about a site's bots while it was asked.
#[derive(Debug, Default)]
pub(crate) struct Learnt(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The bots of the page, once it was read.
    page: Option<Vec<Bot>>,
    /// By a bot's id: a length that it takes at most, as a refusal has shown.
    refused: BTreeMap<String, usize>,
}

/// For how many bots refusals are remembered.
const MAX_BOTS: usize = 100;

impl Learnt {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole after every change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn learn_page(&self, bots: Vec<Bot>) {
        self.lock().page = Some(bots);
    }

    /// The bots of the page, if it was read.
    pub(crate) fn page(&self) -> Option<Vec<Bot>> {
        self.lock().page.clone()
    }

    /// Remembers that a bot has refused a question of this length.
    pub(crate) fn learn_refusal(&self, bot: &str, length: usize) {
        let mut state = self.lock();
        if state.refused.len() < MAX_BOTS || state.refused.contains_key(bot) {
            let limit = state.refused.entry(bot.to_owned()).or_insert(usize::MAX);
            *limit = (*limit).min(length.saturating_sub(1));
        }
    }

    /// How long a question to a bot may be, where that is known.
    pub(crate) fn limit(&self, bot: &str) -> Option<usize> {
        let state = self.lock();
        let mut page = state.page.iter().flatten();
        let known = page.find(|known| known.id() == Some(bot));
        known
            .and_then(|bot| bot.max_length)
            .or_else(|| state.refused.get(bot).copied())
    }
}
