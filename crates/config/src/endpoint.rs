use std::fmt;
use std::sync::Arc;

use chatwire::{Error, ErrorKind, HttpConfig, Provider, ProviderOptions, Secret};

use crate::address::shown_address;
use crate::http::refuse_header;
use crate::request_options::WithRequestOptions;

/// What the provider of an endpoint is made of.
///
/// It comes from a file ([`Config::endpoint`](crate::Config::endpoint)) or is
/// put together in code; [`provider`](EndpointConfig::provider) is the one way
/// from either to a provider.
#[derive(Clone)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// What the endpoint is called.
    pub name: String,
    /// The kind of provider, for example `aura`.
    pub provider: String,
    /// The address of its server.
    pub base_url: Option<String>,
    /// What that provider alone knows, each value as a text. What belongs to a
    /// request is added to every one that does not set it itself.
    pub options: Vec<(String, Secret)>,
    /// Whether the gateway lets its models call tools although the server has none.
    pub emulate_tools: bool,
    /// How it speaks HTTP.
    pub http: HttpConfig,
}

impl EndpointConfig {
    /// An endpoint without any settings, named after its kind of provider, which
    /// may be given by one of its aliases.
    pub fn new(provider: impl Into<String>) -> EndpointConfig {
        let provider = provider.into();
        let provider = match chatwire::provider_kind(&provider) {
            Some(kind) => kind.name.to_owned(),
            None => provider,
        };
        EndpointConfig {
            name: provider.clone(),
            provider,
            base_url: None,
            options: Vec::new(),
            emulate_tools: false,
            http: HttpConfig::new(),
        }
    }

    /// Sets an option, in place of a value that it has.
    pub fn set_option(&mut self, name: impl Into<String>, value: Secret) {
        let name = name.into();
        self.options.retain(|(known, _)| *known != name);
        self.options.push((name, value));
    }

    /// Adds a header to every request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a header that frames a message, such
    /// as `Content-Length`.
    pub fn add_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if let Some(why) = refuse_header(name) {
            let why = format!("header {name:?}: {why}");
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        self.http = self.http.clone().with_header(name, value);
        Ok(())
    }

    /// Makes the provider. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Those of [`chatwire::provider`].
    pub fn provider(&self) -> Result<Arc<dyn Provider>, Error> {
        let mut options = ProviderOptions::new().with_http(self.http.clone());
        if let Some(url) = &self.base_url {
            options = options.with_base_url(url);
        }
        let kind = chatwire::provider_kind(&self.provider);
        let of_request = kind.map_or(&[][..], |kind| kind.request_options);
        let mut request_options = Vec::new();
        for (name, value) in &self.options {
            if of_request.iter().any(|known| known.name == name) {
                request_options.push((name.clone(), value.clone()));
            } else {
                options = options.with_setting(name, value.expose());
            }
        }
        let provider = chatwire::provider(&self.provider, options)?;
        Ok(WithRequestOptions::wrap(provider, request_options))
    }
}

impl fmt::Debug for EndpointConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointConfig")
            .field("name", &self.name)
            .field("provider", &self.provider)
            .field("base_url", &self.base_url.as_deref().map(shown_address))
            .field("options", &self.options)
            .field("emulate_tools", &self.emulate_tools)
            .field("http", &self.http)
            .finish()
    }
}
