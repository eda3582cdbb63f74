use std::sync::Arc;
use std::time::Duration;

use chatwire::{ChatRequest, Error, ErrorKind, Provider, ProviderKind, ProviderOptions, Secret};
use chatwire_config::EndpointConfig;
use chatwire_core::provider_kit::BaseUrl;
use chatwire_mock::AnyMock;

use super::environment::variable;
use super::mock;
use super::recognise::recognise;
use super::settings::{certificates, header, secret_argument, setting};
use crate::args::{DEFAULT_PROVIDER, TargetArgs};
use crate::failure::Failure;
use crate::terminal::say;

/// One server.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) kind: &'static ProviderKind,
    /// Its settings; those of a mock have no base URL.
    pub(crate) endpoint: EndpointConfig,
    pub(crate) timeout: Option<Duration>,
    pub(crate) mock: Option<AnyMock>,
}

impl Part {
    pub(super) fn check(&self, request: &ChatRequest) -> Result<(), Failure> {
        let info = self.provider.info();
        info.check(request).map_err(|error| self.explain(error))?;
        request
            .model()
            .map_or(Ok(()), |model| self.check_model(model))
    }

    pub(super) fn check_model(&self, model: &str) -> Result<(), Failure> {
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
            ErrorKind::UnsupportedModel
                if self.mock.is_none()
                    && !self.provider.info().any_model
                    && self.kind.setting("model").is_some() =>
            {
                Some("if your server has that model, say so with -o model=NAME".to_owned())
            }
            // The server's list decides, which can be asked for.
            ErrorKind::UnsupportedModel if self.kind.name == "aura" && self.mock.is_none() => {
                Some(format!(
                    "`chatwire models -p aura -u {}` lists the server's models, and -m names one",
                    self.provider.info().base_url
                ))
            }
            ErrorKind::InvalidOutput => error
                .excerpt()
                .map(|answer| format!("the last answer was: {answer}")),
            _ => None,
        };
        Failure::Provider(error, advice)
    }
}

/// Applies the flags to an endpoint and makes the provider.
pub(super) async fn part(
    mut endpoint: EndpointConfig,
    args: &TargetArgs,
    stream: bool,
    timeout: Option<Duration>,
) -> Result<Part, Failure> {
    let proxy = match &args.proxy {
        Some(text) => Some(secret_argument("proxy", text)?),
        // A proxy of the environment is not meant for a server inside this program.
        None if args.mock => None,
        None => variable("CHATWIRE_PROXY")?,
    };
    if args.mock {
        endpoint.http = endpoint.http.without_proxy();
    }
    match proxy.as_deref() {
        None => {}
        Some("off") => endpoint.http = endpoint.http.without_proxy(),
        Some(proxy) => endpoint.http = endpoint.http.with_proxy(proxy),
    }
    if let Some(path) = &args.ca_file {
        let pem = certificates(path)?;
        endpoint.http = endpoint.http.with_root_certificates(pem);
    }
    if args.insecure {
        say(
            "certificates are not checked (--insecure): whoever is between you and the server can \
             read and change everything",
        );
        endpoint.http = endpoint.http.with_unchecked_tls(true);
    }
    for text in &args.header {
        let (name, value) = header(text)?;
        endpoint.add_header(&name, &value)?;
    }
    if endpoint.provider.is_empty() {
        endpoint = recognised(endpoint, timeout).await;
    }
    let Some(kind) = chatwire::provider_kind(&endpoint.provider) else {
        // The facade's error lists the providers.
        let error = chatwire::provider(&endpoint.provider, ProviderOptions::new()).err();
        return Err(Failure::from(error.unwrap_or_else(|| {
            Error::new(ErrorKind::UnknownProvider, "no such provider")
        })));
    };
    for (key, value) in [
        ("webdriver", &args.webdriver),
        ("session_file", &args.session_file),
    ] {
        if let Some(value) = value {
            endpoint.set_option(key, Secret::new(value.as_str()));
        }
    }
    for option in &args.option {
        let (key, value) = setting(option, kind)?;
        endpoint.set_option(key, Secret::new(value));
    }
    let can_stream = kind.settings.iter().any(|setting| setting.name == "stream");
    if !stream && can_stream && endpoint.options.iter().all(|(key, _)| key != "stream") {
        endpoint.set_option("stream", Secret::new("false"));
    }
    let mut asked = endpoint.clone();
    let mut mock = None;
    if asked.base_url.is_none() && !args.mock {
        let why = no_base_url(&asked, kind);
        return Err(Error::new(ErrorKind::InvalidRequest, why).into());
    }
    if args.mock {
        let started = mock::start(kind.name).await?;
        asked.base_url = Some(started.base_url());
        mock = Some(started);
    }
    Ok(Part {
        provider: asked.provider()?,
        kind,
        endpoint,
        timeout,
        mock,
    })
}

/// The endpoint with the kind of its server, of which only the address was
/// given.
async fn recognised(endpoint: EndpointConfig, timeout: Option<Duration>) -> EndpointConfig {
    let url = endpoint.base_url.clone().unwrap_or_default();
    let found = recognise(&url, endpoint.http.clone(), timeout).await;
    if let Some(kind) = found.filter(|kind| *kind != DEFAULT_PROVIDER) {
        let shown = BaseUrl::parse(&url).map_or_else(|_| url.clone(), |url| url.as_text());
        say(&format!(
            "{shown} looks like a server of {kind}; -p names another kind"
        ));
    }
    let mut known = EndpointConfig::new(found.unwrap_or(DEFAULT_PROVIDER));
    known.base_url = endpoint.base_url;
    known.http = endpoint.http;
    known
}

fn no_base_url(endpoint: &EndpointConfig, kind: &ProviderKind) -> String {
    if endpoint.name == endpoint.provider {
        return format!(
            "no base URL: give the address of your server with -u URL ({} works with {}), name an \
             endpoint of the configuration with -e NAME, or try --mock",
            kind.name, kind.server
        );
    }
    format!(
        "endpoint {:?} has no base_url: add the address of its server to the configuration, or try \
         --mock",
        endpoint.name
    )
}
