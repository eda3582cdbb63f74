//! Which server is asked: from command line, environment and configuration to
//! a provider.

use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chatwire::{
    ChatRequest, Error, ErrorKind, Fallback, Provider, ProviderKind, ProviderOptions, Retry, Secret,
};
use chatwire_config::{Config, EndpointConfig};
use chatwire_mock::AnyMock;

use crate::args::{DEFAULT_PROVIDER, General, TargetArgs};
use crate::config::Configuration;
use crate::exit::{Failure, say};
use crate::mock;
use crate::warnings;

/// A provider that is ready to be asked.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) provider: Arc<dyn Provider>,
    /// What it is made of: one, or the list of a fallback.
    pub(crate) parts: Vec<Part>,
    /// The longest time for a whole answer, if the command line has one.
    pub(crate) timeout: Option<Duration>,
}

/// One server.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) kind: &'static ProviderKind,
    /// What it is made of. There is no base URL with a mock.
    pub(crate) endpoint: EndpointConfig,
    pub(crate) timeout: Option<Duration>,
    pub(crate) mock: Option<AnyMock>,
}

/// What was chosen, by flags, environment or file.
enum Choice {
    Endpoints(Vec<String>),
    Direct {
        provider: String,
        base_url: Option<String>,
    },
}

impl Target {
    /// Reads the arguments, and starts the mock if they want one. Nothing is
    /// sent.
    pub(crate) async fn new(
        args: &TargetArgs,
        general: &General,
        stream: bool,
        retries: usize,
    ) -> Result<Target, Failure> {
        warnings::show();
        let mut parts = Vec::new();
        match choice(args, general)? {
            Choice::Direct { provider, base_url } => {
                let mut endpoint = EndpointConfig::new(provider);
                endpoint.base_url = base_url;
                parts.push(part(endpoint, args, stream).await?);
            }
            Choice::Endpoints(names) => {
                let file = Configuration::find(general)?;
                let config = file.parse()?;
                for name in names {
                    let endpoint = endpoint(&file, &config, &name)?;
                    parts.push(part(endpoint, args, stream).await?);
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
            timeout: match args.timeout {
                Some(timeout) => Some(timeout),
                None => timeout_of_environment()?,
            },
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

    /// Says where the answer comes from, when that is not what one expects.
    pub(crate) fn announce(&self) {
        for part in self.parts.iter().filter(|part| part.mock.is_some()) {
            say(&format!(
                "the answer comes from a mock of {} inside this program, not from a model",
                part.kind.name
            ));
        }
    }

    /// Adds what the person can do about an error.
    pub(crate) fn explain(&self, error: Error) -> Failure {
        match self.parts.as_slice() {
            [only] => only.explain(error),
            _ => Failure::from(error),
        }
    }
}

impl Part {
    fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        let info = self.provider.info();
        info.check(request).map_err(|error| self.explain(error))?;
        request
            .model()
            .map_or(Ok(()), |model| self.check_model(model))
    }

    fn check_model(&self, model: &str) -> Result<(), Failure> {
        let info = self.provider.info();
        // The mock has the models that are known without asking, and no
        // others, although a server of that kind might.
        let known = info.models.iter().any(|known| known.id == model);
        if known || (self.mock.is_none() && info.knows_model(model)) {
            return Ok(());
        }
        let known: Vec<&str> = info.models.iter().map(|known| known.id.as_str()).collect();
        let error = Error::new(
            ErrorKind::UnsupportedModel,
            format!("no model {model:?} here; known: {}", known.join(", ")),
        );
        Err(self.explain(error.with_provider(&info.name)))
    }

    /// Adds what the person can do about an error.
    pub(crate) fn explain(&self, error: Error) -> Failure {
        let advice = match error.kind() {
            ErrorKind::InvalidRequest | ErrorKind::UnknownProvider => None,
            ErrorKind::UnsupportedModel
                if self.mock.is_none() && self.kind.settings.iter().any(|s| s.name == "model") =>
            {
                Some("if your server has that model, say so with -o model=NAME".to_owned())
            }
            ErrorKind::UnsupportedModel => None,
            _ => None,
        };
        Failure::Provider(error, advice)
    }
}

/// What the configuration says of an endpoint.
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

/// Puts the flags on top of an endpoint, and makes the provider.
async fn part(
    mut endpoint: EndpointConfig,
    args: &TargetArgs,
    stream: bool,
) -> Result<Part, Failure> {
    let Some(kind) = chatwire::providers()
        .iter()
        .find(|kind| kind.name == endpoint.provider)
    else {
        // The facade knows best how to say it.
        let error = chatwire::provider(&endpoint.provider, ProviderOptions::new()).err();
        return Err(Failure::from(error.unwrap_or_else(|| {
            Error::new(ErrorKind::UnknownProvider, "no such provider")
        })));
    };
    let proxy = match &args.proxy {
        Some(proxy) => Some(proxy.clone()),
        // Proxies that were not named now are not meant for the loopback.
        None if args.mock => None,
        None => variable("CHATWIRE_PROXY")?,
    };
    if args.mock {
        endpoint.http = endpoint.http.without_proxy();
    }
    if let Some(proxy) = &proxy {
        endpoint.http = endpoint.http.with_proxy(proxy);
    }
    for header in &args.header {
        let (name, value) = split_header(header)?;
        endpoint.add_header(name, value)?;
    }
    let flag = |name, value: &Option<String>| Some(format!("{name}={}", value.as_ref()?));
    let flags = [
        flag("webdriver", &args.webdriver),
        flag("session_file", &args.session_file),
    ];
    for option in flags.iter().flatten().chain(&args.option) {
        let (key, value) = setting(option, kind)?;
        endpoint.set_option(key, Secret::new(value));
    }
    let can_stream = kind.settings.iter().any(|setting| setting.name == "stream");
    if !stream && can_stream && endpoint.options.iter().all(|(key, _)| key != "stream") {
        endpoint.set_option("stream", Secret::new("false"));
    }
    let mut asked = endpoint.clone();
    let mut mock = None;
    if args.mock {
        let started = mock::start(kind.name).await?;
        asked.base_url = Some(started.url());
        mock = Some(started);
    }
    let provider = asked.provider().map_err(|error| match asked.base_url {
        Some(_) => Failure::from(error),
        None => Failure::Provider(
            error,
            Some(format!(
                "use your own server with -u URL ({} works with {}), or try --mock{}",
                kind.name,
                kind.server,
                kind.historical_base_url
                    .map_or(String::new(), |url| format!(
                        "; the public service at {url} is offline"
                    ))
            )),
        ),
    })?;
    Ok(Part {
        provider,
        kind,
        endpoint,
        timeout: args.timeout,
        mock,
    })
}

/// Flags come before the environment, and that before the file.
fn choice(args: &TargetArgs, general: &General) -> Result<Choice, Failure> {
    if !args.endpoint.is_empty() {
        return Ok(Choice::Endpoints(args.endpoint.clone()));
    }
    let flags = args.provider.is_some() || args.base_url.is_some() || args.mock;
    if !flags && let Some(names) = variable("CHATWIRE_ENDPOINT")? {
        let names = names.split(',').map(|name| name.trim().to_owned());
        return Ok(Choice::Endpoints(names.collect()));
    }
    let provider = match &args.provider {
        Some(provider) => Some(provider.clone()),
        None => variable("CHATWIRE_PROVIDER")?,
    };
    let base_url = match &args.base_url {
        Some(url) => Some(url.clone()),
        // The environment's server is of the environment's kind.
        None if args.mock || args.provider.is_some() => None,
        None => variable("CHATWIRE_BASE_URL")?,
    };
    if !flags && provider.is_none() && base_url.is_none() {
        let config = Configuration::find(general)?.parse()?;
        if let Some(name) = config.default_endpoint() {
            return Ok(Choice::Endpoints(vec![name.to_owned()]));
        }
    } else if general.config.is_some() {
        // A file that was named is at least read.
        Configuration::find(general)?.parse()?;
    }
    Ok(Choice::Direct {
        provider: provider.unwrap_or_else(|| DEFAULT_PROVIDER.to_owned()),
        base_url,
    })
}

/// A variable of the environment that is set to something.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::Usage(format!("the variable {name} is not text")))
        }
    }
}

