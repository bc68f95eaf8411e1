//! Assembles templates: unsigned blocks on the canonical tip (docs/CONSENSUS.md#transactions-of-this-chain).
//!
//! Parent = canonical tip, burn view = canonical bitcoin tip. Candidates come by fee rate, in nonce order per account;
//! each is executed, what cannot be mined is skipped with its reason, and the block ends at cost, size, count or time.
//! The execution is kept, so that validation and append of the finished block need not repeat it.
//!
//! # Not here
//! The order of candidates: `mempool`. What a transaction does: `execution`.

mod fill;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use nakamoto_proto::v1;
use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::ids::{BurnBlockHash, StacksBlockId, Txid};
use stacks_types::keys::{KeyError, MessageSignature};
use stacks_types::transaction::BlockTransaction;
use stacks_types::vrf::VrfProof;

use crate::blocks::rules::check_tenure_coinbase;
use crate::blocks::{BlockPlan, Execution, plan_block};
use crate::chain::{ChainReader, NakamotoChainState};
use crate::db::StoreError;
use crate::wire;

pub use fill::MAX_TEMPLATE_TRANSACTIONS;
use fill::{FillBounds, Filled};

/// Most skipped transactions that a template names.
const SKIPPED_MAX: usize = 100;

/// A producer's request for a template.
#[derive(Debug, Clone, Default)]
pub struct TemplateOrder {
    /// The producer's signed coinbase; needed when the tenure is new.
    pub coinbase: Option<Vec<u8>>,
    /// Build on this parent or not at all.
    pub parent: Option<StacksBlockId>,
    /// Build on this burn view or not at all.
    pub burn_view: Option<BurnBlockHash>,
    /// At most this many transactions, the coinbase included; none means [`MAX_TEMPLATE_TRANSACTIONS`].
    pub max_transactions: Option<u32>,
    /// Give a block even when no transaction can go into it.
    pub allow_empty: bool,
}

/// A template and facts about its block.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// Sent to the producer. It has no id yet.
    pub template: v1::BlockTemplate,
    /// The block's header, without signatures.
    pub header: NakamotoStacksBlockHeader,
    /// Transactions in the block, the coinbase included.
    pub transaction_count: usize,
}

/// Why there is no template. The producer corrects its order, or asks again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFailure {
    /// The canonical tip is not the one that the order names.
    #[error("the tip is {tip}")]
    TipMoved {
        /// The canonical tip.
        tip: StacksBlockId,
    },
    /// The canonical burn tip is not the one that the order names.
    #[error("the burn tip is {tip}")]
    BurnViewMoved {
        /// The canonical burn tip.
        tip: BurnBlockHash,
    },
    /// The coinbase is missing, not wanted, not the elected producer's, or cannot be executed.
    #[error("{0}")]
    BadCoinbase(String),
    /// No transaction can be mined, and an empty block was not wanted.
    #[error("no transaction can be mined{}", .0.as_ref().map_or_else(String::new, |why| format!(": {why}")))]
    NoTransactions(Option<String>),
    /// The block is empty, but not every transaction was tried.
    #[error("the time ended, or others went first, before all transactions were tried; ask again")]
    EndedEarly,
}

impl TemplateFailure {
    /// The code in events and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TipMoved { .. } => "TIP_MOVED",
            Self::BurnViewMoved { .. } => "BURN_VIEW_MOVED",
            Self::BadCoinbase(_) => "BAD_COINBASE",
            Self::NoTransactions(_) => "NO_TRANSACTIONS",
            Self::EndedEarly => "ENDED_EARLY",
        }
    }
}

impl NakamotoChainState {
    /// Assembles a block on the canonical tip within `time`, counted from when the block is open. At least one
    /// candidate is tried. Each transaction may take what [`NakamotoChainState::execution_limits`] allows, even beyond
    /// `time`; the time of one that is cut does not count against the others. `cancelled` ends everything at once.
    ///
    /// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
    ///
    /// # Errors
    /// The outer error is the node's failure; the inner one says why there is no template.
    pub fn assemble(
        &self,
        order: &TemplateOrder,
        time: Duration,
        cancelled: &AtomicBool,
    ) -> Result<Result<Assembled, TemplateFailure>, StoreError> {
        self.forget_tenure_full();
        let reader = self.take_reader()?;
        let plan = match self.plan_template(&reader, order)? {
            Ok(plan) => plan,
            Err(failure) => return Ok(Err(failure)),
        };
        let coinbase = match self.coinbase(&reader, &plan, order.coinbase.as_deref())? {
            Ok(coinbase) => coinbase,
            Err(failure) => return Ok(Err(failure)),
        };
        let most = order.max_transactions.unwrap_or(MAX_TEMPLATE_TRANSACTIONS);
        let bounds = FillBounds { most, time, cancelled };
        let filled = match self.fill(&reader, &plan, coinbase, bounds)? {
            Ok(filled) => filled,
            Err(failure) => return Ok(Err(failure)),
        };
        self.drop_problems(&filled.problems)?;
        self.note_left_out(plan.burn_view.hash, &filled.skipped, filled.exhausted.as_ref());
        if filled.transactions.is_empty() && !order.allow_empty {
            if filled.ended_early {
                return Ok(Err(TemplateFailure::EndedEarly));
            }
            let why = filled.skipped.first().map(|(txid, why)| format!("{txid}: {why}"));
            return Ok(Err(TemplateFailure::NoTransactions(why)));
        }
        Ok(Ok(self.finish(&reader, &plan, filled)?))
    }

