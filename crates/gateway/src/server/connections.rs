use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::limits::Limits;

/// A connection that was quiet for so long will hardly send a request now. A
/// younger one may have sent it already, so it is given this time to be read.
pub(super) const YOUNG: Duration = Duration::from_millis(100);

/// The open connections. If there are too many, the one that was quiet for
/// longest makes room.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    open: HashMap<u64, Entry>,
    /// Those that can be closed, in the order in which that is done.
    closable: BTreeMap<Rank, u64>,
    /// How many connections each network has on which no valid key was seen.
    unauthenticated: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    network: IpAddr,
    /// Whether the gateway has keys, and this client has not sent one yet.
    unauthenticated: bool,
    /// Whether a request is being answered.
    busy: bool,
    /// When that was last changed.
    since: Instant,
    rank: Option<Rank>,
    close: CancellationToken,
}

/// The smallest is closed first: clients without a key, then by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    authenticated: bool,
    age: u64,
}

/// What comes of a new connection.
#[derive(Debug)]
pub(super) enum Entered {
    /// It has its place.
    Open(Place),
    /// Another one has to make room that may be about to send a request: ask
    /// again after [`YOUNG`].
    Wait,
    /// All others are being served.
    Full,
}

/// The place of one connection, which is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    connections: Arc<Connections>,
    id: u64,
    close: CancellationToken,
}

impl Connections {
    /// Lets a connection in, and closes another one for it if need be.
    pub(super) fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        limits: &Limits,
        has_keys: bool,
        patient: bool,
    ) -> Entered {
        let mut state = self.lock();
        let network = network(address);
        let of_network = state.unauthenticated.get(&network).copied().unwrap_or(0);
        let is_crowded = has_keys && of_network >= limits.unauthenticated_connections.max(1);
        if is_crowded || state.open.len() >= limits.connections.max(1) {
            let makes_room =
                |entry: &Entry| !is_crowded || (entry.unauthenticated && entry.network == network);
            let Some((id, since)) = state.oldest(makes_room) else {
                return Entered::Full;
            };
            if patient && since.elapsed() < YOUNG {
                return Entered::Wait;
            }
            if let Some(entry) = state.remove(id) {
                entry.close.cancel();
            }
        }
        let close = CancellationToken::new();
        let id = state.next;
        state.next += 1;
        state.open.insert(
            id,
            Entry {
                network,
                unauthenticated: has_keys,
                busy: false,
                since: Instant::now(),
                rank: None,
                close: close.clone(),
            },
        );
        if has_keys {
            *state.unauthenticated.entry(network).or_default() += 1;
        }
        state.rank(id);
        Entered::Open(Place {
            connections: Arc::clone(self),
            id,
            close,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The connection that is closed first, among those that may make room.
    fn oldest(&self, makes_room: impl Fn(&Entry) -> bool) -> Option<(u64, Instant)> {
        self.closable.values().find_map(|id| {
            let entry = self.open.get(id)?;
            makes_room(entry).then_some((*id, entry.since))
        })
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.open.remove(&id)?;
        if let Some(rank) = entry.rank {
            self.closable.remove(&rank);
        }
        if entry.unauthenticated {
            self.authenticated(entry.network);
        }
        Some(entry)
    }

    /// Counts one connection less without a key.
    fn authenticated(&mut self, network: IpAddr) {
        if let Some(count) = self.unauthenticated.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.unauthenticated.remove(&network);
            }
        }
    }

    /// Puts a connection to where it now belongs among those that can be
    /// closed. Without a key, it can also while it is answered.
    fn rank(&mut self, id: u64) {
        let age = self.next;
        let Some(entry) = self.open.get_mut(&id) else {
            return;
        };
        if let Some(rank) = entry.rank.take() {
            self.closable.remove(&rank);
        }
        entry.since = Instant::now();
        if entry.unauthenticated || !entry.busy {
            let rank = Rank {
                authenticated: !entry.unauthenticated,
                age,
            };
            entry.rank = Some(rank);
            self.closable.insert(rank, id);
        }
        self.next += 1;
    }
}

impl Place {
    /// Resolves when the connection has to make room for another one.
    pub(super) async fn closed(&self) {
        self.close.cancelled().await;
    }

    /// Notes whether a request is being answered.
    pub(super) fn set_busy(&self, busy: bool) {
        let mut state = self.connections.lock();
        if let Some(entry) = state.open.get_mut(&self.id) {
            entry.busy = busy;
            state.rank(self.id);
        }
    }