fn timeout_of_environment() -> Result<Option<Duration>, Failure> {
    let name = "CHATWIRE_TIMEOUT";
    match variable(name)? {
        None => Ok(None),
        Some(text) => crate::args::seconds(&text)
            .map(Some)
            .map_err(|why| Failure::Usage(format!("the variable {name} is {text:?}: {why}"))),
    }
}

/// The model that is asked for, by flag or environment.
pub(crate) fn model(args: &TargetArgs) -> Result<Option<String>, Failure> {
    match &args.model {
        Some(model) => Ok(Some(model.clone())),
        None => variable("CHATWIRE_MODEL"),
    }
}

fn with_retries(provider: Arc<dyn Provider>, retries: usize) -> Arc<dyn Provider> {
    if retries == 0 {
        return provider;
    }
    Arc::new(Retry::new(provider).with_attempts(retries.saturating_add(1)))
}

fn split_header(header: &str) -> Result<(&str, &str), Failure> {
    match header.split_once(':') {
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => {
            // What stands behind the first word may be a secret.
            let start = header.split_whitespace().next().unwrap_or_default();
            Err(Failure::Usage(format!(
                "header {start:?} has no colon: it must be 'Name: value'"
            )))
        }
    }
}

/// Reads `KEY=VALUE`, `KEY_env=NAME` or `KEY_file=PATH`. A setting whose own
/// name ends so is taken as it is.
fn setting(option: &str, kind: &ProviderKind) -> Result<(String, String), Failure> {
    let usage = |message: String| Err(Failure::Usage(message));
    let Some((key, value)) = option.split_once('=') else {
        return usage(format!(
            "option {option:?} has no '=': it must be KEY=VALUE"
        ));
    };
    let key = key.trim();
    if key.is_empty() {
        return usage("an option has no name before its '=': it must be KEY=VALUE".to_owned());
    }
    let mut known = kind.settings.iter().chain(kind.request_options);
    if known.any(|setting| setting.name == key) {
        return Ok((key.to_owned(), value.to_owned()));
    }
    if let Some(key) = key.strip_suffix("_env") {
        return match env::var(value) {
            Ok(value) => Ok((key.to_owned(), value)),
            Err(_) => usage(format!(
                "option {key}: the environment has no variable {value:?}, or it is not text"
            )),
        };
    }
    if let Some(key) = key.strip_suffix("_file") {
        return match fs::read_to_string(value) {
            Ok(text) => Ok((
                key.to_owned(),
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )),
            Err(error) => usage(format!(
                "option {key}: file {value:?} cannot be read: {error}"
            )),
        };
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        for kind in chatwire::providers() {
            for known in kind.settings.iter().chain(kind.request_options) {
                let read = setting(&format!("{}=a=b", known.name), kind).unwrap();
                assert_eq!(read, (known.name.to_owned(), "a=b".to_owned()));
            }
            assert!(setting("x_env=NO_SUCH_VARIABLE", kind).is_err());
            assert!(setting("=x", kind).is_err());
        }
    }
}
