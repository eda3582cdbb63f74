use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chatwire_core::{Error, ErrorKind, Provider, Secret};
use chatwire_structured::{Prompts, Structured};
use tokio::sync::Semaphore;

use crate::app::{App, Settings};
use crate::budget::Budget;
use crate::dispatch::endpoint::Endpoint;
use crate::dispatch::metrics::Metrics;
use crate::dispatch::route::RetryPolicy;
use crate::dispatch::routing::Routes;
use crate::ids::unix_time;
use crate::kept_replies::KeptReplies;
use crate::routes;
use crate::routes::access::Access;
use crate::routes::model_list::ModelLists;
use crate::server::current::Current;
use crate::server::limits::Limits;
use crate::server::shutdown::Shutdown;

/// A server with the APIs of OpenAI, Anthropic and Ollama over named providers.
///
/// [`serve`](Gateway::serve) runs it with all limits;
/// [`router`](Gateway::router) gives the routes to another server.
#[derive(Debug)]
pub struct Gateway {
    pub(crate) app: App,
    pub(crate) current: Arc<Current>,
}

impl Gateway {
    /// Returns a builder with no endpoint and the default settings.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::new()
    }

    /// Checks that this gateway may listen on an address: if others can reach it,
    /// there must be an API key, and none with less than 16 characters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// if it may not.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Error> {
        self.app.access.check_address(address)
    }

    /// Returns the routes for your own server: those of all APIs below `/v1` and
    /// `/api`, `/health`, `/healthz`, `/readyz` and `/metrics` (see the [list of
    /// paths](crate#paths)), with every check of a request but those on
    /// connections, heads and idle time (see [`Limits`]).
    ///
    /// [Merge](Router::merge) them with your own routes; other paths, and a
    /// fallback of yours, are left alone. The paths must not be shortened or
    /// prefixed.
    pub fn router(self) -> Router {
        routes::router(Arc::new(self.app))
    }
}

/// A provider under the name of its endpoint.
#[derive(Debug, Clone)]
struct Named {
    name: String,
    provider: Arc<dyn Provider>,
    emulate_tools: bool,
}

/// A builder for a [`Gateway`].
#[derive(Debug)]
#[must_use]
pub struct GatewayBuilder {
    endpoints: Vec<Named>,
    aliases: Vec<(String, Vec<String>)>,
    hosts: Vec<String>,
    origins: Vec<String>,
    keys: Vec<Secret>,
    prompts: Prompts,
    settings: Settings,
}

impl GatewayBuilder {
    fn new() -> GatewayBuilder {
        GatewayBuilder {
            endpoints: Vec::new(),
            aliases: Vec::new(),
            hosts: Vec::new(),
            origins: Vec::new(),
            keys: Vec::new(),
            prompts: Prompts::default(),
            settings: Settings {
                strict: false,
                has_page: true,
                estimates_usage: true,
                retry: RetryPolicy {
                    retries: 0,
                    delay: Duration::from_millis(500),
                },
                keep_alive: Duration::from_secs(9),
                grace: Duration::from_secs(20),
                limits: Limits::default(),
            },
        }
    }

    /// Adds a provider under a name. Clients ask for its models as `name/model`.
    pub fn endpoint(self, name: impl Into<String>, provider: Arc<dyn Provider>) -> GatewayBuilder {
        self.named(name.into(), provider, false)
    }

    /// Adds a provider whose models can call tools although it has none: the gateway
    /// tells them of the tools in words, and reads the calls in their answers. This
    /// can take several questions for each answer; the header
    /// [`x-chatwire-emulated`](crate#structured-output-and-tools) counts them.
    pub fn endpoint_with_tools(
        self,
        name: impl Into<String>,
        provider: Arc<dyn Provider>,
    ) -> GatewayBuilder {
        self.named(name.into(), provider, true)
    }

    fn named(
        mut self,
        name: String,
        provider: Arc<dyn Provider>,
        emulate_tools: bool,
    ) -> GatewayBuilder {
        self.endpoints.push(Named {
            name,
            provider,
            emulate_tools,
        });
        self
    }

