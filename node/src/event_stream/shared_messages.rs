//! Events in another form, made once for all streams that send them in that form.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use super::payload::Payload;

/// Most kept messages: live streams all want the newest ones at about the same time.
const MAX_SHARED_MESSAGES: usize = 512;
/// Most bytes of kept messages.
const MAX_SHARED_MESSAGE_BYTES: usize = 16 << 20;

/// The newest messages. When several streams want the same one at once, the first makes it and the others wait.
#[derive(Debug, Default)]
pub struct SharedMessages(Mutex<CachedMessages>);

/// Sequence of the event, and whether only its header is sent.
type Key = (u64, bool);
type Cell = Arc<OnceLock<Option<Bytes>>>;

#[derive(Debug, Default)]
struct CachedMessages {
    /// With the counted bytes of each message: 0 until it is made.
    cells: BTreeMap<Key, (Cell, usize)>,
    bytes: usize,
}

impl SharedMessages {
    /// The message of an event, made if it is missing; `None` when `make` gives none. Blocks while another thread makes
    /// it.
    pub fn get(&self, sequence: u64, payload: Payload, make: impl FnOnce() -> Option<Bytes>) -> Option<Bytes> {
        let key = (sequence, payload == Payload::Header);
        let cell = Arc::clone(&self.lock().cells.entry(key).or_default().0);
        let mut is_new = false;
        let message = cell.get_or_init(|| {
            is_new = true;
            make()
        });
        if is_new {
            self.lock().count(key, &cell);
        }
        message.clone()
    }

    fn lock(&self) -> MutexGuard<'_, CachedMessages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedMessages {
    /// Counts a message that was made, and drops the oldest above the limits.
    fn count(&mut self, key: Key, cell: &Cell) {
        if let Some((kept, counted)) = self.cells.get_mut(&key)
            && Arc::ptr_eq(kept, cell)
        {
            *counted = cell.get().and_then(Option::as_ref).map_or(0, Bytes::len);
            self.bytes += *counted;
        }
        while self.cells.len() > MAX_SHARED_MESSAGES || self.bytes > MAX_SHARED_MESSAGE_BYTES {
            let Some((_, (_, counted))) = self.cells.pop_first() else { break };
            self.bytes -= counted;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_is_made_once_for_all_who_want_it_at_the_same_time() {
        let (messages, made) = (SharedMessages::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for sequence in 1..100 {
                        let message = messages.get(sequence, Payload::Full, || {
                            made.fetch_add(1, Ordering::Relaxed);
                            Some(sequence.to_string().into())
                        });
                        assert_eq!(message, Some(sequence.to_string().into()));
                    }
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 99);
        let header = messages.get(1, Payload::Header, || Some("header".into()));
        assert_eq!(header, Some("header".into()), "another form is another message");
    }

    #[test]
    fn one_that_goes_before_it_is_counted_is_not_taken_off() {
        let mut kept = CachedMessages::default();
        let made = |bytes: usize| Cell::new(OnceLock::from(Some(vec![0; bytes].into())));
        let (early, large) = (made(100), made(MAX_SHARED_MESSAGE_BYTES + 50));
        kept.cells.insert((1, false), (Cell::clone(&early), 0));
        kept.cells.insert((2, false), (Cell::clone(&large), 0));
        // The other thread counts its message between the making and the counting of the first.
        kept.count((2, false), &large);
        assert_eq!((kept.cells.len(), kept.bytes), (0, 0));
        kept.count((1, false), &early);
        assert_eq!((kept.cells.len(), kept.bytes), (0, 0));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let messages = SharedMessages::default();
        let get = |sequence, bytes: usize| messages.get(sequence, Payload::Full, || Some(vec![0; bytes].into()));
        for sequence in 0..2 * MAX_SHARED_MESSAGES as u64 {
            get(sequence, 10);
        }
        let kept = messages.lock();
        assert_eq!((kept.cells.len(), kept.bytes), (MAX_SHARED_MESSAGES, 10 * MAX_SHARED_MESSAGES));
        drop(kept);
        // A message older than all kept ones, as a replay wants it, is not kept.
        assert_eq!(get(1, 20).map(|message| message.len()), Some(20));
        get(5_000, MAX_SHARED_MESSAGE_BYTES - 15);
        let kept = messages.lock();
        assert_eq!((kept.cells.len(), kept.bytes), (2, MAX_SHARED_MESSAGE_BYTES - 5));
        drop(kept);
        get(6_000, MAX_SHARED_MESSAGE_BYTES + 1);
        let kept = messages.lock();
        assert_eq!((kept.cells.len(), kept.bytes), (0, 0), "one alone is too large");
    }
}
