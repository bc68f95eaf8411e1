//! What a pending transaction waits for.

use super::index::MempoolIndex;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Txid;

/// What a pending transaction waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingStatus {
    /// A block: the next one can take it.
    Ready {
        /// It goes before those that go by their fee rate.
        restored: bool,
    },
    /// An earlier transaction of one of its accounts.
    Behind {
        /// The account whose nonce is next.
        account: StacksAddress,
        /// The account's next nonce.
        nonce: u64,
        /// The pending transaction that uses that nonce.
        txid: Txid,
    },
    /// A nonce of one of its accounts for which no transaction is pending.
    MissingNonce {
        /// The account that lacks the nonce.
        account: StacksAddress,
        /// The missing nonce.
        nonce: u64,
    },
}

impl MempoolIndex {
    /// What a pending transaction waits for; none when it is not pending. A missing nonce comes before a pending one.
    #[must_use]
    pub(crate) fn status(&self, txid: &Txid) -> Option<PendingStatus> {
        let pending = self.get(txid)?;
        let mut status = PendingStatus::Ready { restored: pending.restored };
        for (account, own) in pending.nonces() {
            let next = self.next_nonce(&account).unwrap_or(own);
            if next == own {
                continue;
            }
            if let Some(nonce) = self.first_missing(&account, next, own) {
                return Some(PendingStatus::MissingNonce { account, nonce });
            }
            if let Some(before) = self.by_nonce(&account, next) {
                status = PendingStatus::Behind { account, nonce: next, txid: before.txid };
            }
        }
        Some(status)
    }

    /// The first nonce from `next` up to the one before `own` that no pending transaction uses.
    fn first_missing(&self, account: &StacksAddress, next: u64, own: u64) -> Option<u64> {
        let used = self.pending_nonces(account).skip_while(|nonce| *nonce < next);
        let missing = used.zip(next..own).find(|(used, expected)| used != expected);
        missing.map(|(_, expected)| expected)
    }
}
