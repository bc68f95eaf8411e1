//! A transaction's writes, in order, and its reads of the state below, decoded; that state does not change meanwhile. A
//! level begins with a [`Mark`]: rolling back to the mark drops the level's writes, forgetting the mark keeps them.

use std::sync::Arc;

use hashbrown::HashMap;

use super::balance::Balance;
use crate::value::Value;

/// The content of a key. It becomes text when it is stored.
#[derive(Debug, Clone)]
pub enum Datum {
    /// A value, which carries the type declared for the key.
    Value(Value),
    /// A number of tokens.
    Number(u128),
    /// An account's micro-STX, free and locked.
    Balance(Balance),
    /// A text that is stored as it is.
    Text(Arc<str>),
}

impl Datum {
    /// The text of the state.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Value(value) => value.encode_hex(),
            Self::Number(number) => number.to_string(),
            Self::Balance(balance) => balance.encode(),
            Self::Text(text) => text.as_ref().to_owned(),
        }
    }
}

/// A write under one key.
#[derive(Debug, Clone)]
pub struct Write {
    /// The key of the state.
    pub key: Arc<str>,
    /// The key's new content.
    pub datum: Datum,
    /// What was known of the key before this write.
    previous: Option<Place>,
}

/// Where the journal holds a key's content.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// An index among the writes.
    Written(usize),
    /// An index among the reads.
    Read(usize),
}

/// What is known of a key.
#[derive(Debug)]
pub(crate) enum Known<'a> {
    /// The last write.
    Written(&'a Datum),
    /// The value read, with the bytes of its serialization; `None` if the key has no content.
    Read(Option<&'a (Value, u64)>),
}

/// Bytes of keys and serialized values for which reads are remembered; beyond them, a key is read from the state each
/// time.
const MAX_REMEMBERED_BYTES: u64 = 1 << 20;

/// A place in the journal to which it can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(usize);

/// The writes of a transaction, and its reads.
#[derive(Debug, Default)]
pub struct Journal {
    writes: Vec<Write>,
    reads: Vec<Option<(Value, u64)>>,
    remembered_bytes: u64,
    /// By key. The hash has a random seed and is much faster than the standard library's. A transaction's limits of
    /// reads and writes bound how many keys can collide.
    places: HashMap<Arc<str>, Place>,
}

impl Journal {
    /// What is known of a key.
    #[must_use]
    pub(crate) fn get(&self, key: &str) -> Option<Known<'_>> {
        self.places.get(key).map(|place| match place {
            Place::Written(at) => Known::Written(&self.writes[*at].datum),
            Place::Read(at) => Known::Read(self.reads[*at].as_ref()),
        })
    }

    /// The last write under a key.
    #[must_use]
    pub(crate) fn written(&self, key: &str) -> Option<&Datum> {
        match self.get(key) {
            Some(Known::Written(datum)) => Some(datum),
            Some(Known::Read(_)) | None => None,
        }
    }

    /// Remembers the read of a key of which nothing is known yet, if there is room.
    pub(crate) fn remember(&mut self, key: &str, read: Option<&(Value, u64)>) {
        let bytes = read.map_or(0, |(_, bytes)| *bytes).saturating_add(u64::try_from(key.len()).unwrap_or(u64::MAX));
        let sum = self.remembered_bytes.saturating_add(bytes);
        if sum <= MAX_REMEMBERED_BYTES {
            self.remembered_bytes = sum;
            self.places.insert(key.into(), Place::Read(self.reads.len()));
            self.reads.push(read.cloned());
        }
    }

    /// Adds a write. Rolling it back restores what was known of the key before.
    pub(crate) fn put(&mut self, key: Arc<str>, datum: Datum) {
        let at = self.writes.len();
        let previous = self.places.insert(Arc::clone(&key), Place::Written(at));
        self.writes.push(Write { key, datum, previous });
    }

    /// A mark to roll back to: the writes so far.
    #[must_use]
    pub(crate) const fn mark(&self) -> Mark {
        Mark(self.writes.len())
    }

    /// Drops all writes since the mark.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        while self.writes.len() > mark.0 {
            let Some(write) = self.writes.pop() else { return };
            match write.previous {
                Some(previous) => self.places.insert(write.key, previous),
                None => self.places.remove(&write.key),
            };
        }
    }

    /// Takes all writes in order, including repeated ones of a key, and leaves the journal empty.
    pub fn take(&mut self) -> Vec<Write> {
        std::mem::take(self).writes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(journal: &Journal, key: &str) -> Option<u128> {
        match journal.written(key) {
            Some(Datum::Number(number)) => Some(*number),
            _ => None,
        }
    }

    #[test]
    fn a_level_is_rolled_back_to_what_was_before_it() {
        let mut journal = Journal::default();
        journal.put("a".into(), Datum::Number(1));
        let outer = journal.mark();
        journal.put("a".into(), Datum::Number(2));
        let inner = journal.mark();
        journal.put("a".into(), Datum::Number(3));
        journal.put("b".into(), Datum::Number(4));
        journal.roll_back(inner);
        assert_eq!((number(&journal, "a"), number(&journal, "b")), (Some(2), None));
        journal.put("b".into(), Datum::Number(5));
        journal.roll_back(outer);
        assert_eq!((number(&journal, "a"), number(&journal, "b")), (Some(1), None));
        assert_eq!(journal.take().len(), 1);
    }

    #[test]
    fn what_was_read_is_known_again_when_a_write_over_it_is_rolled_back() {
        let mut journal = Journal::default();
        journal.remember("a", Some(&(Value::UInt(1), 17)));
        journal.remember("b", None);
        let level = journal.mark();
        journal.put("a".into(), Datum::Value(Value::UInt(2)));
        assert!(matches!(journal.get("a"), Some(Known::Written(Datum::Value(Value::UInt(2))))));
        journal.roll_back(level);
        assert!(matches!(journal.get("a"), Some(Known::Read(Some((Value::UInt(1), 17))))));
        assert!(matches!(journal.get("b"), Some(Known::Read(None))));
        assert!(journal.get("c").is_none());
    }

    #[test]
    fn reads_are_remembered_up_to_their_limit() {
        let mut journal = Journal::default();
        journal.remember("large", Some(&(Value::buffer(Vec::new()), MAX_REMEMBERED_BYTES)));
        assert!(journal.get("large").is_none());
        journal.remember("small", Some(&(Value::UInt(1), MAX_REMEMBERED_BYTES - 5)));
        journal.remember("b", None);
        assert!(journal.get("small").is_some() && journal.get("b").is_none());
    }
}
