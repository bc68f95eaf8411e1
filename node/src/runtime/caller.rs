//! The sender of a request: the public, or a producer or signer, whose requests the chain waits for.
//!
//! The task that serves a request holds its [`Caller`]; the caller's class decides which permits and bytes it gets.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::budget::{ByteAccount, ByteLease, NoRoom};
use super::class::CallerClass;
use crate::limits::UNCOUNTED_BYTES;

tokio::task_local! {
    static CALLER: Caller;
}

/// Sender of a request, and the bytes that are held for it until it is answered. Cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Sent>);

struct Sent {
    peer: IpAddr,
    byte_account: ByteAccount,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    lease: Option<ByteLease>,
    /// The sender gets this error even if an answer was made from the bytes that found room.
    found_no_room: Option<NoRoom>,
    /// The sender gets this error, whatever was made of the part that came.
    was_too_slow: bool,
    /// A permit that is held as long as the bytes.
    permit: Option<Box<dyn Send>>,
}

impl Caller {
    /// A caller that holds nothing yet; its class is the account's.
    #[must_use]
    pub fn new(peer: IpAddr, byte_account: ByteAccount) -> Self {
        Self(Arc::new(Sent { peer: network_of(peer), byte_account, held: Mutex::default() }))
    }

    /// Caller of the request that this task serves; `None` outside of requests.
    #[must_use]
    pub fn current() -> Option<Self> {
        CALLER.try_with(Self::clone).ok()
    }

    /// Class of the current caller; [`CallerClass::Anyone`] outside of requests.
    #[must_use]
    pub fn current_class() -> CallerClass {
        CALLER.try_with(|caller| caller.0.byte_account.class()).unwrap_or_default()
    }

    /// Network of the current caller, as [`network_of`] gives it; the unspecified address outside of requests.
    #[must_use]
    pub fn current_peer() -> IpAddr {
        CALLER.try_with(|caller| caller.0.peer).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// Account that pays for the bytes of its calls.
    #[must_use]
    pub fn byte_account(&self) -> &ByteAccount {
        &self.0.byte_account
    }

    /// Runs `answer` as the service of this caller's request.
    pub async fn serve<T>(self, answer: impl Future<Output = T>) -> T {
        CALLER.scope(self, answer).await
    }

    /// Holds `more` bytes until the request is answered.
    ///
    /// # Errors
    /// [`NoRoom`], which [`Self::found_no_room`] then returns too.
    pub fn hold(&self, more: usize) -> Result<(), NoRoom> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.saturating_add(more);
        let total = held.bytes;
        let taken = match &mut held.lease {
            Some(lease) => self.0.byte_account.grow(lease, more),
            None if total <= UNCOUNTED_BYTES => Ok(()),
            none => self.0.byte_account.take(total).map(|lease| *none = Some(lease)),
        };
        held.found_no_room = held.found_no_room.or(taken.err());
        taken
    }

    /// Holds a permit until the request is answered.
    pub fn keep(&self, permit: impl Send + 'static) {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).permit = Some(Box::new(permit));
    }

    /// Notes that the request's body came too slowly.
    pub fn set_too_slow(&self) {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).was_too_slow = true;
    }

    /// Whether the request's body came too slowly.
    #[must_use]
    pub fn was_too_slow(&self) -> bool {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).was_too_slow
    }

    /// The error of [`Self::hold`] for this request, if it failed.
    #[must_use]
    pub fn found_no_room(&self) -> Option<NoRoom> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).found_no_room
    }
}

/// The unit that counts as one peer: an IPv4 address, or the first 64 bits of an IPv6 address, which one customer has.
#[must_use]
pub fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
