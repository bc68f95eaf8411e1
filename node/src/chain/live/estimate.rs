//! What a wallet asks before it signs: the likely fee, and the nonce that is free.

use std::time::{Duration, Instant};

use chainstate::mempool::PendingTransaction;
use clarity::vm::costs::ExecutionCost;
use stacks_types::address::StacksAddress;
use stacks_types::transaction::TransactionPayload;

use super::LiveChain;
use crate::chain::ApiError;
use crate::chain::lookups::{FeeEstimate, NonceStand};

/// Waiting transactions that are looked at, those with the highest fee rates.
const RATES_MAX: usize = 2_000;
/// Floor of the mempool, micro-STX a byte.
const FLOOR: f64 = 1.0;
/// Nonces that are listed: more than an account may chain.
const NONCES_MAX: usize = 100;

/// What a payload that cannot be run costs is not known, and its fee goes by its size alone: stacks.js would ask the public
/// network when there were no estimate, and who sends the transaction is told why it is not taken.
pub(super) fn estimate(live: &LiveChain, payload: &[u8], time: Duration) -> Result<FeeEstimate, ApiError> {
    let payload = TransactionPayload::decode(payload);
    let payload = payload.map_err(|error| ApiError::invalid("transaction_payload", error))?;
    let begun = Instant::now();
    let cost = live.chain.estimate_cost(payload, &|| begun.elapsed() >= time)?;
    let cost = cost.unwrap_or_else(|none| {
        tracing::debug!("a fee by size alone: {none}");
        ExecutionCost::zero()
    });
    let waiting = live.chain.pending_list(None, RATES_MAX);
    let rates = [FLOOR, rate_above(&waiting, 2), rate_above(&waiting, 20)];
    Ok(FeeEstimate { cost, limit: live.chain.params().tenure_cost_limit.clone(), rates })
}

/// A rate that comes before all but one in `part` of the waiting transactions, which are in falling order.
fn rate_above(waiting: &[PendingTransaction], part: usize) -> f64 {
    let rate = |pending: &PendingTransaction| pending.fee as f64 / f64::from(pending.size_bytes.max(1));
    waiting.get(waiting.len() / part).map_or(FLOOR, |pending| rate(pending).max(FLOOR))
}

pub(super) fn nonces(live: &LiveChain, address: &str) -> Result<NonceStand, ApiError> {
    let address = StacksAddress::parse(address).map_err(|error| ApiError::invalid("address", error))?;
    // Before the tip's: a transaction that is mined between the two is then in one of both.
    let pending = live.chain.pending_nonces(&address, NONCES_MAX);
    let next = live.read(|reader| Ok(reader.account(&address.to_principal(), None)?.nonce))?;
    Ok(NonceStand { next, pending: pending.into_iter().filter(|nonce| *nonce >= next).collect() })
}
