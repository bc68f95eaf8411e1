//! Transactions that took long and did not fit into what is left of a tenure's budget. What a tenure has used only grows, so they are
//! not run again in it: each run would take as long, and pay nothing.

use std::collections::BTreeSet;

use stacks_types::ids::{BurnBlockHash, Txid};

/// Transactions of a tenure that are remembered.
pub(crate) const MAX_OVERRUNS: usize = 10_000;

/// Those of one tenure: the last in which there were any.
#[derive(Debug, Default)]
pub(crate) struct Overruns {
    /// The burn block that began the tenure.
    tenure: Option<BurnBlockHash>,
    txids: BTreeSet<Txid>,
}

impl Overruns {
    /// Whether the transaction did not fit into the tenure that this burn block began.
    #[must_use]
    pub(crate) fn contains(&self, tenure: &BurnBlockHash, txid: &Txid) -> bool {
        self.tenure.as_ref() == Some(tenure) && self.txids.contains(txid)
    }

    /// Remembers one, and forgets those of other tenures.
    pub(crate) fn insert(&mut self, tenure: BurnBlockHash, txid: Txid) {
        if self.tenure.replace(tenure) != Some(tenure) {
            self.txids.clear();
        }
        if self.txids.len() < MAX_OVERRUNS {
            self.txids.insert(txid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenure_is_remembered_and_so_many_of_it() {
        let (first, second) = (BurnBlockHash([1; 32]), BurnBlockHash([2; 32]));
        let txid = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            Txid(bytes)
        };
        let mut overruns = Overruns::default();
        assert!(!overruns.contains(&first, &txid(0)));
        for number in 0..=MAX_OVERRUNS {
            overruns.insert(first, txid(number));
        }
        assert!(overruns.contains(&first, &txid(0)) && !overruns.contains(&second, &txid(0)));
        assert!(!overruns.contains(&first, &txid(MAX_OVERRUNS)));
        overruns.insert(second, txid(MAX_OVERRUNS));
        assert!(overruns.contains(&second, &txid(MAX_OVERRUNS)) && !overruns.contains(&first, &txid(0)));
    }
}
