use std::net::IpAddr;
use std::sync::Arc;

use super::connections::Place;
use super::watch::Watch;

/// The client of a connection, in the extensions of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    address: IpAddr,
    place: Arc<Place>,
    watch: Watch,
}

impl Client {
    pub(super) fn new(address: IpAddr, place: Arc<Place>, watch: Watch) -> Client {
        Client {
            address,
            place,
            watch,
        }
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Notes that a valid key was seen: from now on the limits of known clients
    /// apply to the connection.
    pub(crate) fn authenticated(&self) {
        self.watch.authenticated();
        self.place.authenticated();
    }
}
