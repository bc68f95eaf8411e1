//! Changes of the mempool: removal by age, and what follows every change (its event, the index in memory).

use std::sync::atomic::Ordering;
use std::time::Instant;

use clarity::keys;
use clarity::principal::Principal;
use marf::{BlockId, Marf};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{StacksBlockId, Txid};

use crate::chain::{NakamotoChainState, lock};
use crate::db::StoreError;
use crate::mempool::{Changes, garbage_collect};
use crate::store::WriteTx;
use crate::wire;

/// Most transactions that one garbage collection drops; the next burn block collects the rest.
const COLLECT_MAX: u32 = 1_000;

impl NakamotoChainState {
    /// Drops transactions that waited too long.
    pub(in crate::chain) fn collect_mempool_garbage(&self, tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        let changes = garbage_collect(tx.sql(), tx.time_ms() / 1000, COLLECT_MAX)?;
        self.emit_dropped(tx, &changes)?;
        self.apply_after_commit(tx, changes);
        Ok(())
    }

    pub(in crate::chain) fn emit_accepted(
        &self,
        tx: &mut WriteTx<'_>,
        txid: &Txid,
        raw: Vec<u8>,
    ) -> Result<(), StoreError> {
        let body = v1::MempoolAccepted { txid: wire::bytes(&txid.0), transaction: raw.into() };
        tx.emit(v1::EventKind::MempoolAccepted, v1::event::Body::MempoolAccepted(body), None)?;
        Ok(())
    }

    pub(in crate::chain) fn apply_after_commit(&self, tx: &mut WriteTx<'_>, changes: Changes) {
        // A weak handle: the writer's queue must not keep the chain open.
        let inner = std::sync::Arc::downgrade(&self.inner);
        tx.after_commit(move || {
            if let Some(inner) = inner.upgrade() {
                lock(&inner.mempool).apply(&changes);
                let (slow, now) = (lock(&inner.assembly.slow_accounts), Instant::now());
                if changes.added.iter().any(|added| slow.wait(added, now).is_none()) {
                    inner.assembly.unpaused_arrival.store(true, Ordering::Relaxed);
                }
            }
        });
    }

    /// An account's next nonce after a published block.
    pub(in crate::chain) fn nonce_at(&self, block: &StacksBlockId, account: &StacksAddress) -> Result<u64, StoreError> {
        nonce_at(&self.inner.marf, block, &account.to_principal())
            .ok_or_else(|| StoreError::impossible("nonce in the state"))
    }
}

/// `None` if the state cannot be read or holds no number.
fn nonce_at(marf: &Marf, block: &StacksBlockId, account: &Principal) -> Option<u64> {
    let stored = marf.get(&BlockId(block.0), &keys::nonce(account)).ok()?;
    stored.map_or(Some(0), |bytes| std::str::from_utf8(&bytes).ok()?.parse().ok())
}
