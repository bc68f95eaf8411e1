//! The fee that a wallet should offer.

use clarity::costs::Cost;
use stacks_types::transaction::TransactionPayload;

use super::{LookupError, estimate};
use crate::chain::Snapshot;
use crate::execution::Expired;
use crate::mempool::PendingTransaction;

/// What a payload would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FeeEstimate {
    /// Cost of running it on the tip.
    pub cost: Cost,
    /// A tenure's limit.
    pub limit: Cost,
    /// Micro-STX a byte: the floor, what passes half of the transactions that the next block can take, what passes nearly all.
    pub rates: [f64; 3],
}

/// Transactions that are looked at, those with the highest fee rates.
const RATES_MAX: usize = 2_000;
/// Floor of the mempool, micro-STX a byte.
const FLOOR: f64 = 1.0;

/// What a payload would cost.
///
/// What one that cannot be run costs is not known, and its fee goes by its size alone: stacks.js would ask the public network
/// when there were no estimate, and who sends the transaction is told why it is not taken.
///
/// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
///
/// # Errors
/// Ours only.
pub fn get(
    snapshot: &Snapshot<'_>,
    payload: TransactionPayload,
    expired: Expired<'_>,
) -> Result<FeeEstimate, LookupError> {
    let cost = estimate::cost(snapshot, payload, expired)?.unwrap_or_else(|none| {
        tracing::debug!("a fee by size alone: {none}");
        Cost::default()
    });
    // What waits for another nonce is charged to nobody, so the fee that it promises says nothing.
    let ready = snapshot.chain().ready_list(RATES_MAX);
    let rates = [FLOOR, rate_above(&ready, 2), rate_above(&ready, 20)];
    Ok(FeeEstimate { cost, limit: snapshot.params().tenure_cost_limit, rates })
}

/// A rate that comes before all but one in `part` of the transactions, which are in falling order.
fn rate_above(ready: &[PendingTransaction], part: usize) -> f64 {
    let rate = |pending: &PendingTransaction| pending.fee as f64 / f64::from(pending.size_bytes.max(1));
    ready.get(ready.len() / part).map_or(FLOOR, |pending| rate(pending).max(FLOOR))
}
