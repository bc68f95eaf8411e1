//! Executes a block's transactions on its parent's state.

use clarity::principal::Principal;
use stacks_types::ids::Txid;
use stacks_types::transaction::BlockTransaction;

use super::BlockPlan;
use crate::execution::{BlockEnv, BlockSession, ExecutedBlock, SessionError, Supervision};
use crate::headers::MaturedReward;
use crate::transactions::{TransactionError, VerifiedTransaction};

/// The execution of a block.
#[derive(Clone)]
pub struct Execution {
    /// State, receipts and cost.
    pub executed: ExecutedBlock,
    /// Reward that was paid at its start.
    pub reward: Option<MaturedReward>,
    /// Fees of its transactions, micro-STX.
    pub fees: u128,
}

/// Why a block could not be executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A transaction may not be in it.
    #[error("transaction {0}: {1}")]
    Transaction(Txid, TransactionError),
    /// The node's own failure.
    #[error("execution: {0}")]
    Session(#[from] SessionError),
}

/// Opens a block of this plan and pays the reward that is due at its start.
///
/// # Errors
/// [`SessionError`]: never the block's fault.
pub(crate) fn begin_block<'a>(env: BlockEnv<'a>, plan: &BlockPlan) -> Result<BlockSession<'a>, SessionError> {
    let mut session = BlockSession::begin(env, plan.context())?;
    if let Some(reward) = &plan.reward {
        let recipient = Principal::parse(&reward.recipient).ok_or_else(|| SessionError::Refused {
            what: "the recipient of a reward",
            error: format!("{} is nobody", reward.recipient),
        })?;
        session.pay_reward(&recipient, reward.coinbase.saturating_add(reward.fees), reward.coinbase)?;
    }
    Ok(session)
}

/// Ends a block.
///
/// # Errors
/// [`SessionError`]: never the block's fault.
pub(crate) fn finish_block(session: BlockSession<'_>, plan: &BlockPlan) -> Result<Execution, SessionError> {
    let executed = session.seal()?;
    let fees = executed.receipts.iter().map(|receipt| u128::from(receipt.fee)).sum();
    Ok(Execution { executed, reward: plan.reward.clone(), fees })
}

/// Verifies all of a block's transactions, then runs them, under supervision.
///
/// # Errors
/// [`ExecuteError::Transaction`] with the first one that may not be in the block; [`ExecuteError::Session`] when the
/// node fails.
pub fn execute(
    env: BlockEnv<'_>,
    plan: &BlockPlan,
    transactions: &[BlockTransaction],
    supervision: Supervision<'_>,
) -> Result<Execution, ExecuteError> {
    // All rules that need no execution come before any that does (docs/CONSENSUS.md#rules-of-a-block).
    let verified = transactions.iter().map(|transaction| {
        let verified = VerifiedTransaction::verify(transaction, env.params);
        verified.map_err(|error| ExecuteError::Transaction(transaction.txid(), error))
    });
    let verified: Vec<_> = verified.collect::<Result<_, _>>()?;
    let mut session = begin_block(env, plan)?;
    session.supervise(supervision);
    for transaction in &verified {
        session
            .process_verified(transaction)
            .map_err(|error| ExecuteError::Transaction(transaction.transaction().txid(), error))?;
    }
    Ok(finish_block(session, plan)?)
}
