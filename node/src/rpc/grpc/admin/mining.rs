//! The mining mode, and blocks on demand.

use std::time::Duration;

use chainstate::chain::Wanted;
use nakamoto_proto::v1;
use tonic::Status;
use v1::event::Body;

use super::follow::follow;
use super::{Admin, number};
use crate::error::ApiError;
use crate::limits::{ADMIN_INTERVAL, MAX_ADMIN_COUNT, MAX_WAIT};
use crate::rpc::grpc::decode::{OrStatus as _, bounded_duration};

pub(super) async fn set(
    admin: &Admin,
    request: v1::SetMiningModeRequest,
) -> Result<v1::SetMiningModeResponse, ApiError> {
    let mode = request.mode();
    if mode == v1::MiningMode::Unspecified {
        return Err(ApiError::invalid("mode", format!("{} is no mining mode", request.mode)));
    }
    let interval = bounded_duration("interval", request.interval, ADMIN_INTERVAL.0, ADMIN_INTERVAL.1)?;
    if interval.is_some() && matches!(mode, v1::MiningMode::Auto | v1::MiningMode::Manual) {
        return Err(ApiError::invalid("interval", "this mode has none"));
    }
    let interval_ms = interval.map(|interval| u64::try_from(interval.as_millis()).unwrap_or(u64::MAX));
    let policy = admin.pool.write(move |chain| chain.set_mining(mode, interval_ms)).await?;
    Ok(v1::SetMiningModeResponse { policy: Some(policy) })
}

pub(super) async fn mine(admin: &Admin, request: v1::MineBlocksRequest) -> Result<v1::MineBlocksResponse, Status> {
    let count = number("count", request.count, 1, 1, MAX_ADMIN_COUNT).or_status()?;
    let wait = bounded_duration("wait", request.wait, Duration::ZERO, MAX_WAIT).or_status()?.unwrap_or(MAX_WAIT);
    make(admin, count, wait).await
}

/// Has producers make `count` blocks, and waits for them. Blocks that others requested earlier come first and are not
/// counted.
pub(super) async fn make(admin: &Admin, count: u32, wait: Duration) -> Result<v1::MineBlocksResponse, Status> {
    if count == 0 {
        return Ok(v1::MineBlocksResponse::default());
    }
    let Wanted { event_sequence, before: mut others } =
        admin.pool.write(move |chain| chain.want_blocks(count)).await.or_status()?;
    let (mut blocks, wanted) = (Vec::new(), count as usize);
    let take = |body| {
        if let Body::BlockProcessed(processed) = body {
            match others.checked_sub(1) {
                Some(left) => others = left,
                None => blocks.extend(processed.block),
            }
        }
        blocks.len() >= wanted
    };
    follow(&admin.streams, v1::EventKind::BlockProcessed, event_sequence, wait, take).await?;
    let missing = u32::try_from(wanted.saturating_sub(blocks.len())).unwrap_or(u32::MAX);
    Ok(v1::MineBlocksResponse { blocks, missing })
}
