//! Appends stored blocks: check, execute (or take the cached execution), commit in one transaction.

use std::sync::Arc;

use nakamoto_proto::v1;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::{BlockTransaction, TransactionPayload};

use super::announce::announce_stored;
use super::tip::TipCause;
use crate::blocks::{
    BlockPlan, CheckError, ExecuteError, Execution, ExecutionKey, Rejection, SignatureRules, check_in_chain,
    decode_block, execute,
};
use crate::chain::chain_meta::update_announced;
use crate::chain::mining_policy::count_block;
use crate::chain::{ChainReader, NakamotoChainState, PooledReader, lock};
use crate::db::StoreError;
use crate::execution::{ExecutionLimits, Supervision};
use crate::headers::{ProcessedHeader, TenureSoFar, insert_header, insert_mined, rejected};
use crate::journal::strip_transactions;
use crate::staging::StagedBlock;
use crate::store::WriteTx;
use crate::transactions::TransactionError;
use crate::wire;

/// The result of processing a stored block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// It is part of the chain now.
    Appended(StacksBlockId),
    /// It broke a rule.
    Rejected(StacksBlockId, Rejection),
    /// It had been processed before; only staging did not know.
    Reconciled(StacksBlockId),
}

impl NakamotoChainState {
    /// Appends the next stored block whose parent is processed and whose burn view is known; `None` if there is none.
    /// Before that, rejects a block whose burn view has become known and whose signatures are bad.
    ///
    /// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack, and on one thread only.
    ///
    /// # Errors
    /// [`StoreError`]: nothing changed; the next call takes the same block.
    pub fn process_next(&self) -> Result<Option<Processed>, StoreError> {
        let reader = self.take_reader()?;
        if let Some((id, rejection)) = self.attach_burn_views(&reader)? {
            return Ok(Some(Processed::Rejected(id, rejection)));
        }
        let Some(staged) = reader.staging().get_next_processable_block()? else {
            return Ok(None);
        };
        let announces = self.is_next_to_announce(&reader, &staged)?;
        if !announces {
            self.announce_before(&reader, &staged)?;
        }
        if let Some(done) = self.reconcile(&reader, &staged)? {
            return Ok(Some(done));
        }
        let processed = match self.check_staged(&reader, &staged)? {
            Ok(checked) => self.append_block(reader, checked, announces.then_some(staged.row))?,
            Err(rejection) => {
                self.announce_before(&reader, &staged)?;
                self.reject(&reader, &staged, &rejection)?;
                Processed::Rejected(staged.block_id, rejection)
            }
        };
        Ok(Some(processed))
    }

    /// After a crash between the commit and staging's mark, sets the mark.
    fn reconcile(&self, reader: &ChainReader, staged: &StagedBlock) -> Result<Option<Processed>, StoreError> {
        let id = staged.block_id;
        if reader.header(&id)?.is_some() {
            self.announce_before(reader, staged)?;
            self.mark_processed(&id)?;
            return Ok(Some(Processed::Reconciled(id)));
        }
        if let Some(rejection) = rejected(reader.conn(), &id)? {
            self.announce_before(reader, staged)?;
            lock(&self.inner.staging).mark_orphaned(&id, &rejection)?;
            return Ok(Some(Processed::Reconciled(id)));
        }
        Ok(None)
    }

    fn mark_processed(&self, id: &StacksBlockId) -> Result<(), StoreError> {
        let mut staging = lock(&self.inner.staging);
        staging.mark_processed(id)?;
        staging.set_stacks_attachable(id)?;
        Ok(())
    }

