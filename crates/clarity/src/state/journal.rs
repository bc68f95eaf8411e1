//! What a transaction has written, in order, by levels: a level is kept by forgetting its mark, and rolled back to it.

use std::collections::HashMap;
use std::sync::Arc;

use super::balance::Balance;
use crate::value::Value;

/// What stands under a key. It becomes text when it is stored.
#[derive(Debug, Clone)]
pub enum Datum {
    /// A value; it carries the type that is declared for its place.
    Value(Value),
    /// A number of tokens.
    Number(u128),
    /// Micro-STX.
    Balance(Balance),
    /// Something else.
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

/// One write.
#[derive(Debug, Clone)]
pub struct Write {
    /// Where.
    pub key: Arc<str>,
    /// What.
    pub datum: Datum,
    /// The write of the same key before this one.
    previous: Option<usize>,
}

/// A place in the journal to which it can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

/// The writes of a transaction.
#[derive(Debug, Default)]
pub struct Journal {
    writes: Vec<Write>,
    latest: HashMap<Arc<str>, usize>,
}

impl Journal {
    /// What was written last under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Datum> {
        self.latest.get(key).map(|at| &self.writes[*at].datum)
    }

    /// Writes.
    pub fn put(&mut self, key: Arc<str>, datum: Datum) {
        let at = self.writes.len();
        let previous = self.latest.insert(Arc::clone(&key), at);
        self.writes.push(Write { key, datum, previous });
    }

    /// Where it stands.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark(self.writes.len())
    }

    /// Forgets everything that was written since.
    pub fn roll_back(&mut self, mark: Mark) {
        while self.writes.len() > mark.0 {
            let Some(write) = self.writes.pop() else { return };
            match write.previous {
                Some(previous) => self.latest.insert(write.key, previous),
                None => self.latest.remove(&write.key),
            };
        }
    }

    /// All writes, in order, repeated ones as often as they were made.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The same, and the journal is empty again.
    pub fn take(&mut self) -> Vec<Write> {
        self.latest.clear();
        std::mem::take(&mut self.writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(journal: &Journal, key: &str) -> Option<u128> {
        match journal.get(key) {
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
        assert_eq!(journal.writes().len(), 1);
    }
}
