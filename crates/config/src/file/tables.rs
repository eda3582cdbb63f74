//! The tables of the file, as serde reads them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::leaf::Leaf;
use super::reference::Reference;
use super::scalar::{Address, Count, Item, OrOff, Tools, Usage};
use super::source::{Plain, Source};

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) default: Option<Spanned<Leaf<String>>>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(crate) http: HttpTable,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) endpoints: BTreeMap<String, Spanned<EndpointTable>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) aliases: BTreeMap<String, Spanned<List<Item>>>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(crate) gateway: GatewayTable,
}

/// A list; [`read`](super::read()) makes one of a single value.
pub(crate) type List<T> = Vec<Spanned<Leaf<T>>>;

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EndpointTable {
    pub(crate) provider: Option<Spanned<Leaf<String>>>,
    pub(crate) base_url: Option<Spanned<Leaf<Address>>>,
    pub(crate) tools: Option<Leaf<Tools>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) options: BTreeMap<String, Spanned<Leaf<Plain>>>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(crate) http: HttpTable,
}

/// How endpoints speak HTTP; what is not set is left as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpTable {
    pub(crate) connect_timeout: Option<Leaf<OrOff<Duration>>>,
    pub(crate) first_byte_timeout: Option<Leaf<OrOff<Duration>>>,
    pub(crate) idle_timeout: Option<Leaf<OrOff<Duration>>>,
    pub(crate) total_timeout: Option<Leaf<OrOff<Duration>>>,
    pub(crate) max_event: Option<Leaf<OrOff<usize>>>,
    pub(crate) max_error_body: Option<Leaf<usize>>,
    pub(crate) max_page: Option<Leaf<OrOff<usize>>>,
    pub(crate) max_reply: Option<Leaf<OrOff<usize>>>,
    pub(crate) proxy: Option<Spanned<Leaf<OrOff<Source>>>>,
    pub(crate) ca_file: Option<Spanned<Leaf<String>>>,
    pub(crate) user_agent: Option<Leaf<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, Spanned<Leaf<Source>>>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GatewayTable {
    pub(crate) listen: Option<Spanned<Leaf<SocketAddr>>>,
    pub(crate) page: Option<Leaf<bool>>,
    pub(crate) prompts: Option<Spanned<Leaf<String>>>,
    pub(crate) strict: Option<Leaf<bool>>,
    pub(crate) usage: Option<Leaf<Usage>>,
    pub(crate) retries: Option<Leaf<Count<0, 20>>>,
    pub(crate) retry_delay: Option<Leaf<Duration>>,
    pub(crate) keep_alive: Option<Leaf<Duration>>,
    pub(crate) grace: Option<Leaf<Duration>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed_hosts: List<Item>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) allowed_origins: List<Item>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) api_keys: List<Reference>,
    #[serde(skip_serializing_if = "is_empty")]
    pub(crate) limits: LimitsTable,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsTable {
    pub(crate) body: Option<Leaf<usize>>,
    pub(crate) header: Option<Leaf<usize>>,
    pub(crate) header_read: Option<Leaf<Duration>>,
    pub(crate) body_read: Option<Leaf<Duration>>,
    pub(crate) idle: Option<Leaf<Duration>>,
    pub(crate) linger: Option<Leaf<Duration>>,
    pub(crate) buffered: Option<Leaf<usize>>,
    pub(crate) unauthenticated: Option<Leaf<Duration>>,
    pub(crate) unauthenticated_connections: Option<Leaf<Count<1, 1_000_000>>>,
    pub(crate) wrong_key_delay: Option<Leaf<Duration>>,
    pub(crate) connections: Option<Leaf<Count<1, 1_000_000>>>,
    pub(crate) requests: Option<Leaf<Count<1, 1_000_000>>>,
}

/// Whether nothing is set in a table.
fn is_empty<T: Serialize>(table: &T) -> bool {
    toml::Table::try_from(table).is_ok_and(|table| table.is_empty())
}
