//! What the admin service asks of the chain: changes of the mocks.

use nakamoto_proto::v1;

use super::error::ApiError;

/// The mocks as the admin service sees them.
pub trait AdminApi {
    /// Mines burn blocks in a row, on a known one or on the canonical tip; oldest first.
    fn mine_burn_blocks(&self, on: Option<[u8; 32]>, count: u32, time_s: u64) -> Result<Vec<v1::BurnBlock>, ApiError>;
    /// Forks the burn chain `depth` below its tip and mines `length` blocks there.
    fn reorganize_burn_chain(
        &self,
        depth: u32,
        length: u32,
        time_s: u64,
    ) -> Result<v1::ReorganizeBurnchainResponse, ApiError>;
    /// When producers are to make blocks.
    fn mining(&self) -> Result<v1::MiningPolicy, ApiError>;
    /// Sets mode and interval (milliseconds).
    fn set_mining(&self, mode: v1::MiningMode, interval_ms: Option<u64>) -> Result<v1::MiningPolicy, ApiError>;
    /// Asks for so many blocks more; returns the sequence of the event that says so.
    fn want_blocks(&self, count: u32) -> Result<u64, ApiError>;
    /// Sets the stackers of a reward cycle; `None` means the next one.
    fn set_stacker_set(
        &self,
        cycle: Option<u64>,
        stackers: &[v1::StackerSetEntry],
    ) -> Result<v1::SetStackerSetResponse, ApiError>;
    /// Sets the producers of a reward cycle; `None` means the next one.
    fn set_producer_set(
        &self,
        cycle: Option<u64>,
        producers: &[v1::ProducerSetEntry],
    ) -> Result<v1::SetProducerSetResponse, ApiError>;
}