    /// Notes that a valid key was seen.
    pub(super) fn authenticated(&self) {
        let mut state = self.connections.lock();
        if let Some(entry) = state.open.get_mut(&self.id)
            && entry.unauthenticated
        {
            entry.unauthenticated = false;
            let network = entry.network;
            state.authenticated(network);
            state.rank(self.id);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

/// The address, or the part of it that one customer has: of IPv6, half of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(connections: usize, of_address: usize) -> Limits {
        Limits {
            connections,
            unauthenticated_connections: of_address,
            ..Limits::default()
        }
    }

    /// Enters, and returns the place or what else came of it.
    fn enter(
        connections: &Arc<Connections>,
        address: &str,
        limits: &Limits,
        has_keys: bool,
    ) -> Result<Place, Entered> {
        match connections.enter(address.parse().unwrap(), limits, has_keys, false) {
            Entered::Open(place) => Ok(place),
            other => Err(other),
        }
    }

    fn closed(places: &[Place]) -> Vec<bool> {
        places
            .iter()
            .map(|place| place.close.is_cancelled())
            .collect()
    }

    #[tokio::test]
    async fn the_oldest_of_an_address_makes_room() {
        let connections = Arc::default();
        let limits = limits(100, 2);
        let mut places = Vec::new();
        for address in ["10.0.0.1", "10.0.0.2", "10.0.0.1", "::ffff:10.0.0.1"] {
            places.push(enter(&connections, address, &limits, true).unwrap());
        }
        assert_eq!(closed(&places), [true, false, false, false]);
        // A key makes it one of the others, and it does not count any more.
        places[2].authenticated();
        places.push(enter(&connections, "10.0.0.1", &limits, true).unwrap());
        assert_eq!(closed(&places), [true, false, false, false, false]);
        // One that is answered without a key is no better.
        places[3].set_busy(true);
        places.push(enter(&connections, "10.0.0.1", &limits, true).unwrap());
        places.push(enter(&connections, "10.0.0.1", &limits, true).unwrap());
        assert_eq!(
            closed(&places),
            [true, false, false, true, true, false, false]
        );
        drop(places);
        let state = connections.lock();
        assert!(state.open.is_empty() && state.closable.is_empty());
        assert!(state.unauthenticated.is_empty());
    }

    #[tokio::test]
    async fn one_customer_has_half_an_ipv6_address() {
        let connections = Arc::default();
        let limits = limits(100, 1);
        let mut places = Vec::new();
        for address in ["2001:db8::1", "2001:db8:0:1::1", "2001:db8::2"] {
            places.push(enter(&connections, address, &limits, true).unwrap());
        }
        assert_eq!(closed(&places), [true, false, false]);
    }

    #[tokio::test]
    async fn those_without_a_key_make_room_first() {
        let connections = Arc::default();
        let limits = limits(3, 64);
        let mut places = Vec::new();
        for address in ["10.0.0.1", "10.0.0.2", "10.0.0.3"] {
            places.push(enter(&connections, address, &limits, true).unwrap());
        }
        for place in &places[..2] {
            place.authenticated();
        }
        places[1].set_busy(true);
        places.push(enter(&connections, "10.0.0.4", &limits, true).unwrap());
        assert_eq!(closed(&places), [false, false, true, false]);
        places[3].set_busy(true);
        places[3].authenticated();
        // Then those that are idle, and never one that is answered.
        places.push(enter(&connections, "10.0.0.5", &limits, true).unwrap());
        assert_eq!(closed(&places), [true, false, true, false, false]);
        places[4].set_busy(true);
        places[4].authenticated();
        let full = enter(&connections, "10.0.0.6", &limits, true);
        assert!(matches!(full, Err(Entered::Full)), "{full:?}");
    }

    #[tokio::test]
    async fn without_keys_only_idle_ones_make_room() {
        let connections = Arc::default();
        let limits = limits(2, 1);
        let places = [
            enter(&connections, "10.0.0.1", &limits, false).unwrap(),
            enter(&connections, "10.0.0.1", &limits, false).unwrap(),
        ];
        places[0].set_busy(true);
        let third = enter(&connections, "10.0.0.1", &limits, false).unwrap();
        assert_eq!(closed(&places), [false, true]);
        third.set_busy(true);
        let full = enter(&connections, "10.0.0.1", &limits, false);
        assert!(matches!(full, Err(Entered::Full)), "{full:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn young_ones_are_given_time() {
        let connections: Arc<Connections> = Arc::default();
        let limits = limits(1, 64);
        let address = "10.0.0.1".parse().unwrap();
        let place = connections.enter(address, &limits, false, true);
        assert!(matches!(place, Entered::Open(_)));
        let next = connections.enter(address, &limits, false, true);
        assert!(matches!(next, Entered::Wait));
        tokio::time::sleep(YOUNG).await;
        let next = connections.enter(address, &limits, false, true);
        assert!(matches!(next, Entered::Open(_)));
    }
}
