//! The mock clock: pause and resume.

use nakamoto_proto::v1;

use super::Admin;
use crate::clock::{ClockControl, Pace};
use crate::error::ApiError;
use crate::limits::{MAX_ADMIN_INTERVAL, MIN_ADMIN_INTERVAL};
use crate::rpc::grpc::decode::bounded_duration;

pub(super) fn message(pace: Pace) -> v1::Clock {
    v1::Clock { interval: prost_types::Duration::try_from(pace.interval).ok(), paused: pace.paused }
}

pub(super) async fn pause(admin: &Admin) -> Result<v1::PauseClockResponse, ApiError> {
    let clock = admin.clock.clone();
    let pace = admin.pool.write(move |_| Ok(clock.pause())).await?;
    Ok(v1::PauseClockResponse { clock: Some(message(pace)) })
}

pub(super) fn resume(
    clock: &ClockControl,
    request: v1::ResumeClockRequest,
) -> Result<v1::ResumeClockResponse, ApiError> {
    let interval = bounded_duration("interval", request.interval, MIN_ADMIN_INTERVAL, MAX_ADMIN_INTERVAL)?;
    Ok(v1::ResumeClockResponse { clock: Some(message(clock.resume(interval))) })
}
