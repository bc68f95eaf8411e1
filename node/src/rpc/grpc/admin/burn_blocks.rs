//! Mines on the mocked bitcoin, and reorganizes it.

use std::time::Instant;

use nakamoto_proto::v1;
use stacks_types::ids::BurnBlockHash;
use tonic::Status;
use v1::event::Body;

use super::follow::follow;
use super::{Admin, mining, number};
use crate::config::MAX_TIME_S;
use crate::error::ApiError;
use crate::limits::{MAX_ADMIN_COUNT, MAX_WAIT};
use crate::rpc::grpc::decode::{OrStatus as _, optional_hash32};

pub(super) async fn mine(
    admin: &Admin,
    request: v1::MineBurnBlocksRequest,
) -> Result<v1::MineBurnBlocksResponse, Status> {
    let count = number("count", request.count, 1, 1, MAX_ADMIN_COUNT).or_status()?;
    let on = optional_hash32("on", &request.on).or_status()?.map(BurnBlockHash);
    let wanted = request.timestamp_s;
    if wanted.is_some_and(|time_s| time_s > MAX_TIME_S) {
        return Err(ApiError::invalid("timestamp_s", format!("more than {MAX_TIME_S}: it counts seconds"))).or_status();
    }
    let before = admin.streams.journal().bounds().newest;
    let (wake, clock) = (admin.wake.clone(), admin.clock.clone());
    // Wakes the coordinator even when the caller is gone by then.
    let mined = admin.pool.write(move |chain| {
        let mined = chain.mine_burn_blocks(on, count, wanted, clock.now_s())?;
        wake.notify();
        wanted.into_iter().for_each(|time_s| clock.advance_to(time_s));
        Ok(mined)
    });
    let burn_blocks = mined.await.or_status()?;
    announced(admin, before, &burn_blocks).await?;
    Ok(v1::MineBurnBlocksResponse { burn_blocks })
}

pub(super) async fn reorganize(
    admin: &Admin,
    request: v1::ReorganizeBurnchainRequest,
) -> Result<v1::ReorganizeBurnchainResponse, Status> {
    let depth = number("depth", request.depth, 1, 1, MAX_ADMIN_COUNT).or_status()?;
    let least = depth.saturating_add(1);
    let length = number("length", request.length, least, least, MAX_ADMIN_COUNT.saturating_add(1)).or_status()?;
    let before = admin.streams.journal().bounds().newest;
    let old_height = stacks_height(admin).await?;
    let (wake, now_s) = (admin.wake.clone(), admin.clock.now_s());
    let done =
        admin.pool.write(move |chain| chain.reorganize_burn_chain(depth, length, now_s).inspect(|_| wake.notify()));
    let mut answer = done.await.or_status()?;
    announced(admin, before, &answer.burn_blocks).await?;
    if request.overtake {
        overtake(admin, old_height, &mut answer).await?;
    }
    Ok(answer)
}

/// Has producers make blocks until the tip is above `old_height`. A block on the old fork may have been in progress and
/// count as one of them, so the first count can be one short.
async fn overtake(admin: &Admin, old_height: u64, answer: &mut v1::ReorganizeBurnchainResponse) -> Result<(), Status> {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        let behind = old_height.saturating_add(1).saturating_sub(stacks_height(admin).await?);
        let asked = u32::try_from(answer.blocks.len()).unwrap_or(u32::MAX);
        let left = MAX_ADMIN_COUNT.saturating_sub(asked);
        let count = u32::try_from(behind).unwrap_or(u32::MAX).min(left);
        let made = mining::make(admin, count, deadline.saturating_duration_since(Instant::now())).await?;
        answer.blocks.extend(made.blocks);
        answer.missing = made.missing;
        if count == 0 || made.missing > 0 {
            return Ok(());
        }
    }
}

/// Height of the canonical Stacks tip.
async fn stacks_height(admin: &Admin) -> Result<u64, Status> {
    Ok(admin.pool.read(|snapshot| snapshot.tip()).await.or_status()?.chain_length)
}

/// Waits until the coordinator has announced the blocks. If they come late or unseen, that is no error: they are mined.
async fn announced(admin: &Admin, before: u64, blocks: &[v1::BurnBlock]) -> Result<(), Status> {
    let Some(last) = blocks.last() else { return Ok(()) };
    let is_last = |body: Body| match body {
        Body::BurnBlock(event) => event.burn_block.is_some_and(|b| b.burn_block_hash == last.burn_block_hash),
        _ => false,
    };
    follow(&admin.streams, &[v1::EventKind::BurnBlock], before, MAX_WAIT, is_last).await.or_status()
}
