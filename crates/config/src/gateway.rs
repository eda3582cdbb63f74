//! The `gateway` table and the aliases: from the file to a [`GatewayBuilder`].

use std::path::Path;
use std::sync::Arc;

use chatwire::Provider;
use chatwire_gateway::{Gateway, GatewayBuilder, Given, Limits};
use chatwire_structured::Prompts;

use crate::file::{File, Item, Leaf, LimitsTable, List, Mistakes, dotted};
use crate::paths::located;

/// A builder with all that the file says; what it refuses is noted with its
/// place. The providers have their names, and whether tools are emulated.
pub(crate) fn builder(
    file: &File,
    providers: Vec<(String, Arc<dyn Provider>, bool)>,
    with_aliases: bool,
    folder: &Path,
    mistakes: &mut Mistakes<'_>,
) -> GatewayBuilder {
    let table = &file.gateway;
    // Aliases cannot be judged while an endpoint is missing.
    let complete = mistakes.is_empty();
    let mut builder = Gateway::builder().limits(limits(&table.limits));
    macro_rules! set {
        ($($field:ident)*) => {$(
            if let Some(Leaf(value, _)) = &table.$field {
                builder = builder.$field(*value);
            }
        )*};
    }
    set!(page strict retry_delay keep_alive grace);
    if let Some(Leaf(usage, _)) = &table.usage {
        builder = builder.estimate_usage(usage.is_on);
    }
    if let Some(Leaf(retries, _)) = &table.retries {
        builder = builder.retries(retries.0);
    }
    if let Some(prompts) = &table.prompts {
        match Prompts::from_dir(located(folder, Path::new(&prompts.get_ref().0))) {
            Ok(prompts) => builder = builder.prompts(prompts),
            Err(error) => {
                let why = match std::error::Error::source(&error) {
                    Some(source) => format!("{}: {source}", error.message()),
                    None => error.message().to_owned(),
                };
                mistakes.at(prompts.span(), "gateway.prompts", why);
            }
        }
    }
    for (name, provider, emulate_tools) in providers {
        builder = match emulate_tools {
            true => builder.endpoint_with_tools(name, provider),
            false => builder.endpoint(name, provider),
        };
    }
    for host in &table.allowed_hosts {
        builder = builder.allow_host(&host.get_ref().0.0);
    }
    for origin in &table.allowed_origins {
        builder = builder.allow_origin(&origin.get_ref().0.0);
    }
    // Which reference each key comes from: a file can have several.
    let mut sources = Vec::new();
    for source in &table.api_keys {
        match source.get_ref().0.resolve_keys(folder) {
            Ok(keys) => {
                for key in keys {
                    sources.push(source.span());
                    builder = builder.api_key(key);
                }
            }
            Err(why) => mistakes.at(source.span(), "gateway.api_keys", why),
        }
    }
    let mut aliases: Vec<_> = file.aliases.iter().collect();
    if !with_aliases {
        aliases.clear();
    }
    for (alias, models) in &aliases {
        let models = models.get_ref().iter().map(|model| &model.get_ref().0.0);
        builder = builder.alias(*alias, models);
    }
    let listed = |list: &List<Item>, index: usize, key: &str| {
        let item = list.get(index)?;
        Some((item.span(), key.to_owned()))
    };
    for mistake in builder.mistakes() {
        let place = match mistake.given {
            Given::Host(index) => listed(&table.allowed_hosts, index, "gateway.allowed_hosts"),
            Given::Origin(index) => {
                listed(&table.allowed_origins, index, "gateway.allowed_origins")
            }
            Given::ApiKey(index) => sources
                .get(index)
                .map(|span| (span.clone(), "gateway.api_keys".to_owned())),
            Given::Alias { alias, model } if complete => {
                aliases.get(alias).and_then(|(name, models)| {
                    listed(models.get_ref(), model, &dotted(["aliases", name]))
                })
            }
            _ => None,
        };
        if let Some((span, key)) = place {
            mistakes.at(span, &key, mistake.message);
        }
    }
    if let Some(listen) = &table.listen {
        let address = listen.get_ref().0;
        match table.api_keys.first() {
            None if !address.ip().is_loopback() => {
                let why = format!(
                    "{address} can be reached by others: expected gateway.api_keys too, or a \
                     loopback address such as 127.0.0.1"
                );
                mistakes.at(listen.span(), "gateway.listen", why);
            }
            Some(first) if !sources.is_empty() => {
                if let Err(error) = builder.check_address(address.ip()) {
                    mistakes.at(first.span(), "gateway.api_keys", error.message());
                }
            }
            _ => {}
        }
    }
    builder
}

fn limits(table: &LimitsTable) -> Limits {
    let mut limits = Limits::default();
    macro_rules! set {
        ($($field:ident)*) => {$(
            if let Some(Leaf(value, _)) = &table.$field {
                limits.$field = *value;
            }
        )*};
    }
    set!(body header header_read body_read idle linger buffered unauthenticated wrong_key_delay);
    for (number, limit) in [
        (
            &table.unauthenticated_connections,
            &mut limits.unauthenticated_connections,
        ),
        (&table.connections, &mut limits.connections),
        (&table.requests, &mut limits.requests),
    ] {
        if let Some(Leaf(number, _)) = number {
            *limit = usize::try_from(number.0).unwrap_or(usize::MAX);
        }
    }
    limits
}
