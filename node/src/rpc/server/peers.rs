//! Who has how many connections and requests open; a subscription is a request until it ends.
//!
//! # Not here
//! The limits of subscriptions, in all and of a peer: `event_stream::subscribers`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{MAX_ACTOR_REQUESTS, MAX_REQUESTS};
use crate::runtime::caller::network_of;
use crate::runtime::class::Class;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A connection, of whatever protocol.
    Connection,
    /// A request, a stream among them.
    Request,
}

/// How many one peer may have open. Loopback addresses are every process of the machine: they have the limits of `local`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerLimits {
    /// Most connections of one peer.
    pub connections: usize,
    /// Most requests of one peer at once.
    pub requests: usize,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{max} are open already ({reason})")]
pub struct Full {
    /// Upper snake, stable.
    pub reason: &'static str,
    /// The limit.
    pub max: usize,
}

/// The counts.
#[derive(Debug)]
pub struct Peers {
    remote: PeerLimits,
    local: PeerLimits,
    open: AtomicUsize,
    counts: Mutex<BTreeMap<IpAddr, PeerLimits>>,
}

/// A place that is given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    peers: Arc<Peers>,
    peer: IpAddr,
    kind: Kind,
}

/// A place among all requests, and one among the peer's if it has one.
#[derive(Debug)]
pub struct Entered {
    _place: Option<Place>,
    _all: Total,
}

#[derive(Debug)]
struct Total(Arc<Peers>);

impl Peers {
    /// Limits for peers elsewhere and for the machine's own processes.
    #[must_use]
    pub fn new(remote: PeerLimits, local: PeerLimits) -> Arc<Self> {
        Arc::new(Self { remote, local, open: AtomicUsize::new(0), counts: Mutex::default() })
    }

    /// One more of `kind`; `None` at the peer's limit.
    #[must_use]
    pub fn take(self: &Arc<Self>, peer: IpAddr, kind: Kind) -> Option<Place> {
        let (limits, peer) = (self.limits(peer), network_of(peer));
        let mut counts = self.counts();
        let count = counts.entry(peer).or_insert(PeerLimits { connections: 0, requests: 0 });
        let (count, limit) = (count.of(kind), limits.value(kind));
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Place { peers: Arc::clone(self), peer, kind })
    }

    /// One more request, of all and of the peer. Of producers and signers there is room for some more.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn enter(self: &Arc<Self>, peer: IpAddr, class: Class) -> Result<Entered, Full> {
        let (most, is_actor) = match class {
            Class::Anyone => (MAX_REQUESTS, false),
            Class::Actor => (MAX_REQUESTS + MAX_ACTOR_REQUESTS, true),
        };
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        let all = Total(Arc::clone(self));
        if before >= most {
            return Err(Full { reason: "TOO_MANY_REQUESTS", max: most });
        }
        let full = Full { reason: "TOO_MANY_REQUESTS", max: self.limits(peer).requests };
        let place = self.take(peer, Kind::Request);
        if place.is_none() && !is_actor {
            return Err(full);
        }
        Ok(Entered { _place: place, _all: all })
    }

    fn limits(&self, peer: IpAddr) -> PeerLimits {
        if peer.to_canonical().is_loopback() { self.local } else { self.remote }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<IpAddr, PeerLimits>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PeerLimits {
    const fn of(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::Connection => &mut self.connections,
            Kind::Request => &mut self.requests,
        }
    }

    const fn value(mut self, kind: Kind) -> usize {
        *self.of(kind)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        let Some(count) = counts.get_mut(&self.peer) else { return };
        let open = count.of(self.kind);
        *open = open.saturating_sub(1);
        if *count == (PeerLimits { connections: 0, requests: 0 }) {
            counts.remove(&self.peer); // The map is no larger than the number of open connections.
        }
    }
}

impl Drop for Total {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(each: usize) -> PeerLimits {
        PeerLimits { connections: each, requests: each }
    }

    #[test]
    fn a_peer_has_its_limit_and_gets_its_places_back() {
        let peers = Peers::new(limits(2), limits(3));
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let first = peers.take(peer, Kind::Connection).unwrap();
        let second = peers.enter(peer, Class::Anyone).unwrap();
        let third = peers.enter(peer, Class::Anyone).unwrap();
        let full = peers.enter(peer, Class::Anyone).unwrap_err();
        assert_eq!(full, Full { reason: "TOO_MANY_REQUESTS", max: 2 });
        drop(peers.enter(peer, Class::Actor).unwrap());
        assert!(peers.enter("192.0.2.2".parse().unwrap(), Class::Anyone).is_ok(), "another peer is not concerned");
        drop(third);
        assert!(peers.enter(peer, Class::Anyone).is_ok());
        drop((first, second));
        assert!(peers.counts().is_empty());
        assert_eq!(peers.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_machine_itself_has_limits_of_its_own_and_a_network_is_one_peer() {
        let peers = Peers::new(limits(1), limits(2));
        let local = ["127.0.0.1", "::ffff:127.0.0.1"].map(|text| text.parse().unwrap());
        let held: Vec<_> = local.iter().map(|peer| peers.take(*peer, Kind::Request).unwrap()).collect();
        assert!(peers.take(local[0], Kind::Request).is_none());
        drop(held);
        let network = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        let _held = peers.take(network[0], Kind::Connection).unwrap();
        assert!(peers.take(network[1], Kind::Connection).is_none());
        assert!(peers.take(network[2], Kind::Connection).is_some());
    }
}