    /// Gives a model another name. With several models, they are asked one
    /// after the other until one answers.
    pub fn alias<M: Into<String>>(
        mut self,
        name: impl Into<String>,
        models: impl IntoIterator<Item = M>,
    ) -> GatewayBuilder {
        let models = models.into_iter().map(Into::into).collect();
        self.aliases.push((name.into(), models));
        self
    }

    /// Sets whether requests with parameters that have no effect are refused
    /// (default: no; the response names them in the header
    /// `x-chatwire-ignored`).
    pub fn strict(mut self, strict: bool) -> GatewayBuilder {
        self.settings.strict = strict;
        self
    }

    /// Sets the instructions for models whose answers must have a form, or that can
    /// call tools only [in words](crate#structured-output-and-tools) (default: those of
    /// `chatwire-structured`).
    pub fn prompts(mut self, prompts: Prompts) -> GatewayBuilder {
        self.prompts = prompts;
        self
    }

    /// Sets whether browsers get a page to chat on at `/` (default: yes).
    ///
    /// It is there without a key, and asks for the key when it is needed. Only
    /// [`serve`](Gateway::serve) has it, not the [routes](Gateway::router) for
    /// another server.
    pub fn page(mut self, page: bool) -> GatewayBuilder {
        self.settings.has_page = page;
        self
    }

    /// Sets whether tokens are estimated where the backend does not count them
    /// (default: yes, because many clients fail without a usage; the response
    /// says so in the header `x-chatwire-usage`).
    ///
    /// The estimate is one token for every four bytes of UTF-8, rounded up, and
    /// four more for each message of the request. Images are not counted.
    pub fn estimate_usage(mut self, estimate: bool) -> GatewayBuilder {
        self.settings.estimates_usage = estimate;
        self
    }

    /// Sets how often a request is repeated, before the first text, when that
    /// can help (default: never).
    ///
    /// Most clients repeat failed requests by themselves, and both layers would
    /// multiply: with two repetitions each, one question of a user becomes nine
    /// requests to the backend. Rate limits are never repeated here, but passed
    /// on with the time to wait.
    pub fn retries(mut self, retries: u32) -> GatewayBuilder {
        self.settings.retry.retries = retries;
        self
    }

    /// Sets the wait before the first repetition; it doubles each time, and a
    /// random part comes on top (default: 500 ms). No wait is longer than 5 s.
    pub fn retry_delay(mut self, delay: Duration) -> GatewayBuilder {
        self.settings.retry.delay = delay;
        self
    }

    /// Sets the silence after which a streamed reply sends a comment, so that no
    /// proxy takes the connection for a dead one (default: 9 s, at least
    /// 10 ms). It counts before the first text too.
    pub fn keep_alive(mut self, interval: Duration) -> GatewayBuilder {
        self.settings.keep_alive = interval.max(Duration::from_millis(10));
        self
    }

    /// Sets how long running replies may go on after a shutdown was asked for
    /// (default: 20 s). Then they end with an error.
    pub fn grace(mut self, grace: Duration) -> GatewayBuilder {
        self.settings.grace = grace;
        self
    }

    /// Sets the limits on what a client may use.
    pub fn limits(mut self, limits: Limits) -> GatewayBuilder {
        self.settings.limits = limits;
        let header = &mut self.settings.limits.header;
        *header = (*header).max(Limits::LEAST_HEADER);
        self
    }

    /// Allows a name in the `Host` header, without a port; `*` stands for any
    /// characters (default: `localhost`, names that end in `.localhost`, and
    /// addresses). A gateway with an API key answers to every name.
    pub fn allow_host(mut self, host: impl Into<String>) -> GatewayBuilder {
        self.hosts.push(host.into());
        self
    }

