//! The sets of future reward cycles.

use chainstate::params::{Producer, Stacker};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::vrf::VrfPublicKey;

use super::Admin;
use crate::error::ApiError;
use crate::rpc::grpc::decode::address;

pub(super) async fn set_stackers(
    admin: &Admin,
    request: v1::SetStackerSetRequest,
) -> Result<v1::SetStackerSetResponse, ApiError> {
    if request.stackers.is_empty() {
        return Err(ApiError::Missing { field: "stackers" });
    }
    let stacker = |(place, entry): (usize, &v1::StackerSetEntry)| {
        let field = format!("stackers[{place}].address");
        Ok(Stacker { address: key_address(admin, &field, &entry.address)?, weight: entry.weight })
    };
    let stackers = request.stackers.iter().enumerate().map(stacker).collect::<Result<Vec<_>, ApiError>>()?;
    admin.pool.write(move |chain| chain.set_stacker_set(request.reward_cycle, &stackers)).await
}

pub(super) async fn set_producers(
    admin: &Admin,
    request: v1::SetProducerSetRequest,
) -> Result<v1::SetProducerSetResponse, ApiError> {
    if request.producers.is_empty() {
        return Err(ApiError::Missing { field: "producers" });
    }
    let producer = |(place, entry): (usize, &v1::ProducerSetEntry)| {
        let vrf_public_key = vrf_public_key(format!("producers[{place}].vrf_public_key"), &entry.vrf_public_key)?;
        let field = format!("producers[{place}].address");
        Ok(Producer { address: key_address(admin, &field, &entry.address)?, vrf_public_key })
    };
    let producers = request.producers.iter().enumerate().map(producer).collect::<Result<Vec<_>, ApiError>>()?;
    admin.pool.write(move |chain| chain.set_producer_set(request.reward_cycle, &producers)).await
}

/// The address of a member's key.
fn key_address(admin: &Admin, field: &str, text: &str) -> Result<StacksAddress, ApiError> {
    let address = address(admin.pool.chain(), field, text)?;
    if !address.is_p2pkh() {
        let detail = format!("{text} is not the address of a single key: nobody could sign for it");
        return Err(ApiError::invalid(field.to_owned(), detail));
    }
    Ok(address)
}

fn vrf_public_key(field: String, bytes: &[u8]) -> Result<VrfPublicKey, ApiError> {
    let Ok(key) = <[u8; 32]>::try_from(bytes) else {
        return Err(ApiError::invalid(field, format!("{} bytes, not 32", bytes.len())));
    };
    let key = VrfPublicKey(key);
    if key.is_valid() { Ok(key) } else { Err(ApiError::invalid(field, "not a point of the curve")) }
}
