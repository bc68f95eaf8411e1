//! Transactions that took long and did not fit into the rest of a tenure's budget. They are not run again while the
//! tenure has used as much: each run would take as long, and pay nothing. The tenure may have used less later, as a
//! template need not become a block.

use std::collections::BTreeMap;

use clarity::costs::Cost;
use stacks_types::ids::{BurnBlockHash, Txid};

/// Most transactions of a tenure that are remembered.
pub(crate) const MAX_OVERRUNS: usize = 10_000;

/// The overruns of one tenure: the last one that had any.
#[derive(Debug, Default)]
pub(crate) struct Overruns {
    /// The burn block that began the tenure.
    tenure: Option<BurnBlockHash>,
    /// Cost that the tenure had used when each was run.
    used: BTreeMap<Txid, Cost>,
}

impl Overruns {
    /// Whether the transaction did not fit into the tenure that `tenure` began, when that had used no more than
    /// `used_now`.
    #[must_use]
    pub(crate) fn contains(&self, tenure: &BurnBlockHash, txid: &Txid, used_now: &Cost) -> bool {
        self.tenure.as_ref() == Some(tenure) && self.used.get(txid).is_some_and(|used| !used.exceeds(used_now))
    }

    /// Remembers a transaction, and forgets those of other tenures.
    pub(crate) fn insert(&mut self, tenure: BurnBlockHash, txid: Txid, used: Cost) {
        if self.tenure.replace(tenure) != Some(tenure) {
            self.used.clear();
        }
        if self.used.len() < MAX_OVERRUNS || self.used.contains_key(&txid) {
            self.used.insert(txid, used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: BurnBlockHash = BurnBlockHash([1; 32]);
    const SECOND: BurnBlockHash = BurnBlockHash([2; 32]);

    fn used(runtime: u64, read_count: u64) -> Cost {
        Cost { runtime, read_count, ..Cost::default() }
    }

    #[test]
    fn one_tenure_is_remembered_and_so_many_of_it() {
        let txid = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            Txid(bytes)
        };
        let mut overruns = Overruns::default();
        let has = |overruns: &Overruns, tenure, number| overruns.contains(tenure, &txid(number), &used(5, 5));
        assert!(!has(&overruns, &FIRST, 0));
        for number in 0..=MAX_OVERRUNS {
            overruns.insert(FIRST, txid(number), used(5, 5));
        }
        assert!(has(&overruns, &FIRST, 0) && !has(&overruns, &SECOND, 0));
        assert!(!has(&overruns, &FIRST, MAX_OVERRUNS));
        overruns.insert(SECOND, txid(MAX_OVERRUNS), used(5, 5));
        assert!(has(&overruns, &SECOND, MAX_OVERRUNS) && !has(&overruns, &FIRST, 0));
    }

    #[test]
    fn it_is_run_again_where_the_tenure_has_used_less() {
        let (mut overruns, txid) = (Overruns::default(), Txid([7; 32]));
        overruns.insert(FIRST, txid, used(5, 5));
        for (runtime, read_count, remembered) in [(5, 5, true), (6, 5, true), (4, 9, false), (9, 4, false)] {
            assert_eq!(overruns.contains(&FIRST, &txid, &used(runtime, read_count)), remembered, "{runtime}");
        }
        overruns.insert(FIRST, txid, used(4, 4));
        assert!(overruns.contains(&FIRST, &txid, &used(4, 9)));
    }
}
