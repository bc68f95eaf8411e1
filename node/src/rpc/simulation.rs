//! Dry runs of clients' transactions, within limits of their own.

use bytes::Bytes;
use chainstate::headers::ProcessedHeader;
use chainstate::read::simulate::{Checks, transaction};
use chainstate::transactions::TransactionError;
use chainstate::wire;
use clarity::costs::Cost;
use nakamoto_proto::v1;
use prost::Message as _;
use stacks_types::ids::{ConsensusHash, StacksBlockId};
use stacks_types::transaction::BlockTransaction;

use crate::error::ApiError;
use crate::limits::MAX_SIMULATED_RECEIPT_BYTES;
use crate::rpc::blocking_pool::BlockingPool;

/// A dry run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SimulationRequest {
    /// SIP-005 encoding.
    pub(crate) transaction: Bytes,
    /// On this processed block; `None` means the canonical tip.
    pub(crate) at: Option<StacksBlockId>,
    pub(crate) checks: Checks,
}

/// A dry run that was made.
#[derive(Debug)]
pub(crate) struct Simulation {
    /// The block on which it ran.
    pub(crate) parent: ProcessedHeader,
    /// Consensus hash of its tenure.
    pub(crate) consensus_hash: ConsensusHash,
    /// As the feed has it.
    pub(crate) receipt: v1::TransactionReceipt,
    /// Micro-STX that it burned, also if a post-condition undid the burn.
    pub(crate) stx_burned: u128,
    /// The budget of a tenure.
    pub(crate) cost_limit: Cost,
}

/// Simulates, and makes the answer on the same thread: it may be large.
///
/// # Errors
/// [`ApiError::Invalid`] for bytes that are no transaction, and for a receipt that is too large to be answered;
/// [`ApiError::NotFound`] for the block; those of [`BlockingPool::simulate`] and of `answer`.
pub(crate) async fn simulate<T: Send + 'static>(
    pool: &BlockingPool,
    request: SimulationRequest,
    answer: impl FnOnce(Result<Simulation, TransactionError>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let SimulationRequest { transaction: raw, at, checks } = request;
    if raw.is_empty() {
        return Err(ApiError::Missing { field: "transaction" });
    }
    let run = pool.simulate(move |snapshot, stop| {
        let decoded = BlockTransaction::decode(&raw).map_err(|error| ApiError::invalid("transaction", error))?;
        let simulated = match transaction(snapshot, &decoded, at, checks, stop)? {
            Ok(simulated) => simulated,
            Err(error) => return answer(Err(error)),
        };
        let receipt = wire::receipt(&simulated.receipt, raw.into());
        let (bytes, most) = (receipt.encoded_len(), MAX_SIMULATED_RECEIPT_BYTES);
        if bytes > most {
            let detail = format!("its receipt has {bytes} bytes, and that of a dry run may have {most}");
            return Err(ApiError::invalid("transaction", detail));
        }
        answer(Ok(Simulation {
            parent: simulated.parent,
            consensus_hash: simulated.consensus_hash,
            receipt,
            stx_burned: simulated.receipt.stx_burned,
            cost_limit: simulated.cost_limit,
        }))
    });
    run.await
}
