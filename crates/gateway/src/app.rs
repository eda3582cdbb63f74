use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::budget::Budget;
use crate::dispatch::metrics::Metrics;
use crate::dispatch::route::RetryPolicy;
use crate::dispatch::routing::Routes;
use crate::error::ApiError;
use crate::ids::Ids;
use crate::kept_replies::KeptReplies;
use crate::routes::access::Access;
use crate::routes::model_list::ModelLists;
use crate::server::limits::Limits;
use crate::server::shutdown::Shutdown;

/// The state that all requests of a gateway share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) routes: Routes,
    pub(crate) access: Access,
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shutdown: Shutdown,
    pub(crate) kept: Arc<KeptReplies>,
    pub(crate) model_lists: ModelLists,
    pub(crate) budget: Arc<Budget>,
    pub(crate) ids: Arc<Ids>,
    /// One permit for every request that is being answered.
    pub(crate) in_flight: Arc<Semaphore>,
    /// When the gateway was built, in seconds since 1970.
    pub(crate) began: u64,
}

impl App {
    /// Permits one more request to be answered, if there are not too many.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(&self.in_flight)
            .try_acquire_owned()
            .map_err(|_| {
                ApiError::busy("too_many_requests_in_flight", "the gateway is busy").closing()
            })
    }

    /// Goes on where another one stops: with its metrics, its shutdown, its ids,
    /// its requests and what it keeps of replies.
    pub(crate) fn succeed(&mut self, before: &App) {
        self.metrics = Arc::clone(&before.metrics);
        for endpoint in &self.routes.endpoints {
            self.metrics.announce(&endpoint.name);
        }
        self.shutdown = before.shutdown.clone();
        self.ids = Arc::clone(&before.ids);
        self.kept = Arc::clone(&before.kept);
        self.began = before.began;
        let (limits, old) = (&self.settings.limits, &before.settings.limits);
        // A smaller or larger number cannot be had with the same permits; what
        // is being answered does not count against the new one.
        if limits.requests == old.requests {
            self.in_flight = Arc::clone(&before.in_flight);
        }
        if limits.buffered == old.buffered {
            self.budget = Arc::clone(&before.budget);
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) strict: bool,
    /// Whether browsers get a page to chat on.
    pub(crate) has_page: bool,
    /// Whether tokens are estimated where the backend does not count them.
    pub(crate) estimates_usage: bool,
    pub(crate) retry: RetryPolicy,
    pub(crate) keep_alive: Duration,
    pub(crate) grace: Duration,
    pub(crate) limits: Limits,
}
