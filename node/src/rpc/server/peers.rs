//! Counts open connections and requests by peer; a subscription is a request until it ends.
//!
//! # Not here
//! The limits of subscriptions, in total and per peer: `event_stream::subscribers`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{MAX_ACTOR_REQUESTS, MAX_REQUESTS};
use crate::runtime::caller::network_of;
use crate::runtime::class::CallerClass;

/// How much one peer may have open. A loopback address stands for all processes of the machine and has the `local`
/// limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerLimits {
    /// Most connections of one peer.
    pub connections: usize,
    /// Most requests of one peer at once.
    pub requests: usize,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit of {max} is reached ({reason})")]
pub struct Full {
    /// Code in upper snake case; stable.
    pub reason: &'static str,
    /// The limit.
    pub max: usize,
}

/// The counts.
#[derive(Debug)]
pub struct Peers {
    remote: PeerLimits,
    local: PeerLimits,
    /// Requests of all peers.
    open: AtomicUsize,
    counts: Mutex<BTreeMap<IpAddr, Count>>,
}

/// The counts of one peer, which exist as long as it has a connection.
#[derive(Debug, Default)]
struct Count {
    connections: usize,
    requests: Arc<AtomicUsize>,
}

/// A connection's place, which is returned when this is dropped.
#[derive(Debug)]
pub struct ConnectionSlot {
    peers: Arc<Peers>,
    peer: IpAddr,
    most_requests: usize,
    /// The peer's count, kept here so that a request needs neither look-up nor lock.
    requests: Arc<AtomicUsize>,
}

/// A place among all requests, and one among the peer's if one was free.
#[derive(Debug)]
pub struct RequestSlot {
    connection: Arc<ConnectionSlot>,
    is_counted: bool,
}

impl Peers {
    /// Counts with limits for remote peers and for the machine's own processes.
    #[must_use]
    pub fn new(remote: PeerLimits, local: PeerLimits) -> Arc<Self> {
        Arc::new(Self { remote, local, open: AtomicUsize::new(0), counts: Mutex::default() })
    }

    /// Counts one more connection; `None` at the peer's limit.
    #[must_use]
    pub fn connect(self: &Arc<Self>, peer: IpAddr) -> Option<Arc<ConnectionSlot>> {
        let (limits, peer) = (self.limits(peer), network_of(peer));
        let mut counts = self.counts();
        let count = counts.entry(peer).or_default();
        if count.connections >= limits.connections {
            return None;
        }
        count.connections += 1;
        let (peers, requests) = (Arc::clone(self), Arc::clone(&count.requests));
        Some(Arc::new(ConnectionSlot { peers, peer, most_requests: limits.requests, requests }))
    }

    fn limits(&self, peer: IpAddr) -> PeerLimits {
        if peer.to_canonical().is_loopback() { self.local } else { self.remote }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// Counts one more request, in total and of the peer. Producers and signers have extra room.
    ///
    /// # Errors
    /// The limit that is reached.
    pub fn enter(self: &Arc<Self>, class: CallerClass) -> Result<RequestSlot, Full> {
        let (most, is_actor) = match class {
            CallerClass::Anyone => (MAX_REQUESTS, false),
            CallerClass::Actor => (MAX_REQUESTS + MAX_ACTOR_REQUESTS, true),
        };
        let full = |max| Full { reason: "TOO_MANY_REQUESTS", max };
        if !take(&self.peers.open, most) {
            return Err(full(most));
        }
        let is_counted = take(&self.requests, self.most_requests);
        if !is_counted && !is_actor {
            give_back(&self.peers.open);
            return Err(full(self.most_requests));
        }
        Ok(RequestSlot { connection: Arc::clone(self), is_counted })
    }
}

/// Adds one to the count if it stays within `most`.
fn take(count: &AtomicUsize, most: usize) -> bool {
    let is_below = count.fetch_add(1, Ordering::Relaxed) < most;
    if !is_below {
        give_back(count);
    }
    is_below
}

fn give_back(count: &AtomicUsize) {
    count.fetch_sub(1, Ordering::Relaxed);
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut counts = self.peers.counts();
        let Some(count) = counts.get_mut(&self.peer) else { return };
        count.connections = count.connections.saturating_sub(1);
        if count.connections == 0 {
            counts.remove(&self.peer); // The map is no larger than the number of open connections.
        }
    }
}

impl Drop for RequestSlot {
    fn drop(&mut self) {
        give_back(&self.connection.peers.open);
        if self.is_counted {
            give_back(&self.connection.requests);
        }
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
        let first = peers.connect(peer).unwrap();
        let second = peers.connect(peer).unwrap();
        assert!(peers.connect(peer).is_none());
        let third = first.enter(CallerClass::Anyone).unwrap();
        let fourth = second.enter(CallerClass::Anyone).unwrap();
        let full = first.enter(CallerClass::Anyone).unwrap_err();
        assert_eq!(full, Full { reason: "TOO_MANY_REQUESTS", max: 2 });
        drop(first.enter(CallerClass::Actor).unwrap());
        let other = peers.connect("192.0.2.2".parse().unwrap()).unwrap();
        assert!(other.enter(CallerClass::Anyone).is_ok(), "another peer is not concerned");
        drop(third);
        assert!(second.enter(CallerClass::Anyone).is_ok());
        drop((first, second, other));
        assert_eq!(peers.counts().len(), 1, "a request is answered yet");
        drop(fourth);
        assert!(peers.counts().is_empty());
        assert_eq!(peers.open.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_machine_itself_has_limits_of_its_own_and_a_network_is_one_peer() {
        let peers = Peers::new(limits(1), limits(2));
        let local = ["127.0.0.1", "::ffff:127.0.0.1"].map(|text| text.parse().unwrap());
        let held: Vec<_> = local.iter().map(|peer| peers.connect(*peer).unwrap()).collect();
        assert!(peers.connect(local[0]).is_none());
        let requests: Vec<_> = held.iter().map(|connection| connection.enter(CallerClass::Anyone).unwrap()).collect();
        assert!(held[0].enter(CallerClass::Anyone).is_err());
        drop((held, requests));
        let network = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        let _held = peers.connect(network[0]).unwrap();
        assert!(peers.connect(network[1]).is_none());
        assert!(peers.connect(network[2]).is_some());
    }
}