    /// Lets web pages of an origin use the gateway, for example
    /// `https://app.example` or `app://obsidian.md` (default: none). `*` stands
    /// for any characters in the host, and for any port: `http://localhost:*`,
    /// `https://*.app.example`, `chrome-extension://*`.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> GatewayBuilder {
        self.origins.push(origin.into());
        self
    }

    /// Adds an API key. If there is at least one, every request needs one.
    pub fn api_key(mut self, key: Secret) -> GatewayBuilder {
        self.keys.push(key);
        self
    }

    /// Removes the API keys that were added so far, for those of another place.
    pub fn without_api_keys(mut self) -> GatewayBuilder {
        self.keys.clear();
        self
    }

    /// Checks that the gateway may listen on an address, as
    /// [`Gateway::check_address`] does. Keys that are not valid do not count.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// if it may not.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Error> {
        let mut access = Access::default();
        for key in &self.keys {
            // `mistakes` says what is wrong with it.
            let _ = access.add_key(key.clone());
        }
        access.check_address(address)
    }

    /// Returns everything that [`build`](GatewayBuilder::build) would refuse, for
    /// callers that know where each value comes from. A mistake in the endpoints
    /// hides those in the aliases.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut access = Access::default();
        let mut mistakes = Vec::new();
        let mut note = |given, checked: Result<(), Error>| {
            if let Err(error) = checked {
                let message = error.message().to_owned();
                mistakes.push(Mistake { given, message });
            }
        };
        for (index, host) in self.hosts.iter().enumerate() {
            note(Given::Host(index), access.allow_host(host));
        }
        for (index, origin) in self.origins.iter().enumerate() {
            note(Given::Origin(index), access.allow_origin(origin));
        }
        for (index, key) in self.keys.iter().enumerate() {
            note(Given::ApiKey(index), access.add_key(key.clone()));
        }
        let routes = match Routes::new(endpoints(&self.endpoints, &self.prompts), Vec::new()) {
            Ok(routes) => routes,
            Err(error) => {
                note(Given::Endpoints, Err(error));
                return mistakes;
            }
        };
        for (alias, (_, models)) in self.aliases.iter().enumerate() {
            for (model, name) in models.iter().enumerate() {
                let found = routes.find(name).map(drop);
                let checked = found.map_err(|why| Error::new(ErrorKind::InvalidRequest, why));
                note(Given::Alias { alias, model }, checked);
            }
        }
        mistakes
    }

    /// Checks the settings and builds the gateway.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// if there is no endpoint, if a name is used twice, if an alias names a
    /// model that does not exist, or if a host, an origin or a key is not valid.
    pub fn build(self) -> Result<Gateway, Error> {
        let mut access = Access::default();
        for host in &self.hosts {
            access.allow_host(host)?;
        }
        for origin in &self.origins {
            access.allow_origin(origin)?;
        }
        for key in self.keys {
            access.add_key(key)?;
        }
        let routes = Routes::new(endpoints(&self.endpoints, &self.prompts), self.aliases)?;
        let metrics = Metrics::new()?;
        for endpoint in &routes.endpoints {
            metrics.announce(&endpoint.name);
        }
        let limits = &self.settings.limits;
        let requests = limits.requests.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Gateway {
            app: App {
                routes,
                access,
                metrics: Arc::new(metrics),
                shutdown: Shutdown::default(),
                kept: Arc::new(KeptReplies::default()),
                model_lists: ModelLists::default(),
                budget: Arc::new(Budget::new(limits.buffered)),
                ids: Arc::default(),
                in_flight: Arc::new(Semaphore::new(requests)),
                began: unix_time(),
                settings: self.settings,
            },
            current: Arc::default(),
        })
    }
}

fn endpoints(named: &[Named], prompts: &Prompts) -> Vec<Endpoint> {
    let endpoint = |named: &Named| {
        let provider = Structured::new(Arc::clone(&named.provider))
            .with_tools(named.emulate_tools)
            .with_prompts(prompts.clone());
        Endpoint::new(named.name.clone(), provider)
    };
    named.iter().map(endpoint).collect()
}

/// A value of a [`GatewayBuilder`] that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistake {
    /// The value.
    pub given: Given,
    /// What is wrong with it; never a key.
    pub message: String,
}

/// One of the values that a [`GatewayBuilder`] was given, counted from 0 in the
/// order in which they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Given {
    /// The endpoints together.
    Endpoints,
    /// A model of an alias.
    Alias {
        /// Which alias.
        alias: usize,
        /// Which of its models.
        model: usize,
    },
    /// An allowed host.
    Host(usize),
    /// An allowed origin.
    Origin(usize),
    /// An API key.
    ApiKey(usize),
}
