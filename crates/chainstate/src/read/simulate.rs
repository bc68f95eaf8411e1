//! Dry runs: a transaction is executed in a block of its own on a processed block, and the block is dropped.
//!
//! # Invariants
//! - Nothing is written and the writer is not asked: the session is dropped unsealed.
//! - The block extends the tenure of its parent with the whole budget of a tenure, whatever that one has used: the
//!   transaction may be mined in another one.
//! - A transaction takes no more time and memory than in a template.
//!
//! # Not here
//! Turns and threads: the node. The cost of a payload without a sender: `estimate`.

use std::sync::atomic::AtomicBool;

use clarity::costs::Cost;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{ConsensusHash, StacksBlockId};
use stacks_types::transaction::{BlockTransaction, TransactionPayload};

use super::{LookupError, Unknown};
use crate::blocks::{BlockPlan, begin_block, plan_block};
use crate::chain::Snapshot;
use crate::db::StoreError;
use crate::execution::Supervision;
use crate::headers::ProcessedHeader;
use crate::transactions::{TransactionError, TransactionReceipt, VerifiedTransaction, check_static};

/// What is checked before the payload runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// What a block checks: signatures, nonces, and that the payer has the fee.
    All,
    /// Neither signatures nor nonces, and there is no fee: for transactions that nobody has signed yet.
    None,
}

/// A transaction as it would be mined.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The processed block on which it ran.
    pub parent: ProcessedHeader,
    /// Consensus hash of the tenure.
    pub consensus_hash: ConsensusHash,
    /// What it did.
    pub receipt: TransactionReceipt,
    /// The most that it could have cost.
    pub cost_limit: Cost,
}

/// Runs `transaction` on a processed block (`None` means the canonical tip), for as long as a template would and until
/// `stop` is set. Its chain and payload must be those that a transaction of a block may have, whatever `checks` are.
///
/// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
///
/// # Errors
/// [`Unknown::Block`], and the node's failures. The inner error says why no block can hold the transaction there.
pub fn transaction(
    snapshot: &Snapshot<'_>,
    transaction: &BlockTransaction,
    at: Option<StacksBlockId>,
    checks: Checks,
    stop: &AtomicBool,
) -> Result<Result<Simulated, TransactionError>, LookupError> {
    let parent = match at {
        Some(id) => snapshot.header(&id)?.ok_or_else(|| LookupError::unknown(Unknown::Block, &id.0))?,
        None => snapshot.tip()?,
    };
    match run(snapshot, transaction, &parent, checks, stop)? {
        Ok((receipt, consensus_hash)) => {
            let cost_limit = snapshot.params().tenure_cost_limit;
            Ok(Ok(Simulated { parent, consensus_hash, receipt, cost_limit }))
        }
        Err(TransactionError::Interrupted) => Err(StoreError::ShuttingDown.into()),
        Err(error) if error.is_node_failure() => Err(LookupError::corrupt(error)),
        Err(error) => Ok(Err(error)),
    }
}

fn run(
    snapshot: &Snapshot<'_>,
    transaction: &BlockTransaction,
    parent: &ProcessedHeader,
    checks: Checks,
    stop: &AtomicBool,
) -> Result<Result<(TransactionReceipt, ConsensusHash), TransactionError>, LookupError> {
    let params = snapshot.params();
    let freed;
    let checked = refuse_coinbase(transaction).and_then(|()| match checks {
        Checks::All => VerifiedTransaction::verify(transaction, params).map(Some),
        Checks::None => check_static(transaction, params).map(|()| None),
    });
    let verified = match checked {
        Err(error) => return Ok(Err(error)),
        Ok(Some(verified)) => verified,
        Ok(None) => {
            freed = without_fee_and_nonces(snapshot, transaction, parent)?;
            VerifiedTransaction::remembered(&freed)
        }
    };
    let plan = extend_tenure(snapshot, parent.clone())?;
    let headers = snapshot.headers(plan.parent.block_id);
    let mut session = begin_block(snapshot.block_env(&headers), &plan).map_err(LookupError::corrupt)?;
    session.supervise(Supervision { limits: snapshot.chain().execution_limits(), stop, gives_way: None });
    let done = session.process_verified(&verified);
    // The txid is that of the bytes that were given, also where others ran.
    Ok(done.map(|receipt| (TransactionReceipt { txid: transaction.txid(), ..receipt }, plan.burn_view.consensus_hash)))
}

/// The place of a block that extends the tenure of `parent` with the whole budget of a tenure.
pub(super) fn extend_tenure(snapshot: &Snapshot<'_>, parent: ProcessedHeader) -> Result<BlockPlan, LookupError> {
    let view = snapshot.burn_view(&parent.burn_view)?;
    let mut plan = plan_block(snapshot.params(), snapshot.conn(), &snapshot.ancestry(), parent, view)?;
    plan.parent.tenure.cost = Cost::default();
    Ok(plan)
}

/// Coinbases begin a tenure: only the elected producer has one, and this block begins none.
fn refuse_coinbase(transaction: &BlockTransaction) -> Result<(), TransactionError> {
    match &transaction.payload {
        TransactionPayload::Coinbase { .. } | TransactionPayload::CoinbaseToAltRecipient { .. } => {
            Err(TransactionError::PayloadNotAllowed { name: transaction.payload_name() })
        }
        _ => Ok(()),
    }
}

/// The same transaction without a fee, with the next nonces of its accounts: contracts see neither.
fn without_fee_and_nonces(
    snapshot: &Snapshot<'_>,
    transaction: &BlockTransaction,
    parent: &ProcessedHeader,
) -> Result<BlockTransaction, LookupError> {
    let mut freed = transaction.transaction().clone();
    let mainnet = snapshot.params().mainnet;
    let nonce_of = |address: StacksAddress| {
        snapshot.account(&address.to_principal(), Some(&parent.block_id)).map(|account| account.nonce)
    };
    let origin = freed.auth.origin_mut();
    origin.set_nonce(nonce_of(origin.address(mainnet))?);
    origin.set_fee(0);
    if let Some(sponsor) = freed.auth.sponsor_mut() {
        sponsor.set_nonce(nonce_of(sponsor.address(mainnet))?);
        sponsor.set_fee(0);
    }
    Ok(BlockTransaction::new(freed))
}
