use std::collections::BTreeMap;
use std::sync::Arc;

use chatwire_core::{Error, ErrorKind};

use super::endpoint::Endpoint;
use super::target::Target;
use crate::error::{ApiError, quoted};

/// The routing table: the endpoints and aliases, and which of them a name
/// stands for.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    aliases: BTreeMap<String, Vec<Target>>,
}

impl Routes {
    /// Builds the table, and checks the names.
    pub(crate) fn new(
        endpoints: Vec<Endpoint>,
        aliases: Vec<(String, Vec<String>)>,
    ) -> Result<Routes, Error> {
        let invalid = |why: String| Err(Error::new(ErrorKind::InvalidRequest, why));
        if endpoints.is_empty() {
            return invalid("a gateway needs at least one endpoint".into());
        }
        let mut routes = Routes::default();
        for endpoint in endpoints {
            if !is_endpoint_name(&endpoint.name) {
                return invalid(format!(
                    "{:?} cannot be the name of an endpoint: letters, digits, `-`, `_` and `.` \
                     are possible",
                    endpoint.name
                ));
            }
            if routes.endpoint(&endpoint.name).is_some() {
                return invalid(format!("two endpoints are named {:?}", endpoint.name));
            }
            routes.endpoints.push(Arc::new(endpoint));
        }
        for (alias, names) in aliases {
            if alias.trim().is_empty() {
                return invalid("an alias needs a name".into());
            }
            if names.is_empty() {
                return invalid(format!("the alias {alias:?} stands for nothing"));
            }
            let mut targets = Vec::new();
            for name in &names {
                match routes.find(name) {
                    Ok(target) => targets.push(target),
                    Err(why) => {
                        return invalid(format!("the alias {alias:?} names {name:?}: {why}"));
                    }
                }
            }
            if routes.aliases.insert(alias.clone(), targets).is_some() {
                return invalid(format!("two aliases are named {alias:?}"));
            }
        }
        Ok(routes)
    }

    pub(crate) fn endpoint(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// A number that grows whenever the models of an endpoint change.
    pub(crate) fn version(&self) -> u64 {
        self.endpoints
            .iter()
            .map(|endpoint| endpoint.version())
            .sum()
    }

    /// The names of the aliases, sorted.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.keys().map(String::as_str)
    }

    /// Returns the targets that a model's name stands for, in the order in
    /// which to ask them. If the name is not known, the servers that can list
    /// their models are asked first.
    pub(crate) async fn resolve(&self, name: &str) -> Result<Vec<Target>, ApiError> {
        if let Some(targets) = self.aliases.get(name) {
            return Ok(targets.clone());
        }
        if let Ok(target) = self.find(name) {
            return Ok(vec![target]);
        }
        match self.addressed(name) {
            Some((endpoint, _)) => endpoint.refresh().await,
            None => self.refresh().await,
        }
        match self.find(name) {
            Ok(target) => Ok(vec![target]),
            Err(why) => Err(ApiError::unknown_model(why)),
        }
    }

    /// Asks all servers that can list their models.
    pub(crate) async fn refresh(&self) {
        let mut tasks = tokio::task::JoinSet::new();
        for endpoint in &self.endpoints {
            let endpoint = Arc::clone(endpoint);
            tasks.spawn(async move { endpoint.refresh().await });
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Splits a name that begins with an endpoint.
    fn addressed<'a>(&self, name: &'a str) -> Option<(&Arc<Endpoint>, &'a str)> {
        let (endpoint, model) = name.split_once('/')?;
        Some((self.endpoint(endpoint)?, model))
    }

    /// Returns the target of a name that is not an alias, or why there is none.
    pub(crate) fn find(&self, name: &str) -> Result<Target, String> {
        if let Some((endpoint, model)) = self.addressed(name)
            && endpoint.knows(model)
        {
            return Ok(Target::new(endpoint, Some(model)));
        }
        let having: Vec<&Arc<Endpoint>> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.lists(name))
            .collect();
        match having.as_slice() {
            [endpoint] => Ok(Target::new(endpoint, Some(name))),
            [] => match self.endpoint(name) {
                Some(endpoint) => Ok(Target::new(endpoint, None)),
                None => Err(format!(
                    "there is no model {} here; GET /v1/models lists them",
                    quoted(name)
                )),
            },
            several => {
                let ids: Vec<String> = several
                    .iter()
                    .map(|endpoint| format!("{}/{name}", endpoint.name))
                    .collect();
                Err(format!(
                    "the model {} is at several endpoints; say which: {}",
                    quoted(name),
                    ids.join(", ")
                ))
            }
        }
    }
}

/// Returns `true` if a text can be the name of an endpoint. A slash would make
/// `endpoint/model` ambiguous.
pub(crate) fn is_endpoint_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
