//! The mempool follows the canonical tip: mined transactions leave, orphaned ones come back, nonces move.
//!
//! Blocks are read one at a time: a deep reorganization takes time, not memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use stacks_types::address::StacksAddress;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::BlockTransaction;

use crate::blocks::rules::is_coinbase;
use crate::chain::processing::{TipCause, TipMove};
use crate::chain::{ChainReader, NakamotoChainState};
use crate::db::StoreError;
use crate::mempool::{Changes, on_block, restore};
use crate::store::WriteTx;

/// Next nonces at the new tip of all accounts that a transaction of a moved block used.
type Nonces = BTreeMap<StacksAddress, u64>;

impl NakamotoChainState {
    /// Brings the mempool from the old tip to the new one.
    pub(in crate::chain) fn mempool_follows(
        &self,
        tx: &mut WriteTx<'_>,
        reader: &ChainReader,
        moved: &TipMove,
        cause: &TipCause<'_>,
    ) -> Result<(), StoreError> {
        let mainnet = self.params().mainnet;
        // The newest state that can be read: the state of a block being appended is published only with this
        // transaction.
        let base = if cause.commits(&moved.new.block_id) { moved.new.parent_block_id } else { moved.new.block_id };
        let mut nonces = Nonces::new();
        for block in &moved.rolled_back {
            for transaction in cause.transactions_of(reader, &block.block_id)? {
                self.add_nonces_at(&base, &transaction, &mut nonces)?;
            }
        }
        let mut mined = Vec::new();
        for block in &moved.applied {
            for transaction in cause.transactions_of(reader, &block.block_id)? {
                for (account, nonce) in nonces_of(&transaction, mainnet) {
                    let next = nonces.entry(account).or_insert(0);
                    *next = (*next).max(nonce.saturating_add(1));
                }
                mined.push(transaction.txid());
            }
        }
        let list: Vec<_> = nonces.iter().map(|(account, nonce)| (*account, *nonce)).collect();
        let mut changes = on_block(tx.sql(), &mined, &list)?;
        let mined: BTreeSet<_> = mined.into_iter().collect();
        for block in moved.rolled_back.iter().rev() {
            let mut orphaned = cause.transactions_of(reader, &block.block_id)?;
            // A coinbase is valid in its own block only.
            orphaned.retain(|transaction| !is_coinbase(transaction) && !mined.contains(&transaction.txid()));
            changes.extend(self.restore_orphaned(tx, orphaned, &base, &nonces)?);
        }
        for added in &changes.added {
            let raw = crate::mempool::get_raw(tx.sql(), &added.txid)?.unwrap_or_default();
            self.emit_accepted(tx, &added.txid, raw)?;
        }
        self.emit_dropped(tx, &changes)?;
        self.apply_after_commit(tx, changes);
        Ok(())
    }

    fn add_nonces_at(
        &self,
        base: &StacksBlockId,
        transaction: &BlockTransaction,
        nonces: &mut Nonces,
    ) -> Result<(), StoreError> {
        for (account, _) in nonces_of(transaction, self.params().mainnet) {
            if let Entry::Vacant(vacant) = nonces.entry(account) {
                vacant.insert(self.nonce_at(base, &account)?);
            }
        }
        Ok(())
    }

    fn restore_orphaned(
        &self,
        tx: &WriteTx<'_>,
        orphaned: Vec<BlockTransaction>,
        base: &StacksBlockId,
        nonces: &Nonces,
    ) -> Result<Changes, StoreError> {
        let next_nonce = |account: &StacksAddress| match nonces.get(account) {
            Some(nonce) => Ok(*nonce),
            None => self.nonce_at(base, account),
        };
        restore(tx.sql(), orphaned, self.params().mainnet, tx.time_ms() / 1000, next_nonce)
    }
}

/// The nonces that a transaction uses.
fn nonces_of(transaction: &BlockTransaction, mainnet: bool) -> impl Iterator<Item = (StacksAddress, u64)> + use<> {
    let origin = (transaction.origin_address(mainnet), transaction.origin_nonce());
    let sponsor = transaction.sponsor_address(mainnet).zip(transaction.sponsor_nonce());
    std::iter::once(origin).chain(sponsor.filter(|(address, _)| *address != origin.0))
}
