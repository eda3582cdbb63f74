use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chatwire_core::{ErrorKind, ModelInfo, Provider, ProviderInfo};
use chatwire_structured::Structured;
use tokio::time::{Instant, timeout};

/// How long a list of models is used before the server is asked again.
const LIST_AGE: Duration = Duration::from_secs(300);

/// The same after a list that failed.
const LIST_RETRY: Duration = Duration::from_secs(5);

/// How many models an endpoint may list, and how long their ids may be, in
/// bytes; what is over that is left out.
const MAX_MODELS: usize = 10_000;
const MAX_MODEL_ID: usize = 256;

/// How long a server may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// How many failures in a row make an endpoint count as failing.
const FAILURES: u32 = 3;

/// After this time without a failure, an endpoint no longer counts as failing:
/// clients that are told so send no requests that could prove otherwise.
const FORGIVEN: Duration = Duration::from_secs(30);

/// A provider under the name it has in this gateway.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) provider: Structured<Arc<dyn Provider>>,
    list: RwLock<List>,
    refreshing: tokio::sync::Mutex<()>,
    failures: RwLock<Failures>,
}

#[derive(Debug)]
struct List {
    models: Vec<ModelInfo>,
    /// When the server is to be asked again; `None` if it never was.
    due: Option<Instant>,
    /// How often the models have changed.
    version: u64,
}

#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    last: Option<Instant>,
}

impl Endpoint {
    pub(crate) fn new(name: String, provider: Structured<Arc<dyn Provider>>) -> Endpoint {
        let models = within_limits(&name, provider.info().models.clone());
        let list = List {
            models,
            due: None,
            version: 0,
        };
        Endpoint {
            name,
            provider,
            list: RwLock::new(list),
            refreshing: tokio::sync::Mutex::new(()),
            failures: RwLock::default(),
        }
    }

    /// What it is, with the abilities that it is given here.
    pub(crate) fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    /// Returns the models known now, without asking the server.
    pub(crate) fn models(&self) -> Vec<ModelInfo> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.models.clone()
    }

    /// How often the models have changed.
    pub(crate) fn version(&self) -> u64 {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.version
    }

    /// Returns `true` if a request may name this model.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.provider.info().knows_model(id) || self.lists(id)
    }

    /// Returns `true` if the model is one of those listed.
    pub(crate) fn lists(&self, id: &str) -> bool {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        list.models.iter().any(|model| model.id == id)
    }

    /// Asks the server for its models, if it can list them and was not asked a
    /// short while ago. One caller asks while the others wait; if that fails,
    /// the known models stay.
    pub(crate) async fn refresh(&self) {
        if !self.provider.info().capabilities.lists_models {
            return;
        }
        let _one = self.refreshing.lock().await;
        let fresh = {
            let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
            list.due.is_some_and(|due| Instant::now() < due)
        };
        if fresh {
            return;
        }
        let models = match timeout(LIST_TIMEOUT, self.provider.models()).await {
            Ok(Ok(models)) if !models.is_empty() => Some(within_limits(&self.name, models)),
            Ok(Ok(_)) => None,
            Ok(Err(error)) => {
                tracing::warn!(endpoint = %self.name, %error, "cannot list the models");
                None
            }
            Err(_) => {
                tracing::warn!(endpoint = %self.name, "the list of models takes too long");
                None
            }
        };
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let age = if models.is_some() {
            LIST_AGE
        } else {
            LIST_RETRY
        };
        list.due = Some(Instant::now() + age);
        if let Some(models) = models {
            list.models = models;
            list.version += 1;
        }
    }

    /// Records how a request ended; `None` for a success.
    pub(crate) fn record(&self, failure: Option<ErrorKind>) {
        // A mistake of the client says nothing about the endpoint.
        if matches!(
            failure,
            Some(
                ErrorKind::InvalidRequest | ErrorKind::UnsupportedModel | ErrorKind::ContextLength
            )
        ) {
            return;
        }
        let mut failures = self
            .failures
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(_) => {
                failures.in_a_row = failures.in_a_row.saturating_add(1);
                failures.last = Some(Instant::now());
            }
            None => *failures = Failures::default(),
        }
    }

    /// Returns `true` if the last requests all failed, and not long ago.
    pub(crate) fn is_failing(&self) -> bool {
        let failures = self.failures.read().unwrap_or_else(PoisonError::into_inner);
        failures.in_a_row >= FAILURES && failures.last.is_some_and(|last| last.elapsed() < FORGIVEN)
    }
}

/// Leaves out what is over a limit, and says so.
fn within_limits(endpoint: &str, mut models: Vec<ModelInfo>) -> Vec<ModelInfo> {
    let listed = models.len();
    models.retain(|model| model.id.len() <= MAX_MODEL_ID);
    models.truncate(MAX_MODELS);
    models.shrink_to_fit();
    let left_out = listed - models.len();
    if left_out > 0 {
        tracing::warn!(
            endpoint,
            left_out,
            "too many models, or ids longer than {MAX_MODEL_ID} bytes"
        );
    }
    models
}