    /// The verdict on a stored block: the inner error is its sender's fault.
    fn check_staged(
        &self,
        reader: &ChainReader,
        staged: &StagedBlock,
    ) -> Result<Result<CheckedBlock, Rejection>, StoreError> {
        let block = match decode_block(&staged.data) {
            Ok(block) => block,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let plan = match check_in_chain(reader.rule_env(), &block, SignatureRules::Block) {
            Ok(plan) => plan,
            Err(CheckError::Rejected(rejection)) => return Ok(Err(rejection)),
            Err(CheckError::Store(error)) => return Err(error),
        };
        let execution = match self.execution_of(reader, &plan, &block, ExecutionLimits::NONE)? {
            Ok(execution) => execution,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let size = staged.data.len();
        Ok(Ok(CheckedBlock { block, plan, execution, size: size.try_into().unwrap_or(u64::MAX) }))
    }

    /// The execution of a checked block, from the cache or made here, with its state root checked. `limits` apply to
    /// each transaction.
    pub(in crate::chain) fn execution_of(
        &self,
        reader: &ChainReader,
        plan: &BlockPlan,
        block: &NakamotoStacksBlock,
        limits: ExecutionLimits,
    ) -> Result<Result<Arc<Execution>, Rejection>, StoreError> {
        let key = plan.execution_key(block.header.tx_merkle_root);
        let execution = match self.inner.executed.get(&key) {
            Some(execution) => execution,
            None => {
                let headers = reader.headers(plan.parent.block_id);
                let supervision = Supervision { limits, stop: &self.inner.stop, gives_way: None };
                match execute(reader.block_env(&headers), plan, &block.txs, supervision) {
                    Ok(execution) => {
                        let execution = Arc::new(execution);
                        self.inner.executed.insert(key, Arc::clone(&execution));
                        execution
                    }
                    Err(error) => return rejection_of(error).map(Err),
                }
            }
        };
        let (expected, got) = (execution.executed.state_root, block.header.state_index_root);
        if expected != got {
            return Ok(Err(Rejection::BadStateRoot { expected, got }));
        }
        Ok(Ok(execution))
    }

    /// Keeps an execution for the validation and the append that follow.
    pub(crate) fn keep_execution(&self, key: ExecutionKey, execution: Arc<Execution>) {
        self.inner.executed.insert(key, execution);
    }

    /// If `announced_row` is the block's row in staging, the same commit announces the block.
    fn append_block(
        &self,
        reader: PooledReader,
        checked: CheckedBlock,
        announced_row: Option<u64>,
    ) -> Result<Processed, StoreError> {
        let id = checked.block.header.block_id();
        let key = checked.plan.execution_key(checked.block.header.tx_merkle_root);
        let chain = self.clone();
        // Alone: a later job may read the new tip's state, which is published with this commit, or an order of blocks.
        self.inner.store.write_alone(move |tx| {
            if let Some(row) = announced_row {
                announce_stored(tx, &checked.block.header)?;
                update_announced(tx.sql(), reader.meta()?.announced_burn_row, row)?;
            }
            chain.commit_block(tx, &reader, &checked)
        })?;
        lock(&self.inner.orders).report();
        self.inner.executed.remove(&key);
        sqlite::crash_point("append:before_mark");
        self.mark_processed(&id)?;
        Ok(Processed::Appended(id))
    }

    /// Commits header, state, receipts, events and mempool changes in one transaction.
    fn commit_block(
        &self,
        tx: &mut WriteTx<'_>,
        reader: &ChainReader,
        checked: &CheckedBlock,
    ) -> Result<(), StoreError> {
        let executed = &checked.execution.executed;
        let processed = checked.processed_header(self.params().mainnet);
        let id = processed.block_id;
        let pending = self.inner.marf.commit(tx.sql(), &executed.trie, marf::BlockId(id.0))?;
        let index = self.inner.marf.clone();
        tx.with_commit(move || {
            let published = index.publish(pending);
            move || index.retract(published)
        });
        let body = checked.event(reader, &processed)?;
        let block = body.block.clone();
        let event = tx.emit(v1::EventKind::BlockProcessed, v1::event::Body::BlockProcessed(body), Some(&id.0))?;
        let row = insert_header(tx.sql(), &processed, &checked.block.header, &strip_transactions(&event.event))?;
        insert_mined(tx.sql(), row, checked.block.txs.iter().map(BlockTransaction::txid))?;
        executed.commit_contracts(tx.sql(), &id)?;
        count_block(tx.sql())?;
        let chain = self.clone();
        tx.after_commit(move || block.into_iter().for_each(|block| lock(&chain.inner.orders).count(block)));
        sqlite::crash_point("append:inserted");
        tx.after_commit(|| sqlite::crash_point("append:committed"));
        let tip = self.follow_tip(tx, reader, &TipCause::Appended(&processed, &checked.block.txs))?;
        let (old, new) = (checked.plan.parent.burn_height, tip.burn_height);
        if reader.burn().cycle_of(old) != reader.burn().cycle_of(new) {
            // The tip is in another reward cycle: members of earlier cycles have nothing left to finish.
            let burn_tip = reader.burn_tip_as_of(reader.meta()?.announced_burn_row)?;
            self.configure_stackerdbs(tx, reader.burn(), burn_tip.height, new)?;
        }
        Ok(())
    }
}

/// Returns the rejection if the block is at fault, the error if the node is.
pub(in crate::chain) fn rejection_of(error: ExecuteError) -> Result<Rejection, StoreError> {
    match error {
        ExecuteError::Transaction(_, TransactionError::Interrupted) => Err(StoreError::ShuttingDown),
        ExecuteError::Transaction(_, error) if error.is_node_failure() => Err(StoreError::Corrupt(error.to_string())),
        ExecuteError::Transaction(txid, error @ TransactionError::CostExceeded { .. }) => {
            Ok(Rejection::CostExceeded { txid, cause: error.to_string() })
        }
        ExecuteError::Transaction(txid, error) => Ok(Rejection::BadTransaction { txid, cause: error.to_string() }),
        ExecuteError::Session(error) => Err(StoreError::Corrupt(error.to_string())),
    }
}

/// A valid block.
struct CheckedBlock {
    block: NakamotoStacksBlock,
    plan: BlockPlan,
    execution: Arc<Execution>,
    size: u64,
}

impl CheckedBlock {
    fn processed_header(&self, mainnet: bool) -> ProcessedHeader {
        let (header, plan) = (&self.block.header, &self.plan);
        let block_id = header.block_id();
        ProcessedHeader {
            block_id,
            parent_block_id: header.parent_block_id,
            header: Some(header.clone()),
            state_root: header.state_index_root,
            chain_length: header.chain_length,
            burn_view: plan.burn_view.hash,
            burn_height: plan.burn_view.height,
            burn_time_s: plan.burn_view.time_s,
            tenure: self.tenure(block_id, mainnet),
            size_bytes: self.size,
        }
    }

    fn tenure(&self, block_id: StacksBlockId, mainnet: bool) -> TenureSoFar {
        let (plan, parent) = (&self.plan, &self.plan.parent.tenure);
        let cost = self.execution.executed.tenure_cost;
        // The coinbase rule makes the first transaction of a new tenure a coinbase.
        match self.block.txs.first().filter(|_| plan.new_tenure) {
            Some(coinbase) => {
                let producer = coinbase.origin_address(mainnet).to_string();
                let recipient = match &coinbase.payload {
                    TransactionPayload::CoinbaseToAltRecipient { recipient, .. } => recipient.to_string(),
                    _ => producer.clone(),
                };
                TenureSoFar {
                    height: plan.tenure_height,
                    start: block_id,
                    cost,
                    fees: self.execution.fees,
                    coinbase: plan.coinbase,
                    recipient,
                    producer,
                }
            }
            None => TenureSoFar { cost, fees: parent.fees.saturating_add(self.execution.fees), ..parent.clone() },
        }
    }

    fn event(&self, reader: &ChainReader, processed: &ProcessedHeader) -> Result<v1::BlockProcessed, StoreError> {
        let (plan, executed) = (&self.plan, &self.execution.executed);
        let raw = self.block.txs.iter().map(|transaction| transaction.raw().to_vec());
        let mut matured_rewards = Vec::new();
        if let Some(reward) = &self.execution.reward {
            let from = reader.header(&reward.from_block)?;
            let from = from.ok_or_else(|| StoreError::Corrupt(format!("block {} has no header", reward.from_block)))?;
            matured_rewards.push(wire::matured_reward(reward, &from));
        }
        let parent_view = reader.burn_view(&plan.parent.burn_view)?;
        Ok(v1::BlockProcessed {
            block: Some(wire::block_ref(processed)),
            header: Some(wire::header(&self.block.header)),
            burn_view: Some(wire::burn_block(&reader.burn().describe(&plan.burn_view)?)),
            new_tenure: plan.new_tenure,
            tenure_height: plan.tenure_height,
            receipts: wire::receipts(executed.receipts.iter().zip(raw)),
            matured_rewards,
            cost: Some(wire::cost(&executed.cost)),
            tenure_cost: Some(wire::cost(&executed.tenure_cost)),
            size_bytes: self.size,
            parent: Some(wire::block_ref(&plan.parent)),
            parent_burn_view: Some(wire::burn_block(&reader.burn().describe(&parent_view)?)),
        })
    }
}
