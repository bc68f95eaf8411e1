//! The trait and its words.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use chainstate::chain::{JobKind, JobResult, ResultLimits};
use nakamoto_proto::v1;

use super::admin::AdminApi;
use super::error::ApiError;

/// What never changes on a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Goes into every transaction.
    pub chain_id: u32,
    /// Which address and transaction versions are this chain's.
    pub mainnet: bool,
    /// How blocks are signed.
    pub signing_mode: v1::SigningMode,
}

/// Which Stacks block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockAt {
    /// By StacksBlockId, on any fork.
    Id([u8; 32]),
    /// By chain_length on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<[u8; 32]>),
    /// The canonical tip.
    Tip,
}

/// Which burn block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnBlockAt {
    /// By hash, on any fork.
    Hash([u8; 32]),
    /// By height on the fork of a tip; `None` means the canonical one.
    Height(u64, Option<[u8; 32]>),
    /// The canonical tip.
    Tip,
}

/// A contract, and where to look: `None` means the canonical tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRef {
    /// "ADDRESS.name".
    pub contract_id: String,
    /// StacksBlockId of a processed block.
    pub at: Option<[u8; 32]>,
}

/// Where a page of pending transactions begins: after this entry, in falling order of fee rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingCursor {
    /// Fee of the last entry of the page before, micro-STX.
    pub fee_ustx: u64,
    /// Its length in bytes.
    pub size_bytes: u32,
    /// Its txid.
    pub txid: [u8; 32],
}

/// An account with its proofs, when they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountAnswer {
    /// Balance, lock, nonce.
    pub account: v1::GetAccountResponse,
    /// MARF proof of the balance, wire bytes; empty when the chain offers none for this key.
    pub balance_proof: Option<Vec<u8>>,
    /// MARF proof of the nonce, wire bytes; empty when the chain offers none for this key.
    pub nonce_proof: Option<Vec<u8>>,
}

/// A contract's source with its proof, when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAnswer {
    /// Source and height.
    pub source: v1::GetContractSourceResponse,
    /// MARF proof of the contract's commitment, wire bytes.
    pub proof: Option<Vec<u8>>,
}

/// A Clarity value with its proof, when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueAnswer {
    /// Consensus serialization.
    pub value: Vec<u8>,
    /// MARF proof, wire bytes.
    pub proof: Option<Vec<u8>>,
}

/// A call that does not write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallArguments {
    /// Name of the function.
    pub function_name: String,
    /// Principal that calls.
    pub sender: String,
    /// Principal that sponsors.
    pub sponsor: Option<String>,
    /// Consensus serialization each.
    pub arguments: Vec<Vec<u8>>,
}

/// The tip stands still though it should move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// For how long.
    pub time: Duration,
    /// The transaction that would be mined first, as hex.
    pub first: String,
}

impl std::fmt::Display for Stall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (seconds, first) = (self.time.as_secs(), &self.first);
        write!(f, "the tip has not moved for {seconds} s, though transaction {first} could be mined: ")?;
        f.write_str("is a producer running, and enough signers?")
    }
}

/// Why a job has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFailure {
    /// Upper-snake code.
    pub reason: String,
    /// For people.
    pub detail: String,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedJob {
    /// As the client knows it.
    pub id: String,
    /// Body of its event.
    pub body: v1::event::Body,
    /// Encoded answer of the fetch.
    pub result: Vec<u8>,
    /// How much of its kind is kept.
    pub limits: ResultLimits,
}

