//! The sets of future reward cycles.

use chainstate::params::{Producer, Stacker};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::vrf::VrfPublicKey;

use super::Admin;
use crate::error::ApiError;

pub(super) async fn set_stackers(
    admin: &Admin,
    request: v1::SetStackerSetRequest,
) -> Result<v1::SetStackerSetResponse, ApiError> {
    if request.stackers.is_empty() {
        return Err(ApiError::Missing { field: "stackers" });
    }
    let stacker = |entry: &v1::StackerSetEntry| {
        Ok(Stacker { address: address(admin, "stackers.address", &entry.address)?, weight: entry.weight })
    };
    let stackers = request.stackers.iter().map(stacker).collect::<Result<Vec<_>, ApiError>>()?;
    admin.pool.write(move |chain| chain.set_stacker_set(request.reward_cycle, &stackers)).await
}

pub(super) async fn set_producers(
    admin: &Admin,
    request: v1::SetProducerSetRequest,
) -> Result<v1::SetProducerSetResponse, ApiError> {
    if request.producers.is_empty() {
        return Err(ApiError::Missing { field: "producers" });
    }
    let producer = |entry: &v1::ProducerSetEntry| {
        let vrf_public_key = vrf_public_key("producers.vrf_public_key", &entry.vrf_public_key)?;
        Ok(Producer { address: address(admin, "producers.address", &entry.address)?, vrf_public_key })
    };
    let producers = request.producers.iter().map(producer).collect::<Result<Vec<_>, ApiError>>()?;
    admin.pool.write(move |chain| chain.set_producer_set(request.reward_cycle, &producers)).await
}

/// Parses the address of a member's key, on this chain's network.
fn address(admin: &Admin, field: &'static str, text: &str) -> Result<StacksAddress, ApiError> {
    let address = StacksAddress::parse(text).map_err(|error| ApiError::invalid(field, format!("{text}: {error}")))?;
    if address.is_mainnet() != Some(admin.pool.chain().chainstate().params().mainnet) {
        return Err(ApiError::invalid(field, format!("{text} is an address of another network")));
    }
    if !address.is_p2pkh() {
        return Err(ApiError::invalid(
            field,
            format!("{text} is not the address of a single key: nobody could sign for it"),
        ));
    }
    Ok(address)
}

fn vrf_public_key(field: &'static str, bytes: &[u8]) -> Result<VrfPublicKey, ApiError> {
    let key: [u8; 32] =
        bytes.try_into().map_err(|_| ApiError::invalid(field, format!("{} bytes, not 32", bytes.len())))?;
    let key = VrfPublicKey(key);
    if key.is_valid() { Ok(key) } else { Err(ApiError::invalid(field, "not a point of the curve")) }
}
