//! The handle that the services hold.

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use chainstate::chain::{Chain, ChainReader, JobKind, JobResult, Retention, wire};
use nakamoto_proto::v1;

use super::stall::{self, TipWatch};
use super::trace::{self, Trail};
use super::{blocks, burnchain, jobs, stackerdb, state, transactions};
use crate::chain::{
    AccountAnswer, ApiError, BlockAt, BurnBlockAt, CallArguments, CallLimits, ChainApi, ContractRef, FinishedJob,
    Identity, JobFailure, PendingCursor, SourceAnswer, Stall, ValueAnswer,
};

/// The chain of this node.
pub struct LiveChain {
    pub(super) chain: Chain,
    /// What of the journal is kept.
    retention: Retention,
    /// Events grow old while the node runs.
    pub(super) started: Instant,
    pub(super) call_limits: CallLimits,
    /// As of the coordinator's last change.
    tip: Mutex<v1::BlockRef>,
    pub(super) trail: Trail,
    pub(super) watch: TipWatch,
}

impl LiveChain {
    /// Reads the tip once. `retention` says what of the journal is kept.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(chain: Chain, retention: Retention) -> Result<Self, ApiError> {
        let tip = read_tip(&chain)?;
        let call_limits = CallLimits::default();
        Ok(Self {
            chain,
            retention,
            started: Instant::now(),
            call_limits,
            tip: Mutex::new(tip),
            trail: Trail::default(),
            watch: TipWatch::default(),
        })
    }

    /// Has read-only calls bounded by `limits` in place of the defaults.
    #[must_use]
    pub fn with_call_limits(mut self, limits: CallLimits) -> Self {
        self.call_limits = limits;
        self
    }

    /// Runs `read` on one snapshot.
    pub(super) fn read<T>(&self, read: impl FnOnce(&ChainReader) -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.chain.read(read)
    }
}

fn read_tip(chain: &Chain) -> Result<v1::BlockRef, ApiError> {
    chain.read(|reader| Ok(wire::block_ref(&reader.tip()?)))
}

impl ChainApi for LiveChain {
    fn identity(&self) -> Identity {
        let params = self.chain.params();
        Identity {
            chain_id: params.chain_id,
            mainnet: params.mainnet,
            signing_mode: wire::signing_mode(params.signing),
        }
    }

