use std::sync::Arc;
use std::time::Duration;

use chatwire::{ChatRequest, Error, ErrorKind, Fallback, Provider, Retry};
use chatwire_config::{Config, EndpointConfig};

use super::choice::{Choice, choice};
use super::environment;
use super::file::Configuration;
use super::part::{Part, part};
use crate::args::{DEFAULT_PROVIDER, General, TargetArgs};
use crate::failure::Failure;
use crate::terminal::{say, say_over, show_warnings};

/// A provider that is ready for requests.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) provider: Arc<dyn Provider>,
    /// The servers: one, or those of a fallback.
    pub(crate) parts: Vec<Part>,
    /// The longest time for a whole answer, if the command line has one.
    pub(crate) timeout: Option<Duration>,
}

impl Target {
    /// Reads the arguments, and starts the mock if they want one. Nothing is
    /// sent, except to find out the kind of a server of which only the address
    /// is given.
    pub(crate) async fn new(
        args: &TargetArgs,
        general: &General,
        stream: bool,
        retries: usize,
    ) -> Result<Target, Failure> {
        let timeout = match args.timeout {
            Some(timeout) => Some(timeout),
            None => environment::timeout()?,
        };
        show_warnings();
        let mut parts = Vec::new();
        match choice(args, general)? {
            Choice::Direct { provider, base_url } => {
                // An empty name stands for the kind that is yet to be found out.
                let asks = base_url.is_some()
                    && !args.mock
                    && !args.nothing_sent
                    // The browser is to go first.
                    && args.webdriver.is_none();
                let provider = provider.unwrap_or_else(|| match asks {
                    true => String::new(),
                    false => DEFAULT_PROVIDER.to_owned(),
                });
                let mut endpoint = EndpointConfig::new(provider);
                endpoint.base_url = base_url;
                parts.push(part(endpoint, args, stream, timeout).await?);
            }
            Choice::Endpoints(names) => {
                let file = Configuration::find(general)?;
                let config = file.parse()?;
                for name in names {
                    let endpoint = endpoint(&file, &config, &name)?;
                    parts.push(part(endpoint, args, stream, timeout).await?);
                }
            }
        }
        let mut providers: Vec<Arc<dyn Provider>> = parts
            .iter()
            .map(|part| with_retries(Arc::clone(&part.provider), retries))
            .collect();
        let provider = match (providers.pop(), providers.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                providers.extend(last);
                Arc::new(Fallback::new(providers))
            }
        };
        Ok(Target {
            provider,
            parts,
            timeout,
        })
    }

    /// Checks a request before anything is sent. With several servers, one
    /// that can take it is enough.
    pub(crate) fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        let mut result = Ok(());
        for part in &self.parts {
            result = part.check(request);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Checks a model's name alone.
    pub(crate) fn check_model(&self, model: &str) -> Result<(), Failure> {
        let mut result = Ok(());
        for part in &self.parts {
            result = part.check_model(model);
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Prints a note if the answer comes from a mock.
    pub(crate) fn announce(&self) {
        for part in self.parts.iter().filter(|part| part.mock.is_some()) {
            say(&format!(
                "the answer comes from a mock of {} inside this program, not from a model",
                part.kind.name
            ));
        }
    }

    /// Adds what the person can do about an error, and which endpoints failed.
    pub(crate) fn explain(&self, error: Error) -> Failure {
        match self.parts.as_slice() {
            [only] => only.explain(error),
            parts if error.attempts().len() == parts.len() => {
                let attempts = error.attempts().iter().zip(parts);
                let named = attempts.map(|(attempt, part)| {
                    let name = &part.endpoint.name;
                    Error::new(attempt.kind(), attempt.description()).with_provider(name)
                });
                let all = Error::new(error.kind(), "none of the endpoints answered")
                    .with_retry_after(error.retry_after())
                    .with_attempts(named.collect());
                Failure::from(all)
            }
            _ => Failure::from(error),
        }
    }
}

/// Reads an endpoint of the configuration.
fn endpoint(file: &Configuration, config: &Config, name: &str) -> Result<EndpointConfig, Failure> {
    let endpoint = config
        .endpoint(name)
        .map_err(|errors| file.mistakes(&errors))?;
    endpoint.ok_or_else(|| {
        let known: Vec<&str> = config.endpoint_names().collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        let path = file.path.display();
        Failure::from(Error::new(
            ErrorKind::UnknownProvider,
            format!("no endpoint {name:?} in {path}; known: {known}"),
        ))
    })
}

fn with_retries(provider: Arc<dyn Provider>, retries: usize) -> Arc<dyn Provider> {
    if retries == 0 {
        return provider;
    }
    let retry = Retry::new(provider).with_attempts(retries.saturating_add(1));
    Arc::new(retry.on_failure(|attempt| {
        if let Some(wait) = attempt.next_in {
            let seconds = wait.as_secs_f64();
            say_over(&format!(
                "{}; asking again in {seconds:.1} s",
                attempt.error
            ));
        }
    }))
}
