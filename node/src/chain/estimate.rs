//! What a wallet asks before it signs: the likely fee, and the nonce that is free.

use std::time::{Duration, Instant};

use chainstate::mempool::PendingTransaction;
use clarity::costs::Cost;
use stacks_types::address::StacksAddress;
use stacks_types::transaction::TransactionPayload;

use super::NodeChain;
use crate::error::ApiError;

/// What a payload would cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FeeEstimate {
    /// Cost of running it on the tip.
    pub cost: Cost,
    /// A tenure's limit.
    pub limit: Cost,
    /// Micro-STX a byte: the floor, what passes half of the waiting transactions, what passes nearly all.
    pub rates: [f64; 3],
}

/// An account's nonces, pending transactions included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNonces {
    /// The next nonce at the tip.
    pub next: u64,
    /// Nonces of pending transactions from there on, rising.
    pub pending: Vec<u64>,
}

/// Waiting transactions that are looked at, those with the highest fee rates.
const RATES_MAX: usize = 2_000;
/// Floor of the mempool, micro-STX a byte.
const FLOOR: f64 = 1.0;
/// Nonces that are listed: more than an account may chain.
const NONCES_MAX: usize = 100;

impl NodeChain {
    /// What a payload would cost; by its size alone when it cannot be run.
    ///
    /// What a payload that cannot be run costs is not known, and its fee goes by its size alone: stacks.js would ask the public
    /// network when there were no estimate, and who sends the transaction is told why it is not taken.
    pub fn estimate_fee(&self, payload: &[u8], time: Duration) -> Result<FeeEstimate, ApiError> {
        let payload = TransactionPayload::decode(payload);
        let payload = payload.map_err(|error| ApiError::invalid("transaction_payload", error))?;
        let begun = Instant::now();
        let cost = self.chain.estimate_cost(payload, &|| begun.elapsed() >= time)?;
        let cost = cost.unwrap_or_else(|none| {
            tracing::debug!("a fee by size alone: {none}");
            Cost::default()
        });
        let waiting = self.chain.pending_list(None, RATES_MAX);
        let rates = [FLOOR, rate_above(&waiting, 2), rate_above(&waiting, 20)];
        Ok(FeeEstimate { cost, limit: self.chain.params().tenure_cost_limit, rates })
    }
}

/// A rate that comes before all but one in `part` of the waiting transactions, which are in falling order.
fn rate_above(waiting: &[PendingTransaction], part: usize) -> f64 {
    let rate = |pending: &PendingTransaction| pending.fee as f64 / f64::from(pending.size_bytes.max(1));
    waiting.get(waiting.len() / part).map_or(FLOOR, |pending| rate(pending).max(FLOOR))
}

impl NodeChain {
    /// An account's nonces.
    pub fn nonces(&self, address: &str) -> Result<AccountNonces, ApiError> {
        let address = StacksAddress::parse(address).map_err(|error| ApiError::invalid("address", error))?;
        // Before the tip's: a transaction that is mined between the two is then in one of both.
        let pending = self.chain.pending_nonces(&address, NONCES_MAX);
        let next = self.read(|reader| Ok(reader.account(&address.to_principal(), None)?.nonce))?;
        Ok(AccountNonces { next, pending: pending.into_iter().filter(|nonce| *nonce >= next).collect() })
    }
}
