use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatwire::{Error, ErrorKind, HttpConfig, Provider, Secret, SettingKind};
use chatwire_gateway::GatewayBuilder;
use toml::Spanned;

use crate::endpoint::EndpointConfig;
use crate::error::ConfigErrors;
use crate::file::{Document, EndpointTable, File, HttpTable, Leaf, Mistakes, dotted, read};
use crate::paths::located;
use crate::{gateway, http, redact};

/// A configuration that was read and has no mistake in itself. Secrets are read
/// and providers made when they are asked for.
#[derive(Debug, Clone, Default)]
pub struct Config {
    file: File,
    document: Document,
    folder: PathBuf,
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    ///
    /// All mistakes in it, each with line, column, key and what was expected.
    pub fn parse(text: &str) -> Result<Config, ConfigErrors> {
        let document = Document::new(text);
        let mut mistakes = Mistakes::new(&document);
        let file = read(text, &mut mistakes);
        if let Some(file) = &file {
            check(file, &mut mistakes);
        }
        let file = mistakes.or(file.unwrap_or_default())?;
        Ok(Config {
            file,
            document,
            folder: PathBuf::new(),
        })
    }

    /// Sets the folder in which relative paths of `{ file = "path" }`, `ca_file`,
    /// `session_file` and `prompts` are looked for: that of the configuration file (default: the
    /// working directory).
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Config {
        self.folder = folder.into();
        self
    }

    /// The endpoint to use when none is named.
    pub fn default_endpoint(&self) -> Option<&str> {
        let name = self.file.default.as_ref()?;
        Some(name.get_ref().0.as_str())
    }

    /// The names of the endpoints, sorted.
    pub fn endpoint_names(&self) -> impl Iterator<Item = &str> {
        self.file.endpoints.keys().map(String::as_str)
    }

    /// An endpoint with its secrets read from where they are; `None` if there
    /// is no endpoint of that name.
    ///
    /// # Errors
    ///
    /// Variables and files that cannot be read, each with the line and key that
    /// names it.
    pub fn endpoint(&self, name: &str) -> Result<Option<EndpointConfig>, ConfigErrors> {
        let Some(table) = self.file.endpoints.get(name) else {
            return Ok(None);
        };
        let mut mistakes = Mistakes::new(&self.document);
        let endpoint = self.resolve(name, table.get_ref(), &mut mistakes);
        mistakes.or(Some(endpoint))
    }

    /// Where the gateway listens (default: 127.0.0.1:1337).
    pub fn listen(&self) -> SocketAddr {
        match &self.file.gateway.listen {
            Some(address) => address.get_ref().0,
            None => SocketAddr::from(([127, 0, 0, 1], 1337)),
        }
    }

    /// A gateway with the provider of every endpoint, the aliases and the
    /// settings of the file. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Everything that is wrong: secrets that cannot be read, endpoints whose
    /// provider cannot be made, aliases for models that do not exist, an
    /// address other than loopback without an API key.
    pub fn gateway(&self) -> Result<GatewayBuilder, ConfigErrors> {
        let mut mistakes = Mistakes::new(&self.document);
        let mut providers = Vec::new();
        if self.file.endpoints.is_empty() {
            mistakes.missing("endpoints", "expected at least one [endpoints.NAME]");
        }
        for (name, table) in &self.file.endpoints {
            let mut own = Mistakes::new(&self.document);
            let endpoint = self.resolve(name, table.get_ref(), &mut own);
            if let Err(errors) = own.or(()) {
                mistakes.extend(errors);
                continue;
            }
            if endpoint.base_url.is_none() {
                let key = dotted(["endpoints", name, "base_url"]);
                let why = "missing: expected the address of the server, such as \
                           \"http://localhost:3000\"";
                mistakes.at(table.span(), &key, why);
                continue;
            }
            match endpoint.provider() {
                Ok(provider) => {
                    providers.push((name.clone(), provider, endpoint.emulate_tools));
                }
                Err(error) => {
                    let (span, key) = blame(name, table, &error);
                    mistakes.at(span, &key, error.description());
                }
            }
        }
        let builder = gateway::builder(&self.file, providers, true, &self.folder, &mut mistakes);
        mistakes.or(builder)
    }

    /// A gateway over other providers than those of the file, with the settings
    /// of its `[gateway]` table and without its aliases. With `emulate_tools`,
    /// their models can call tools although the servers have none. Nothing is sent.
    ///
    /// # Errors
    ///
    /// API keys that cannot be read, and values that the gateway refuses.
    pub fn gateway_over(
        &self,
        providers: Vec<(String, Arc<dyn Provider>)>,
        emulate_tools: bool,
    ) -> Result<GatewayBuilder, ConfigErrors> {
        let mut mistakes = Mistakes::new(&self.document);
        let providers = providers.into_iter();
        let providers = providers.map(|(name, provider)| (name, provider, emulate_tools));
        let providers = providers.collect();
        let builder = gateway::builder(&self.file, providers, false, &self.folder, &mut mistakes);
        mistakes.or(builder)
    }

    /// Returns whether secrets may stand in the file itself, rather than in the
    /// environment or in files of their own.
    pub fn has_secrets(&self) -> bool {
        redact::has_secrets(&self.file)
    }

