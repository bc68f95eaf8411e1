//! The event of a processed block as its row holds it: without the transactions, which are in the block itself and
//! would be the larger half of the row.

use nakamoto_proto::v1;
use prost::Message as _;
use stacks_types::ids::StacksBlockId;
use v1::event::Body;

use crate::db::StoreError;
use crate::staging::StagingReader;

/// The event of a block that is in staging, encoded for its row.
#[must_use]
pub(crate) fn strip_transactions(event: &v1::Event) -> Vec<u8> {
    let mut stored = event.clone();
    if let Some(Body::BlockProcessed(processed)) = &mut stored.body {
        for receipt in &mut processed.receipts {
            receipt.transaction.clear();
        }
    }
    stored.encode_to_vec()
}

/// Puts missing transactions back; returns whether any was missing.
///
/// # Errors
/// [`StoreError::Corrupt`] when the block is not in staging, or does not match the receipts.
pub(crate) fn restore_transactions(event: &mut v1::Event, staging: &StagingReader) -> Result<bool, StoreError> {
    let Some(Body::BlockProcessed(processed)) = &mut event.body else { return Ok(false) };
    // No transaction is empty. Those of the boot block are not in staging, and never missing.
    if processed.receipts.iter().all(|receipt| !receipt.transaction.is_empty()) {
        return Ok(false);
    }
    let id = processed.block.as_ref().map(|block| StacksBlockId::try_from(block.block_id.as_ref()));
    let Some(Ok(id)) = id else { return Err(StoreError::Corrupt("the event of a block names none".to_owned())) };
    let transactions = staging.transactions_of(&id)?;
    if transactions.len() != processed.receipts.len() {
        let (found, receipts) = (transactions.len(), processed.receipts.len());
        return Err(StoreError::Corrupt(format!("block {id} has {found} transactions and {receipts} receipts")));
    }
    for (receipt, transaction) in processed.receipts.iter_mut().zip(transactions) {
        receipt.transaction = transaction.raw().to_vec().into();
    }
    Ok(true)
}
