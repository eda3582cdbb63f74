//! Which server is asked: from the command line to a provider.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chatwire::http::HttpConfig;
use chatwire::{ChatRequest, Error, ErrorKind, Provider, ProviderKind, ProviderOptions};

use crate::args::{DEFAULT_PROVIDER, General, TargetArgs};
use crate::exit::{Failure, say};
use crate::mock::Mock;

/// A provider that is ready to be asked.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) kind: &'static ProviderKind,
    /// The longest time for a whole answer.
    pub(crate) timeout: Option<Duration>,
    /// The provider's own public address is asked, which is offline.
    historical: bool,
    mock: Option<Mock>,
}

impl Target {
    /// Reads the arguments, and starts the mock if they want one. Nothing is
    /// sent.
    pub(crate) async fn new(
        args: &TargetArgs,
        _general: &General,
        stream: bool,
        retries: usize,
    ) -> Result<Target, Failure> {
        let name = args.provider.as_deref().unwrap_or(DEFAULT_PROVIDER);
        let Some(kind) = chatwire::providers().iter().find(|kind| kind.name == name) else {
            // The facade knows best how to say it.
            let error = chatwire::provider(name, ProviderOptions::new()).err();
            return Err(Failure::from(error.unwrap_or_else(|| {
                Error::new(ErrorKind::UnknownProvider, format!("no provider {name:?}"))
            })));
        };
        let mut http = http_config(args)?;
        let mut options = ProviderOptions::new();
        for option in &args.option {
            let (key, value) = setting(option)?;
            options = options.set(key, value);
        }
        if !stream && kind.settings.iter().any(|setting| setting.name == "stream") {
            options = options.set("stream", "false");
        }
        let mut mock = None;
        if args.mock {
            let started = Mock::start(name).await?;
            options = options.base_url(started.url());
            // A proxy from the environment is not meant for the loopback.
            http = http.direct();
            mock = Some(started);
        } else if let Some(url) = &args.base_url {
            options = options.base_url(url);
        }
        let provider = chatwire::provider(name, options.http(http))?;
        let target = Target {
            provider: with_retries(provider, retries),
            kind,
            timeout: args.timeout,
            historical: !args.mock && args.base_url.is_none(),
            mock,
        };
        Ok(target)
    }

    /// Checks a request before anything is sent.
    pub(crate) fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        let info = self.provider.info();
        info.check(request).map_err(|error| self.explain(error))?;
        request
            .get_model()
            .map_or(Ok(()), |model| self.check_model(model))
    }

    /// Checks a model's name alone.
    pub(crate) fn check_model(&self, model: &str) -> Result<(), Failure> {
        let info = self.provider.info();
        // The mock has the models that are known without asking, and no
        // others, although a server of that kind might.
        if self.mock.is_none() && info.knows_model(model) {
            return Ok(());
        }
        if info.models.iter().any(|known| known.id == model) {
            return Ok(());
        }
        let known: Vec<&str> = info.models.iter().map(|known| known.id.as_str()).collect();
        let error = Error::new(
            ErrorKind::UnsupportedModel,
            format!("no model {model:?} here; known: {}", known.join(", ")),
        );
        Err(self.explain(error.with_provider(&info.name)))
    }

    /// The endpoints there are to choose from, each with its address.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        vec!["no endpoints are configured".to_owned()]
    }

    /// Says where the answer comes from, when that is not what one expects.
    pub(crate) fn announce(&self) {
        if self.mock.is_some() {
            say(&format!(
                "the answer comes from a mock of {} inside this program, not from a model",
                self.kind.name
            ));
        }
    }

    /// Adds what the person can do about an error.
    pub(crate) fn explain(&self, error: Error) -> Failure {
        let advice = match error.kind() {
            ErrorKind::InvalidRequest | ErrorKind::UnknownProvider => None,
            ErrorKind::UnsupportedModel if self.takes("model") && self.mock.is_none() => {
                Some("if your server has that model, say so with -o model=NAME".to_owned())
            }
            ErrorKind::UnsupportedModel => None,
            _ if self.historical => Some(format!(
                "the public service at {} is offline; use your own server with -u URL \
                 ({} works with: {}), or try --mock",
                self.kind.default_base_url, self.kind.name, self.kind.server
            )),
            _ => None,
        };
        Failure::Provider(error, advice)
    }

    fn takes(&self, setting: &str) -> bool {
        self.kind.settings.iter().any(|known| known.name == setting)
    }
}

fn with_retries(provider: Arc<dyn Provider>, _retries: usize) -> Arc<dyn Provider> {
    provider
}

fn http_config(args: &TargetArgs) -> Result<HttpConfig, Failure> {
    let mut http = HttpConfig::new().total_timeout(args.timeout);
    if let Some(proxy) = &args.proxy {
        http = http.proxy(proxy);
    }
    for header in &args.header {
        let Some((name, value)) = header.split_once(':') else {
            // What stands behind the first word may be a secret.
            let start = header.split_whitespace().next().unwrap_or_default();
            return Err(Failure::Usage(format!(
                "header {start:?} has no colon: it must be 'Name: value'"
            )));
        };
        http = http.header(name.trim(), value.trim());
    }
    Ok(http)
}

/// Reads `KEY=VALUE`, `KEY_env=NAME` or `KEY_file=PATH`.
fn setting(option: &str) -> Result<(String, String), Failure> {
    let usage = |message: String| Err(Failure::Usage(message));
    let Some((key, value)) = option.split_once('=') else {
        return usage(format!(
            "option {option:?} has no '=': it must be KEY=VALUE"
        ));
    };
    let key = key.trim();
    if key.is_empty() {
        return usage(format!(
            "option {option:?} has no name: it must be KEY=VALUE"
        ));
    }
    if let Some(key) = key.strip_suffix("_env") {
        return match std::env::var(value) {
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