/// The chain as the services see it.
pub trait ChainApi: AdminApi + super::lookups::Lookups + Send + Sync + 'static {
    /// What never changes. Does not block.
    fn identity(&self) -> Identity;
    /// The canonical Stacks tip as last announced. Does not block.
    fn tip_ref(&self) -> v1::BlockRef;

    /// Canonical tips.
    fn tip(&self) -> Result<v1::GetTipResponse, ApiError>;
    /// A block.
    fn block(&self, at: BlockAt) -> Result<v1::GetBlockResponse, ApiError>;
    /// Checks and stores a signed block.
    fn push_block(&self, block: Bytes) -> Result<v1::PushBlockResponse, ApiError>;

    /// A burn block.
    fn burn_block(&self, at: BurnBlockAt) -> Result<v1::GetBurnBlockResponse, ApiError>;
    /// Whether `ancestor` is `descendant` or an ancestor of it.
    fn is_burn_ancestor(&self, ancestor: [u8; 32], descendant: [u8; 32]) -> Result<bool, ApiError>;
    /// Producers as of a burn block; `None` means the canonical tip.
    fn producer_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetProducerSetResponse, ApiError>;
    /// Stackers as of a burn block; `None` means the canonical tip.
    fn stacker_set(&self, at: Option<[u8; 32]>) -> Result<v1::GetStackerSetResponse, ApiError>;
    /// What a producer must know before it asks for a template.
    fn producer_view(&self, producer_address: &str) -> Result<v1::GetProducerViewResponse, ApiError>;

    /// How often something was committed since the start. Does not block.
    fn commits(&self) -> u64;

    /// Offers transactions to the mempool, with one commit for all; as many answers, in order.
    fn submit_transactions(&self, raw: Vec<Bytes>) -> Vec<Result<v1::SubmitTransactionResponse, ApiError>>;
    /// A transaction, pending or mined.
    fn transaction(&self, txid: [u8; 32]) -> Result<v1::GetTransactionResponse, ApiError>;
    /// At most `limit` pending transactions after `after`, with how many wait in all.
    fn pending_transactions(
        &self,
        after: Option<PendingCursor>,
        limit: usize,
    ) -> Result<(Vec<v1::PendingTransaction>, u64), ApiError>;

    /// An account; zeros when it was never used.
    fn account(&self, principal: &str, at: Option<[u8; 32]>, proof: bool) -> Result<AccountAnswer, ApiError>;
    /// Source of a contract.
    fn contract_source(&self, contract: &ContractRef, proof: bool) -> Result<SourceAnswer, ApiError>;
    /// Interface of a contract, JSON text.
    fn contract_interface(&self, contract: &ContractRef) -> Result<String, ApiError>;
    /// Value of a data variable.
    fn data_var(&self, contract: &ContractRef, name: &str, proof: bool) -> Result<ValueAnswer, ApiError>;
    /// Value of a map entry, wrapped in an optional.
    fn map_entry(&self, contract: &ContractRef, map: &str, key: &[u8], proof: bool) -> Result<ValueAnswer, ApiError>;
    /// Calls a function that does not write.
    fn call_read_only(
        &self,
        contract: &ContractRef,
        call: &CallArguments,
    ) -> Result<v1::CallReadOnlyResponse, ApiError>;

    /// Writes a StackerDB slot.
    fn put_chunk(&self, contract_id: &str, chunk: v1::StackerDbChunk) -> Result<v1::PutChunkResponse, ApiError>;
    /// A StackerDB chunk: the newest, or only that version.
    fn chunk(&self, contract_id: &str, slot_id: u32, version: Option<u32>) -> Result<v1::StackerDbChunk, ApiError>;
    /// Metadata of all slots of a StackerDB.
    fn slots(&self, contract_id: &str) -> Result<Vec<v1::SlotMetadata>, ApiError>;
    /// The StackerDBs that are kept.
    fn stacker_dbs(&self) -> Result<Vec<String>, ApiError>;
    /// Contracts that are StackerDBs by their functions, each with why what it says is no configuration, or nothing.
    fn stacker_db_contracts(&self) -> Result<Vec<v1::StackerDbContract>, ApiError>;
    /// Makes the StackerDBs of contracts follow the tip; false when they are there. Called by the follower only.
    fn follow_stacker_dbs(&self, stopped: &dyn Fn() -> bool) -> Result<bool, ApiError>;

    /// How often the chain was opened before: makes ids of jobs that no earlier process gave. Does not block.
    fn start_number(&self) -> u64;
    /// Assembles a template. Runs for as long as the request says, or until `cancelled`; called by the worker only.
    fn assemble(
        &self,
        request: &v1::RequestTemplateRequest,
        cancelled: &AtomicBool,
    ) -> Result<v1::BlockTemplate, JobFailure>;
    /// Validates a proposal; called by the worker only.
    fn validate(&self, block: &[u8]) -> Result<v1::ValidationVerdict, JobFailure>;
    /// Stores how a job ended together with its event. `visible` is called when both are on disk, before anybody sees
    /// the event; never when nothing was stored.
    fn finish_job(&self, job: FinishedJob, visible: Box<dyn FnOnce() + Send>) -> Result<(), ApiError>;
    /// The stored ends of jobs, oldest first, and the time it is by the clock that stamped them.
    fn job_results(&self, kind: JobKind) -> Result<(Vec<JobResult>, u64), ApiError>;

    /// Ends what is executed now: the node stops.
    fn interrupt(&self);
    /// Since when the tip has not moved though it should; none when all is well.
    fn stall(&self) -> Result<Option<Stall>, ApiError>;

    /// Processes the next block that can be processed; false when there is none. Called by the coordinator only.
    fn process_next(&self) -> Result<bool, ApiError>;
    /// Mines a burn block on the canonical tip; called by the mock clock.
    fn mine_burn_block(&self, time_s: u64) -> Result<(), ApiError>;
}
