//! Who asks: whoever it is, or a producer or signer, whose requests the chain waits for.
//!
//! A request carries its [`Caller`] through the services as a value of its task: turns and bytes are given by its class.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::budget::{NoRoom, Purse, Share};
use super::class::Class;
use crate::limits::UNCOUNTED_BYTES;

tokio::task_local! {
    static CALLER: Caller;
}

/// Who sent a request, and the bytes that are held for it until it is answered. Cheap to clone.
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
    /// What its sender is told, whatever was made of the bytes that did find room.
    found_no_room: bool,
}

impl Caller {
    /// Holds nothing yet. Its class is the purse's.
    #[must_use]
    pub fn new(peer: IpAddr, purse: Purse) -> Self {
        Self(Arc::new(Sent { peer: network_of(peer), purse, held: Mutex::default() }))
    }

    /// The caller whose request this task answers; none in tests of parts.
    #[must_use]
    pub fn current() -> Option<Self> {
        CALLER.try_with(Self::clone).ok()
    }

    /// Its class; that of everybody where nobody asks.
    #[must_use]
    pub fn current_class() -> Class {
        CALLER.try_with(|caller| caller.0.purse.class()).unwrap_or_default()
    }

    /// Where it is, as [`network_of`] has it; the unspecified address where nobody asks.
    #[must_use]
    pub fn current_peer() -> IpAddr {
        CALLER.try_with(|caller| caller.0.peer).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// What pays for the bytes of its calls.
    #[must_use]
    pub fn purse(&self) -> &Purse {
        &self.0.purse
    }

    /// Answers its request.
    pub async fn serve<T>(self, answer: impl Future<Output = T>) -> T {
        CALLER.scope(self, answer).await
    }

    /// Holds so many bytes more until the request is answered.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn hold(&self, more: usize) -> Result<(), NoRoom> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.saturating_add(more);
        let total = held.bytes;
        let taken = match &mut held.share {
            Some(share) => self.0.purse.grow(share, more),
            None if total <= UNCOUNTED_BYTES => Ok(()),
            none => self.0.purse.take(total).map(|share| *none = Some(share)),
        };
        held.found_no_room |= taken.is_err();
        taken
    }

    /// Whether there was no room for all of it.
    #[must_use]
    pub fn found_no_room(&self) -> bool {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).found_no_room
    }
}

/// What counts as one peer: an address; of IPv6 its first 64 bits, which is what one customer has.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
