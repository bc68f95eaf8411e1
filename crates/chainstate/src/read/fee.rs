//! The fee that a wallet should offer.

use clarity::costs::Cost;
use stacks_types::transaction::TransactionPayload;

use super::{LookupError, estimate};
use crate::chain::Snapshot;
use crate::execution::Expired;
use crate::mempool::PendingTransaction;

/// A payload's cost and fee rates.
#[derive(Debug, Clone, PartialEq)]
pub struct FeeEstimate {
    /// Cost of running it on the tip.
    pub cost: Cost,
    /// Cost limit of a tenure.
    pub limit: Cost,
    /// Micro-STX for each byte: the floor, a rate above half of the transactions that the next block can take, a rate
    /// above nearly all.
    pub rates: [f64; 3],
}

/// Most transactions that are looked at, those with the highest fee rates.
const RATES_MAX: usize = 2_000;
/// Least fee rate of the mempool, in micro-STX for each byte.
const FLOOR: f64 = 1.0;

/// Estimates a payload's cost and fee rates.
///
/// If the payload cannot be executed its cost is unknown, and its fee follows from its size alone. An error would be
/// worse: stacks.js would then ask the public network. Submitting the transaction gives the sender the reason why it is
/// refused.
///
/// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
///
/// # Errors
/// The node's own failures only.
pub fn get(
    snapshot: &Snapshot<'_>,
    payload: TransactionPayload,
    expired: Expired<'_>,
) -> Result<FeeEstimate, LookupError> {
    let cost = estimate::cost(snapshot, payload, expired)?.unwrap_or_else(|none| {
        tracing::debug!("a fee by size alone: {none}");
        Cost::default()
    });
    // Transactions that wait for another nonce are not charged yet, so the fee that they promise says nothing.
    let ready = snapshot.chain().ready_list(RATES_MAX);
    let rates = [FLOOR, rate_above(&ready, 2), rate_above(&ready, 20)];
    Ok(FeeEstimate { cost, limit: snapshot.params().tenure_cost_limit, rates })
}

/// A rate at or above that of all but one in `part` of the transactions, which are in falling order.
fn rate_above(ready: &[PendingTransaction], part: usize) -> f64 {
    let rate = |pending: &PendingTransaction| pending.fee as f64 / f64::from(pending.size_bytes.max(1));
    ready.get(ready.len() / part).map_or(FLOOR, |pending| rate(pending).max(FLOOR))
}