    fn tip_ref(&self) -> v1::BlockRef {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tip(&self) -> Result<v1::GetTipResponse, ApiError> {
        blocks::tip(self)
    }

    fn block(&self, at: BlockAt) -> Result<v1::GetBlockResponse, ApiError> {
        blocks::block(self, at)
    }

    fn push_block(&self, block: Bytes) -> Result<v1::PushBlockResponse, ApiError> {
        trace::push(self, &block)
    }

    fn burn_block(&self, at: BurnBlockAt) -> Result<v1::GetBurnBlockResponse, ApiError> {
        burnchain::burn_block(self, at)
    }

    fn is_burn_ancestor(&self, ancestor: [u8; 32], descendant: [u8; 32]) -> Result<bool, ApiError> {
        burnchain::is_ancestor(self, ancestor, descendant)
    }

    fn producer_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetProducerSetResponse, ApiError> {
        burnchain::producer_set(self, at)
    }

    fn stacker_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetStackerSetResponse, ApiError> {
        burnchain::stacker_set(self, at)
    }

    fn producer_view(&self, producer_address: &str) -> Result<v1::GetProducerViewResponse, ApiError> {
        burnchain::producer_view(self, producer_address)
    }

    fn commits(&self) -> u64 {
        self.chain.commits()
    }

    fn submit_transactions(&self, raw: Vec<Bytes>) -> Vec<Result<v1::SubmitTransactionResponse, ApiError>> {
        transactions::submit(self, raw)
    }

    fn transaction(&self, txid: [u8; 32]) -> Result<v1::GetTransactionResponse, ApiError> {
        transactions::transaction(self, txid)
    }

    fn pending_transactions(
        &self,
        after: Option<PendingCursor>,
        limit: usize,
    ) -> Result<(Vec<v1::PendingTransaction>, u64), ApiError> {
        Ok(transactions::pending(self, after, limit))
    }

    fn account(&self, principal: &str, at: Option<[u8; 32]>, proof: bool) -> Result<AccountAnswer, ApiError> {
        state::account(self, principal, at, proof)
    }

    fn contract_source(&self, contract: &ContractRef, proof: bool) -> Result<SourceAnswer, ApiError> {
        state::source(self, contract, proof)
    }

    fn contract_interface(&self, contract: &ContractRef) -> Result<String, ApiError> {
        state::interface(self, contract)
    }

    fn data_var(&self, contract: &ContractRef, name: &str, proof: bool) -> Result<ValueAnswer, ApiError> {
        state::data_var(self, contract, name, proof)
    }

    fn map_entry(&self, contract: &ContractRef, map: &str, key: &[u8], proof: bool) -> Result<ValueAnswer, ApiError> {
        state::map_entry(self, contract, map, key, proof)
    }

    fn call_read_only(
        &self,
        contract: &ContractRef,
        call: &CallArguments,
    ) -> Result<v1::CallReadOnlyResponse, ApiError> {
        state::call_read_only(self, contract, call)
    }

    fn put_chunk(&self, contract_id: &str, chunk: v1::StackerDbChunk) -> Result<v1::PutChunkResponse, ApiError> {
        stackerdb::put_chunk(self, contract_id, chunk)
    }

    fn chunk(&self, contract_id: &str, slot_id: u32, version: Option<u32>) -> Result<v1::StackerDbChunk, ApiError> {
        stackerdb::chunk(self, contract_id, slot_id, version)
    }

    fn slots(&self, contract_id: &str) -> Result<Vec<v1::SlotMetadata>, ApiError> {
        stackerdb::slots(self, contract_id)
    }

    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError> {
        stackerdb::instances(self)
    }

    fn stacker_db_contracts(&self) -> Result<Vec<v1::StackerDbContract>, ApiError> {
        stackerdb::contracts(self)
    }

    fn follow_stacker_dbs(&self, stopped: &dyn Fn() -> bool) -> Result<bool, ApiError> {
        stackerdb::follow(self, stopped)
    }

    fn start_number(&self) -> u64 {
        self.chain.start_number()
    }

    fn assemble(
        &self,
        request: &v1::RequestTemplateRequest,
        cancelled: &AtomicBool,
    ) -> Result<v1::BlockTemplate, JobFailure> {
        trace::assemble(self, request, cancelled)
    }

    fn validate(&self, block: &[u8]) -> Result<v1::ValidationVerdict, JobFailure> {
        trace::validate(self, block)
    }

    fn finish_job(&self, job: FinishedJob, visible: Box<dyn FnOnce() + Send>) -> Result<(), ApiError> {
        self.trail.name(&job.body);
        jobs::finish(self, job, visible)
    }

    fn job_results(&self, kind: JobKind) -> Result<(Vec<JobResult>, u64), ApiError> {
        Ok(self.chain.job_results(kind)?)
    }

    fn interrupt(&self) {
        self.chain.interrupt();
    }

    fn stall(&self) -> Result<Option<Stall>, ApiError> {
        stall::stall(self)
    }

    fn process_next(&self) -> Result<bool, ApiError> {
        let changed = jobs::process_next(self, self.retention)?;
        if changed {
            let (new, mut tip) = (read_tip(&self.chain)?, self.tip.lock().unwrap_or_else(PoisonError::into_inner));
            if new.block_id != tip.block_id {
                self.watch.moved();
            }
            *tip = new;
        }
        Ok(changed)
    }

    fn mine_burn_block(&self, time_s: u64) -> Result<(), ApiError> {
        let mined = self.chain.mine_burn_block(None, time_s)?;
        tracing::debug!(height = mined.height, hash = %mined.hash, "burn block mined");
        Ok(())
    }
}
