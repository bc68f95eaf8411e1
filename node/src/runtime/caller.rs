//! Who sent a request: anybody, or a producer or signer, whose requests the chain waits for.
//!
//! The task that serves a request holds its [`Caller`]; turns and bytes are given by its class.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::budget::{NoRoom, Purse, Share};
use super::class::Class;
use crate::limits::UNCOUNTED_BYTES;

tokio::task_local! {
    static CALLER: Caller;
}

/// Sender of a request, and the bytes that are held for it until it is answered. Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Sent>);

struct Sent {
    peer: IpAddr,
    purse: Purse,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    share: Option<Share>,
    /// The sender gets this error, even if something was made of the bytes that found room.
    found_no_room: Option<NoRoom>,
    /// A turn that goes on for as long.
    turn: Option<Box<dyn Send>>,
}

impl Caller {
    /// Holds nothing yet. Its class is the purse's.
    #[must_use]
    pub fn new(peer: IpAddr, purse: Purse) -> Self {
        Self(Arc::new(Sent { peer: network_of(peer), purse, held: Mutex::default() }))
    }

    /// Caller of the request that this task serves; `None` outside of requests.
    #[must_use]
    pub fn current() -> Option<Self> {
        CALLER.try_with(Self::clone).ok()
    }

    /// Class of the current caller; [`Class::Anyone`] without one.
    #[must_use]
    pub fn current_class() -> Class {
        CALLER.try_with(|caller| caller.0.purse.class()).unwrap_or_default()
    }

    /// Network of the current caller, as [`network_of`] gives it; the unspecified address without one.
    #[must_use]
    pub fn current_peer() -> IpAddr {
        CALLER.try_with(|caller| caller.0.peer).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// Purse from which the bytes of its calls are taken.
    #[must_use]
    pub fn purse(&self) -> &Purse {
        &self.0.purse
    }

    /// Runs `answer` as the service of this caller's request.
    pub async fn serve<T>(self, answer: impl Future<Output = T>) -> T {
        CALLER.scope(self, answer).await
    }

    /// Holds `more` bytes until the request is answered.
    ///
    /// # Errors
    /// [`NoRoom`]; then [`Self::found_no_room`] has it.
    pub fn hold(&self, more: usize) -> Result<(), NoRoom> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.saturating_add(more);
        let total = held.bytes;
        let taken = match &mut held.share {
            Some(share) => self.0.purse.grow(share, more),
            None if total <= UNCOUNTED_BYTES => Ok(()),
            none => self.0.purse.take(total).map(|share| *none = Some(share)),
        };
        held.found_no_room = held.found_no_room.or(taken.err());
        taken
    }

    /// Keeps a turn until the request is answered.
    pub fn keep(&self, turn: impl Send + 'static) {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).turn = Some(Box::new(turn));
    }

    /// What [`Self::hold`] has failed with for this request.
    #[must_use]
    pub fn found_no_room(&self) -> Option<NoRoom> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).found_no_room
    }
}

/// What counts as one peer: an IPv4 address, or the first 64 bits of an IPv6 address, which one customer has.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
