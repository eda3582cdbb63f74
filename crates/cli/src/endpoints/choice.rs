use super::environment::variable;
use super::file::Configuration;
use crate::args::{General, TargetArgs};
use crate::failure::Failure;

/// The choice made by flags, environment or file.
pub(super) enum Choice {
    Endpoints(Vec<String>),
    Direct {
        /// `None` if only an address was given.
        provider: Option<String>,
        base_url: Option<String>,
    },
}

/// Flags come before the environment, and that before the file.
pub(super) fn choice(args: &TargetArgs, general: &General) -> Result<Choice, Failure> {
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
        // CHATWIRE_BASE_URL belongs to CHATWIRE_PROVIDER.
        None if args.mock || args.provider.is_some() => None,
        None => variable("CHATWIRE_BASE_URL")?,
    };
    if !flags && provider.is_none() && base_url.is_none() {
        let config = Configuration::find(general)?.parse()?;
        if let Some(name) = config.default_endpoint() {
            return Ok(Choice::Endpoints(vec![name.to_owned()]));
        }
    } else if general.config.is_some() {
        // A file that is named explicitly is read even if nothing in it is used.
        Configuration::find(general)?.parse()?;
    }
    Ok(Choice::Direct { provider, base_url })
}
