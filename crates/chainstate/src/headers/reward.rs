//! What a tenure earns, and when it is paid: coinbase and fees, `reward_maturity` tenures later
//! (docs/CONSENSUS.md#transactions-of-this-chain).

use rusqlite::Connection;
use stacks_types::ids::StacksBlockId;

use super::{Ancestry, ProcessedHeader, select_header, select_tenure_starts};
use crate::db::StoreError;

/// A tenure's reward, due at the start of a later tenure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaturedReward {
    /// Principal that receives it.
    pub recipient: String,
    /// Address of the producer that earned it.
    pub producer: String,
    /// New micro-STX.
    pub coinbase: u128,
    /// Micro-STX of fees that the tenure's transactions paid.
    pub fees: u128,
    /// First block of the tenure that earned it.
    pub from_block: StacksBlockId,
}

/// The reward that is due at the start of tenure `tenure_height`, whose first block builds on `parent`.
///
/// # Errors
/// [`StoreError`] when the headers cannot be read.
pub(crate) fn matured_reward(
    conn: &Connection,
    ancestry: &Ancestry<'_>,
    tenure_height: u64,
    parent: &ProcessedHeader,
    maturity: u32,
) -> Result<Option<MaturedReward>, StoreError> {
    // Tenure 0 is the boot block's and earns nothing.
    let Some(earned) = tenure_height.checked_sub(u64::from(maturity)).filter(|height| *height > 0) else {
        return Ok(None);
    };
    let Some(start) = tenure_start_on_fork(conn, ancestry, earned, &parent.block_id)? else {
        return Err(StoreError::Corrupt(format!("tenure {earned} has no first block below {}", parent.block_id)));
    };
    reward_of_tenure(conn, ancestry, &start, parent).map(Some)
}

/// The reward of the tenure that `start` begins, as the fork of `tip` sees it.
///
/// # Errors
/// [`StoreError`] when the headers cannot be read.
pub(super) fn reward_of_tenure(
    conn: &Connection,
    ancestry: &Ancestry<'_>,
    start: &StacksBlockId,
    tip: &ProcessedHeader,
) -> Result<MaturedReward, StoreError> {
    let missing = || StoreError::Corrupt(format!("tenure of block {start} is not whole"));
    let first = select_header(conn, start)?.ok_or_else(missing)?;
    // The tenure's last block is the parent of the next tenure's first, or the tip.
    let last = match tenure_start_on_fork(conn, ancestry, first.tenure.height + 1, &tip.block_id)? {
        Some(next) => {
            let next = select_header(conn, &next)?.ok_or_else(missing)?;
            select_header(conn, &next.parent_block_id)?.ok_or_else(missing)?
        }
        None => tip.clone(),
    };
    Ok(MaturedReward {
        recipient: first.tenure.recipient,
        producer: first.tenure.producer,
        coinbase: first.tenure.coinbase,
        fees: last.tenure.fees,
        from_block: *start,
    })
}

/// First block of tenure `height` on the fork of `tip`.
fn tenure_start_on_fork(
    conn: &Connection,
    ancestry: &Ancestry<'_>,
    height: u64,
    tip: &StacksBlockId,
) -> Result<Option<StacksBlockId>, StoreError> {
    for start in select_tenure_starts(conn, height)? {
        if ancestry.is_ancestor(&start, tip)? {
            return Ok(Some(start));
        }
    }
    Ok(None)
}
