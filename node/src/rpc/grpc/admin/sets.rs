//! The sets of coming reward cycles.

use nakamoto_proto::v1;

use super::Admin;
use crate::error::ApiError;

pub(super) async fn set_stackers(
    admin: &Admin,
    request: v1::SetStackerSetRequest,
) -> Result<v1::SetStackerSetResponse, ApiError> {
    if request.stackers.is_empty() {
        return Err(ApiError::Missing { field: "stackers" });
    }
    admin.pool.write(move |chain| chain.set_stacker_set(request.reward_cycle, &request.stackers)).await
}

pub(super) async fn set_producers(
    admin: &Admin,
    request: v1::SetProducerSetRequest,
) -> Result<v1::SetProducerSetResponse, ApiError> {
    if request.producers.is_empty() {
        return Err(ApiError::Missing { field: "producers" });
    }
    admin.pool.write(move |chain| chain.set_producer_set(request.reward_cycle, &request.producers)).await
}
