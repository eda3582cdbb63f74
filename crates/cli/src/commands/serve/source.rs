//! Where the gateway of `serve` comes from: a file, a server of the arguments,
//! or mocks.

use std::net::SocketAddr;
use std::sync::Arc;

use chatwire::{Provider, Secret};
use chatwire_config::{Config, Gateway};

use super::args::ServeArgs;
use super::host_name::host_names;
use crate::args::{General, TargetArgs};
use crate::commands::mock_script::Script;
use crate::endpoints::{Configuration, Part, Target, secret_argument, variable};
use crate::failure::Failure;

/// Where endpoints and settings come from.
pub(super) enum Source {
    /// The configuration file, which can be read again.
    File,
    /// The arguments; mocks answer as long as this lives.
    Arguments(Vec<Part>),
}

/// A gateway, and what is not a part of it.
pub(super) struct Served {
    pub(super) gateway: Gateway,
    pub(super) listen: SocketAddr,
    /// The file that was read, if one was.
    pub(super) file: Option<Configuration>,
}

impl Source {
    /// Finds out what the arguments want, and starts the mocks.
    pub(super) async fn open(args: &ServeArgs, general: &General) -> Result<Source, Failure> {
        let target = args.target();
        let script = match &args.script {
            Some(file) => Some(Script::read(file)?),
            None => None,
        };
        let mut parts = Vec::new();
        if args.mock && args.provider.is_none() {
            if !args.option.is_empty() {
                return Err(Failure::Usage(
                    "-o is a setting of one provider: name it with -p".to_owned(),
                ));
            }
            for kind in chatwire::providers() {
                let provider = Some(kind.name.to_owned());
                let one = TargetArgs {
                    provider,
                    ..target.clone()
                };
                parts.extend(Target::new(&one, general, true, 0).await?.parts);
            }
            prepare(&parts, script.as_ref());
            return Ok(Source::Arguments(parts));
        }
        if args.names_server() || Self::is_in_environment(general)? {
            parts.extend(Target::new(&target, general, true, 0).await?.parts);
            prepare(&parts, script.as_ref());
            return Ok(Source::Arguments(parts));
        }
        for (name, is_given) in [
            ("-o", !args.option.is_empty()),
            ("--tools", args.tools.is_some()),
            ("--header", !args.header.is_empty()),
            ("--proxy", args.proxy.is_some()),
            ("--ca-file", args.ca_file.is_some()),
            ("--insecure", args.insecure),
        ] {
            if is_given {
                return Err(Failure::Usage(format!(
                    "{name} belongs to the server of -u or -p; those of the configuration have \
                     theirs there"
                )));
            }
        }
        Ok(Source::File)
    }

    /// Whether the environment names a server and the file does not.
    fn is_in_environment(general: &General) -> Result<bool, Failure> {
        if general.config.is_some() || variable("CHATWIRE_BASE_URL")?.is_none() {
            return Ok(false);
        }
        let config = Configuration::find(general)?.parse()?;
        Ok(config.endpoint_names().next().is_none())
    }

    /// Whether the configuration can be read again.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Source::File)
    }

    /// Makes the gateway, from the file as it is now.
    pub(super) fn gateway(&self, args: &ServeArgs, general: &General) -> Result<Served, Failure> {
        // With servers of their own, the arguments need no file, unless they name
        // one for the settings of the gateway.
        let file = match self {
            Source::Arguments(_) if general.config.is_none() => None,
            _ => Some(Configuration::find(general)?),
        };
        let config = match &file {
            Some(file) => file.parse()?,
            None => Config::default(),
        };
        let builder = match self {
            Source::Arguments(parts) => {
                let emulate_tools = args.tools.as_deref() == Some("emulate");
                config.gateway_over(parts.iter().map(named).collect(), emulate_tools)
            }
            Source::File if config.endpoint_names().next().is_some() => config.gateway(),
            Source::File => {
                let path = file.as_ref().map(|file| file.path.display().to_string());
                return Err(Failure::Usage(format!(
                    "there are no endpoints in {}: add some with `chatwire config edit`, name a \
                     server with -u URL, or try --mock",
                    path.unwrap_or_default()
                )));
            }
        };
        let mut builder = builder.map_err(|errors| match &file {
            Some(file) => file.mistakes(&errors),
            None => Failure::Usage(errors.to_string()),
        })?;
        let key = match &args.api_key {
            Some(key) => Some(secret_argument("api_key", key)?),
            None if file.is_none() => variable("CHATWIRE_API_KEY")?,
            None => None,
        };
        if let Some(key) = key {
            builder = builder.without_api_keys().api_key(Secret::new(key));
        }
        for name in host_names() {
            builder = builder.allow_host(name);
        }
        let gateway = builder.build()?;
        let listen = args.listen.unwrap_or_else(|| config.listen());
        gateway.check_address(listen.ip())?;
        Ok(Served {
            gateway,
            listen,
            file,
        })
    }
}

/// Lets the mocks answer as the script says, if there is one.
fn prepare(parts: &[Part], script: Option<&Script>) {
    let mocks = parts.iter().filter_map(|part| part.mock.as_ref());
    if let Some(script) = script {
        mocks.for_each(|mock| script.prepare(mock));
    }
}

fn named(part: &Part) -> (String, Arc<dyn Provider>) {
    (part.kind.name.to_owned(), Arc::clone(&part.provider))
}
