//! Decodes fields of requests into types.

use std::time::{Duration, SystemTime};

use chainstate::read::block::BlockAt;
use chainstate::read::contract::ContractAt;
use clarity::principal::Principal;
use stacks_types::address::StacksAddress;
use stacks_types::ids::StacksBlockId;
use tonic::Status;

use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, MAX_REQUEST_KEY_BYTES};
use crate::principals::{parse_contract_id, parse_principal};
use crate::rpc::errors::status;

/// Exactly 32 bytes.
pub(super) fn hash32(field: &'static str, bytes: &[u8]) -> Result<[u8; 32], ApiError> {
    match bytes.len() {
        0 => Err(ApiError::Missing { field }),
        length => bytes.try_into().map_err(|_| ApiError::invalid(field, format!("{length} bytes, not 32"))),
    }
}

/// 32 bytes, or none.
pub(super) fn optional_hash32(field: &'static str, bytes: &[u8]) -> Result<Option<[u8; 32]>, ApiError> {
    if bytes.is_empty() { Ok(None) } else { hash32(field, bytes).map(Some) }
}

/// Text that may not be empty.
pub(super) fn text(field: &'static str, text: String) -> Result<String, ApiError> {
    if text.is_empty() { Err(ApiError::Missing { field }) } else { Ok(text) }
}

/// A client's name for its request; `None` when it is empty.
pub(super) fn request_key(key: String) -> Result<Option<String>, ApiError> {
    if key.len() > MAX_REQUEST_KEY_BYTES {
        return Err(ApiError::invalid("request_key", format!("more than {MAX_REQUEST_KEY_BYTES} bytes")));
    }
    Ok(Some(key).filter(|key| !key.is_empty()))
}

/// "ADDRESS" or "ADDRESS.name".
pub(super) fn principal(field: &'static str, principal: String) -> Result<Principal, ApiError> {
    parse_principal(&text(field, principal)?).map_err(|error| ApiError::invalid(field, error))
}

/// An address on this chain's network.
pub(super) fn address(chain: &NodeChain, field: &str, text: &str) -> Result<StacksAddress, ApiError> {
    let invalid = |detail| ApiError::invalid(field.to_owned(), detail);
    let address = StacksAddress::parse(text).map_err(|error| invalid(format!("{text}: {error}")))?;
    if address.is_mainnet() != Some(chain.chainstate().params().mainnet) {
        return Err(invalid(format!("{text} is an address of another network")));
    }
    Ok(address)
}

/// A contract at a block.
pub(super) fn contract(contract_id: String, block_id: &[u8]) -> Result<ContractAt, ApiError> {
    let field = "contract_id";
    let contract = parse_contract_id(&text(field, contract_id)?).map_err(|error| ApiError::invalid(field, error))?;
    Ok(ContractAt { contract, at: optional_hash32("block_id", block_id)?.map(StacksBlockId) })
}

/// A duration that is not negative.
pub(super) fn duration(
    field: &'static str,
    duration: Option<prost_types::Duration>,
) -> Result<Option<Duration>, ApiError> {
    let Some(duration) = duration else { return Ok(None) };
    if !is_protobuf_time(duration.seconds) {
        return Err(ApiError::invalid(field, "out of range"));
    }
    Duration::try_from(duration).map(Some).map_err(|_| ApiError::invalid(field, "negative or out of range"))
}

/// Whether these are the seconds of a valid `google.protobuf.Duration` or `Timestamp`, ten thousand years at most. The
/// library negates them unchecked, and the smallest number would overflow.
fn is_protobuf_time(seconds: i64) -> bool {
    seconds.unsigned_abs() <= 315_576_000_000
}

/// A duration within bounds; `None` when absent.
pub(super) fn bounded_duration(
    field: &'static str,
    value: Option<prost_types::Duration>,
    least: Duration,
    most: Duration,
) -> Result<Option<Duration>, ApiError> {
    let Some(value) = duration(field, value)? else { return Ok(None) };
    if value < least || value > most {
        return Err(ApiError::invalid(field, format!("{value:?} is not between {least:?} and {most:?}")));
    }
    Ok(Some(value))
}

/// A time of the wall clock.
pub(super) fn time(field: &'static str, time: Option<prost_types::Timestamp>) -> Result<Option<SystemTime>, ApiError> {
    let Some(time) = time else { return Ok(None) };
    if !is_protobuf_time(time.seconds) {
        return Err(ApiError::invalid(field, "out of range"));
    }
    SystemTime::try_from(time).map(Some).map_err(|_| ApiError::invalid(field, "out of range"))
}

/// A page size: 0 means the default.
pub(super) fn page_size(field: &'static str, size: u32) -> Result<usize, ApiError> {
    match size {
        0 => Ok(DEFAULT_PAGE_SIZE as usize),
        size if size > MAX_PAGE_SIZE => Err(ApiError::invalid(field, format!("more than {MAX_PAGE_SIZE}"))),
        size => Ok(size as usize),
    }
}

/// The block that a `GetBlock` names.
pub(super) fn block_at(
    block: Option<nakamoto_proto::v1::get_block_request::Block>,
    fork: &[u8],
) -> Result<BlockAt, ApiError> {
    use nakamoto_proto::v1::get_block_request::Block;
    let at = match block {
        None => return Err(ApiError::MissingChoice { field: "block", choices: "block_id, chain_length, tip" }),
        Some(Block::BlockId(id)) => BlockAt::Id(StacksBlockId(hash32("block_id", &id)?)),
        Some(Block::ChainLength(height)) => {
            BlockAt::Height(height, optional_hash32("tip_block_id", fork)?.map(StacksBlockId))
        }
        Some(Block::Tip(true)) => BlockAt::Tip,
        Some(Block::Tip(false)) => return Err(ApiError::invalid("tip", "can only be true")),
    };
    Ok(at)
}

/// Turns an error into a status.
pub(super) trait OrStatus<T> {
    /// See the trait.
    fn or_status(self) -> Result<T, Status>;
}

impl<T> OrStatus<T> for Result<T, ApiError> {
    fn or_status(self) -> Result<T, Status> {
        self.map_err(status)
    }
}
