//! The rules that need no execution, in their order (docs/CONSENSUS.md#rules-of-a-block).

mod chain;
mod coinbase;
mod format;
mod producer;
mod stackers;
mod transactions;

pub(crate) use coinbase::{check_tenure_coinbase, is_coinbase};
pub(crate) use format::{decode_block, signatures_bytes};

use rusqlite::Connection;
use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader};

use super::{BlockPlan, Rejection, SignatureCache, plan_block};
use crate::burn::{BurnBlock, BurnLookupError, ProcessedBurnDb};
use crate::db::StoreError;
use crate::headers::Ancestry;
use crate::params::ChainParams;

/// Why a check failed: a broken rule, or a failure of the node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The sender's fault: a rule is broken.
    #[error("{0}")]
    Rejected(#[from] Rejection),
    /// The node's own failure.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Which signatures a block must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureRules {
    /// A block: producer and stackers.
    Block,
    /// A proposal: the producer alone, and room for the stackers'.
    Proposal {
        /// Length of the proposal, in bytes.
        length: usize,
    },
}

/// What the rules read.
#[derive(Clone, Copy)]
pub(crate) struct RuleEnv<'a> {
    /// The chain's parameters.
    pub params: &'a ChainParams,
    /// `chainstate.sqlite`.
    pub conn: &'a Connection,
    /// The burn database.
    pub burn: &'a ProcessedBurnDb,
    /// Ancestors among processed blocks.
    pub marf: &'a marf::Marf,
    /// Signatures that were verified lately.
    pub verified: &'a SignatureCache,
}

/// Checks all that needs neither parent nor execution. Returns whether the burn view is known: if it is not, the
/// signatures could not be checked yet (they are before the block is appended).
///
/// # Errors
/// The first broken rule, or a [`StoreError`].
pub(crate) fn check_standalone(env: RuleEnv<'_>, block: &NakamotoStacksBlock) -> Result<bool, CheckError> {
    format::check_version(&block.header)?;
    chain::check_chain_length_alone(&block.header)?;
    let view = burn_view(env.burn, block)?;
    if let Some(view) = &view {
        check_signatures(env, &block.header, view, SignatureRules::Block)?;
    }
    format::check_merkle_root(block)?;
    transactions::check_transactions(env.params, &block.txs)?;
    Ok(view.is_some())
}

/// Checks all that needs no execution, against the block's parent, and returns the block's plan.
///
/// # Errors
/// The first broken rule, or a [`StoreError`].
pub(crate) fn check_in_chain(
    env: RuleEnv<'_>,
    block: &NakamotoStacksBlock,
    signatures: SignatureRules,
) -> Result<BlockPlan, CheckError> {
    format::check_version(&block.header)?;
    let header = &block.header;
    let parent = chain::check_parent(env.conn, header)?;
    chain::check_chain_length(&parent, header)?;
    let view = burn_view(env.burn, block)?;
    // Without its burn view a block has no tenure, so rule 3's first half comes before rule 2's last.
    let view = view.ok_or(Rejection::UnknownBurnBlock(header.bitcoin_block_hash))?;
    let plan = plan_block(env.params, env.conn, &Ancestry(env.marf), parent, view)?;
    chain::check_burn_spent(&plan, header)?;
    chain::check_burn_view(env.burn, &plan)?;
    if let SignatureRules::Proposal { length } = signatures {
        let stackers = env.burn.get_stacker_set(&plan.burn_view.hash).map_err(StoreError::from)?.stackers.len();
        format::check_room(length, header, stackers, env.params.signing)?;
    }
    chain::check_sibling(env.conn, env.burn, &plan, &header.block_id())?;
    check_signatures(env, header, &plan.burn_view, signatures)?;
    format::check_merkle_root(block)?;
    coinbase::check_coinbase(env.params, env.burn, &plan, block)?;
    transactions::check_transactions(env.params, &block.txs)?;
    Ok(plan)
}

fn check_signatures(
    env: RuleEnv<'_>,
    header: &NakamotoStacksBlockHeader,
    view: &BurnBlock,
    signatures: SignatureRules,
) -> Result<(), CheckError> {
    let signing = env.params.signing;
    env.verified.producer(header, || {
        let producer = env.burn.elected_producer(&view.hash).map_err(StoreError::from)?;
        producer::check_producer(signing, &producer, header)?;
        let (proof, key) = (&header.vrf_proof, &producer.vrf_public_key);
        env.verified.proof(proof, key, &view.sortition_hash, || {
            producer::check_vrf_proof(&producer, view, header).map_err(CheckError::from)
        })
    })?;
    match signatures {
        SignatureRules::Block => env.verified.stackers(header, || {
            let set = env.burn.get_stacker_set(&view.hash).map_err(StoreError::from)?;
            stackers::check_stackers(signing, &set, header).map_err(CheckError::from)
        }),
        SignatureRules::Proposal { .. } => Ok(()),
    }
}

/// The block's burn view, if this node has processed it.
fn burn_view(burn: &ProcessedBurnDb, block: &NakamotoStacksBlock) -> Result<Option<BurnBlock>, StoreError> {
    match burn.get_burn_block(&block.header.bitcoin_block_hash) {
        Ok(view) => Ok(Some(view)),
        Err(BurnLookupError::UnknownBurnBlock(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
