//! Fills a block: the coinbase, then candidates until cost, size, count or time ends it.

use nakamoto_proto::block::HEADER_BYTES_MIN;
use nakamoto_proto::ids::Txid;
use nakamoto_proto::keys::MessageSignature;
use nakamoto_proto::limits::MAX_BLOCK_BYTES;
use nakamoto_proto::transaction::BlockTransaction;

use super::TemplateFailure;
use crate::blocks::{BlockPlan, Execution, close, open};
use crate::chain::{Chain, ChainReader};
use crate::clarity::{BlockSession, SessionError};
use crate::db::StoreError;
use crate::mempool::{Candidates, DropReason, PendingTransaction, get_raw};
use crate::transactions::{MinerAction, TransactionError, VerifiedTransaction};

/// Most transactions of a block, as the reference's miner has it (docs/CONSENSUS.md#limits-of-the-formats).
pub const MAX_BLOCK_TRANSACTIONS: usize = 11_650;

/// A block's content.
pub(crate) struct Filled {
    /// The transactions, in order.
    pub(crate) transactions: Vec<BlockTransaction>,
    /// What they did.
    pub(crate) execution: Execution,
    /// Those that were left out, and why.
    pub(crate) skipped: Vec<(Txid, String)>,
    /// Those that can never be mined.
    pub(crate) problems: Vec<(Txid, DropReason)>,
}

/// A block in the making.
struct Filling<'a> {
    session: BlockSession<'a>,
    transactions: Vec<BlockTransaction>,
    skipped: Vec<(Txid, String)>,
    problems: Vec<(Txid, DropReason)>,
    bytes_left: usize,
    nearly_full: bool,
}

/// Whether a block takes more.
#[derive(PartialEq, Eq)]
enum Room {
    Left,
    Gone,
}

impl Chain {
    /// Fills a block of this plan with at most `most` transactions.
    pub(crate) fn fill(
        &self,
        reader: &ChainReader,
        plan: &BlockPlan,
        coinbase: Option<BlockTransaction>,
        most: usize,
        out_of_time: &dyn Fn() -> bool,
    ) -> Result<Result<Filled, TemplateFailure>, StoreError> {
        let headers = reader.headers(plan.parent.block_id);
        let session = open(reader.block_env(&headers), plan).map_err(ours)?;
        let stackers = reader.burn().get_stacker_set(&plan.burn_view.hash)?.stackers.len();
        let overhead = HEADER_BYTES_MIN + MessageSignature::LEN * stackers + 4;
        let mut filling = Filling {
            session,
            transactions: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
            bytes_left: MAX_BLOCK_BYTES.saturating_sub(overhead),
            nearly_full: false,
        };
        let mut candidates = self.with_mempool(crate::mempool::MempoolIndex::candidates);
        if let Some(coinbase) = coinbase {
            if let Err(error) = filling.session.process_transaction(&coinbase) {
                return if error.is_ours() { Err(ours(error)) } else { Ok(Err(bad_coinbase(&error))) };
            }
            filling.bytes_left = filling.bytes_left.saturating_sub(coinbase.length());
            // The producer's own next transaction is a candidate of this block.
            let (producer, nonce) = (coinbase.origin_address(self.params().mainnet), coinbase.origin_nonce());
            self.with_mempool(|index| candidates.nonce_used(index, &producer, nonce));
            filling.transactions.push(coinbase);
        }
        while filling.transactions.len() < most.min(MAX_BLOCK_TRANSACTIONS) && !out_of_time() {
            let Some(next) = self.with_mempool(|index| candidates.next(index)) else { break };
            if self.try_candidate(reader, &mut filling, &mut candidates, &next)? == Room::Gone {
                break;
            }
        }
        let Filling { session, transactions, skipped, problems, .. } = filling;
        let execution = close(session, plan).map_err(ours)?;
        Ok(Ok(Filled { transactions, execution, skipped, problems }))
    }

    fn try_candidate(
        &self,
        reader: &ChainReader,
        filling: &mut Filling<'_>,
        candidates: &mut Candidates,
        next: &PendingTransaction,
    ) -> Result<Room, StoreError> {
        // Dropped since the walk looked at it.
        let Some(raw) = get_raw(reader.conn(), &next.txid)? else { return Ok(Room::Left) };
        let transaction = BlockTransaction::decode(&raw)
            .map_err(|error| StoreError::Corrupt(format!("pending transaction {}: {error}", next.txid)))?;
        if transaction.length() > filling.bytes_left {
            filling.skipped.push((next.txid, "the block has no room for its bytes".to_owned()));
            return Ok(Room::Left);
        }
        // Its signatures were verified at admission; the mempool's table remembers.
        match filling.session.process_verified(&VerifiedTransaction::remembered(&transaction)) {
            Ok(_) => {
                self.with_mempool(|index| candidates.mined(index, next));
                filling.bytes_left -= transaction.length();
                filling.transactions.push(transaction);
                Ok(Room::Left)
            }
            Err(error) if error.is_ours() => Err(ours(error)),
            Err(error) => Ok(filling.leave_out(next.txid, &error)),
        }
    }
}

impl Filling<'_> {
    /// A transaction that could not be mined (docs/COMPATIBILITY.md#left-out-of-a-block).
    fn leave_out(&mut self, txid: Txid, error: &TransactionError) -> Room {
        self.skipped.push((txid, error.to_string()));
        match error.miner_action() {
            MinerAction::DropTooExpensive => self.problems.push((txid, DropReason::TooExpensive)),
            MinerAction::DropProblematic => self.problems.push((txid, DropReason::Problematic)),
            MinerAction::NearlyFull if self.nearly_full => return Room::Gone,
            MinerAction::NearlyFull => self.nearly_full = true,
            MinerAction::KeepByNonce | MinerAction::Skip | MinerAction::KeepUntilCollected | MinerAction::Abandon => {}
        }
        Room::Left
    }
}

fn bad_coinbase(error: &TransactionError) -> TemplateFailure {
    TemplateFailure::BadCoinbase(error.to_string())
}

fn ours(error: impl Into<Ours>) -> StoreError {
    StoreError::Corrupt(error.into().0)
}

/// The text of a failure that is not a transaction's.
struct Ours(String);

impl From<SessionError> for Ours {
    fn from(error: SessionError) -> Self {
        Self(error.to_string())
    }
}

impl From<TransactionError> for Ours {
    fn from(error: TransactionError) -> Self {
        Self(error.to_string())
    }
}
