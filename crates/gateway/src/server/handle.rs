use std::sync::Arc;

use chatwire_core::Error;

use super::current::Current;
use crate::gateway::Gateway;

/// Replaces a gateway while it is being served, for example when its
/// configuration has changed. See [`Gateway::handle`].
#[derive(Debug, Clone)]
pub struct GatewayHandle(Arc<Current>);

impl Gateway {
    /// Returns a handle that can replace this gateway while
    /// [`serve`](Gateway::serve) runs.
    pub fn handle(&self) -> GatewayHandle {
        GatewayHandle(Arc::clone(&self.current))
    }
}

impl GatewayHandle {
    /// Answers all requests from now on with another gateway: its endpoints,
    /// aliases, keys, hosts, origins, settings and limits. Replies that have
    /// begun go on, connections stay open, and metrics are continued.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest)
    /// if the gateway is not being served, or if the other one must not listen
    /// on its address (see [`Gateway::check_address`]). Then nothing changes.
    pub fn replace(&self, gateway: Gateway) -> Result<(), Error> {
        self.0.replace(gateway.app)
    }
}