    fn plan_template(
        &self,
        reader: &ChainReader,
        order: &TemplateOrder,
    ) -> Result<Result<BlockPlan, TemplateFailure>, StoreError> {
        let (parent, burn_view) = reader.tips()?;
        if order.parent.is_some_and(|wanted| wanted != parent.block_id) {
            return Ok(Err(TemplateFailure::TipMoved { tip: parent.block_id }));
        }
        if order.burn_view.is_some_and(|wanted| wanted != burn_view.hash) {
            return Ok(Err(TemplateFailure::BurnViewMoved { tip: burn_view.hash }));
        }
        let plan = plan_block(self.params(), reader.conn(), &reader.ancestry(), parent, burn_view)?;
        Ok(Ok(plan))
    }

    fn coinbase(
        &self,
        reader: &ChainReader,
        plan: &BlockPlan,
        given: Option<&[u8]>,
    ) -> Result<Result<Option<BlockTransaction>, TemplateFailure>, StoreError> {
        let bad = |text: String| Ok(Err(TemplateFailure::BadCoinbase(text)));
        let coinbase = match (given, plan.new_tenure) {
            (None, false) => return Ok(Ok(None)),
            (None, true) => return bad("the tenure is new and needs one".to_owned()),
            (Some(_), false) => return bad("the tenure is not new and takes none".to_owned()),
            (Some(bytes), true) => match BlockTransaction::decode(bytes) {
                Ok(coinbase) => coinbase,
                Err(error) => return bad(format!("not a transaction: {error}")),
            },
        };
        // What a proposal may not hold, so that no template has it.
        if coinbase.has_high_s() {
            return bad(KeyError::HighS.to_string());
        }
        let (length, room) = (coinbase.length(), self.room_for_transactions(reader, plan)?);
        if length > room {
            return bad(format!("has {length} bytes, a block has room for {room}"));
        }
        let producer = reader.burn().elected_producer(&plan.burn_view.hash)?;
        match check_tenure_coinbase(self.params(), &producer, &coinbase) {
            Ok(()) => Ok(Ok(Some(coinbase))),
            Err(rejection) => bad(rejection.to_string()),
        }
    }

    fn finish(&self, reader: &ChainReader, plan: &BlockPlan, filled: Filled) -> Result<Assembled, StoreError> {
        let block = unsigned_block(plan, filled.transactions, &filled.execution);
        let cost = filled.execution.executed.cost;
        self.keep_execution(plan.execution_key(block.header.tx_merkle_root), Arc::new(filled.execution));
        let template = v1::BlockTemplate {
            template_id: String::new(),
            block: block.encode().into(),
            sortition_hash: wire::bytes(&plan.burn_view.sortition_hash.0),
            signing_mode: wire::signing_mode(self.params().signing).into(),
            new_tenure: plan.new_tenure,
            parent: Some(wire::block_ref(&plan.parent)),
            burn_view: Some(wire::burn_block(&reader.burn().describe(&plan.burn_view)?)),
            cost: Some(wire::cost(&cost)),
            skipped: filled.skipped.into_iter().take(SKIPPED_MAX).map(skipped).collect(),
        };
        Ok(Assembled { template, transaction_count: block.txs.len(), header: block.header })
    }
}

fn unsigned_block(plan: &BlockPlan, txs: Vec<BlockTransaction>, execution: &Execution) -> NakamotoStacksBlock {
    let header = NakamotoStacksBlockHeader {
        version: stacks_types::block::HEADER_VERSION,
        chain_length: plan.chain_length(),
        burn_spent: plan.burn_spent(),
        bitcoin_block_hash: plan.burn_view.hash,
        parent_block_id: plan.parent.block_id,
        tx_merkle_root: Default::default(),
        state_index_root: execution.executed.state_root,
        vrf_proof: VrfProof([0; 80]),
        producer_signature: MessageSignature::default(),
        stacker_signatures: Vec::new(),
    };
    let mut block = NakamotoStacksBlock { header, txs };
    block.header.tx_merkle_root = block.computed_tx_merkle_root();
    block
}

fn skipped((txid, reason): (Txid, String)) -> v1::SkippedTransaction {
    v1::SkippedTransaction { txid: wire::bytes(&txid.0), reason }
}
