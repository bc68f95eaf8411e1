//! The requests for an open job: who has to take back before it ends.

use std::collections::BTreeMap;

use crate::jobs::types::Withdrawal;
use crate::limits::MAX_REQUEST_KEYS;

/// The requests for a job. Those with the same key are one, however often it was sent.
#[derive(Default)]
pub(super) struct Requests {
    without_key: usize,
    /// Calls that sent the request with a key and have not gone away: a retry may wait when the first call is dropped.
    calls_by_key: BTreeMap<String, usize>,
}

impl Requests {
    pub(super) fn of(key: Option<&str>) -> Self {
        let mut requests = Self::default();
        requests.add(key);
        requests
    }

    pub(super) fn len(&self) -> usize {
        self.without_key + self.calls_by_key.len()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.calls_by_key.contains_key(key)
    }

    pub(super) fn has_room(&self) -> bool {
        self.calls_by_key.len() < MAX_REQUEST_KEYS
    }

    pub(super) fn add(&mut self, key: Option<&str>) {
        match key {
            None => self.without_key += 1,
            Some(key) => *self.calls_by_key.entry(key.to_owned()).or_default() += 1,
        }
    }

    /// Changes nothing when there is no such request.
    pub(super) fn withdraw(&mut self, withdrawal: &Withdrawal) {
        match withdrawal {
            Withdrawal::WithoutKey => self.without_key = self.without_key.saturating_sub(1),
            Withdrawal::Request(key) => {
                self.calls_by_key.remove(key);
            }
            Withdrawal::Call(key) => {
                let Some(calls) = self.calls_by_key.get_mut(key) else { return };
                *calls -= 1;
                if *calls == 0 {
                    self.calls_by_key.remove(key);
                }
            }
        }
    }
}