    /// The configuration as TOML, without secrets and comments: it can be shown
    /// to others.
    pub fn to_redacted_toml(&self) -> String {
        redact::shown(&self.file)
    }

    fn resolve(
        &self,
        name: &str,
        table: &EndpointTable,
        mistakes: &mut Mistakes<'_>,
    ) -> EndpointConfig {
        let mut endpoint = EndpointConfig::new(provider_name(table));
        name.clone_into(&mut endpoint.name);
        endpoint.base_url = table.base_url.as_ref().map(|url| url.get_ref().0.0.clone());
        let tools = table.tools.as_ref();
        endpoint.emulate_tools = tools.is_some_and(|Leaf(tools, _)| tools.is_on);
        for (key, value) in &table.options {
            let source = &value.get_ref().0.0;
            match source.resolve(&self.folder) {
                Ok(path) if source.is_text() && is_path(&endpoint.provider, key) => {
                    let place = located(&self.folder, Path::new(path.expose()));
                    endpoint.set_option(key, Secret::new(place.to_string_lossy()));
                }
                Ok(value) => endpoint.set_option(key, value),
                Err(why) => {
                    let key = dotted(["endpoints", name, "options", key]);
                    mistakes.at(value.span(), &key, why);
                }
            }
        }
        let apply = |table, over, path: &[&str], http, mistakes: &mut Mistakes<'_>| {
            http::apply(table, over, path, &self.folder, http, mistakes)
        };
        let own = &table.http;
        let of_all = apply(&self.file.http, own, &["http"], HttpConfig::new(), mistakes);
        let path = ["endpoints", name, "http"];
        endpoint.http = apply(own, &HttpTable::default(), &path, of_all, mistakes);
        endpoint
    }
}

/// Returns whether a setting is the path of a file.
fn is_path(provider: &str, name: &str) -> bool {
    let setting = chatwire::provider_kind(provider).and_then(|kind| kind.setting(name));
    setting.is_some_and(|setting| setting.kind == SettingKind::Path)
}

fn provider_name(table: &EndpointTable) -> &str {
    let name = table.provider.as_ref();
    name.map_or("", |name| name.get_ref().0.as_str())
}

/// The place that an error of the provider is about, as far as can be told.
fn blame(name: &str, table: &Spanned<EndpointTable>, error: &Error) -> (Range<usize>, String) {
    let EndpointTable {
        provider,
        base_url,
        options,
        ..
    } = table.get_ref();
    if let (true, Some(url)) = (error.message().starts_with("base URL"), base_url) {
        return (url.span(), dotted(["endpoints", name, "base_url"]));
    }
    if let (ErrorKind::UnknownProvider, Some(provider)) = (error.kind(), provider) {
        return (provider.span(), dotted(["endpoints", name, "provider"]));
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = error.message().split(|c| !is_key(c));
    match words.find_map(|word| options.get_key_value(word)) {
        Some((key, value)) => (value.span(), dotted(["endpoints", name, "options", key])),
        None => (table.span(), dotted(["endpoints", name])),
    }
}

/// What the types of the tables cannot say.
fn check(file: &File, mistakes: &mut Mistakes<'_>) {
    http::check(&file.http, &["http"], mistakes);
    for (name, table) in &file.endpoints {
        let span = table.span();
        let key = dotted(["endpoints", name]);
        if !is_endpoint_name(name) {
            let why = "expected a name of letters, digits, `-`, `_` and `.`";
            mistakes.at(span.clone(), &key, why);
        }
        if table.get_ref().provider.is_none() {
            let key = dotted(["endpoints", name, "provider"]);
            if !mistakes.has(&key) {
                mistakes.at(span, &key, "missing: expected a text");
            }
        }
        let path = ["endpoints", name, "http"];
        http::check(&table.get_ref().http, &path, mistakes);
    }
    for (alias, models) in &file.aliases {
        let key = dotted(["aliases", alias]);
        if models.get_ref().is_empty() {
            let why = "expected a text or a list of texts, found an empty list";
            mistakes.at(models.span(), &key, why);
        }
        for model in models.get_ref() {
            if let Some((endpoint, _)) = model.get_ref().0.0.split_once('/')
                && !is_endpoint(file, endpoint, mistakes)
            {
                let why = format!("there is no endpoint {endpoint:?}");
                mistakes.at(model.span(), &key, why);
            }
        }
    }
    if let Some(default) = &file.default {
        let name = &default.get_ref().0;
        if !is_endpoint(file, name, mistakes) {
            let known: Vec<&str> = file.endpoints.keys().map(String::as_str).collect();
            let known = known.join(", ");
            let why = format!("expected the name of an endpoint ({known}), found {name:?}");
            mistakes.at(default.span(), "default", why);
        }
    }
}

/// Whether there is an endpoint of that name, be it one with a mistake.
fn is_endpoint(file: &File, name: &str, mistakes: &Mistakes<'_>) -> bool {
    file.endpoints.contains_key(name)
        || mistakes.has("endpoints")
        || mistakes.has(&dotted(["endpoints", name]))
}

/// Whether a text can be the name of an endpoint. A slash would make
/// `endpoint/model` ambiguous.
fn is_endpoint_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !name.is_empty() && name.bytes().all(allowed)
}
