//! The mining mode, and blocks on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainstate::chain::Wanted;
use nakamoto_proto::v1;
use tonic::Status;
use v1::event::Body;

use super::follow::follow;
use super::{Admin, number};
use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::{ADMIN_INTERVAL, MAX_ADMIN_COUNT, MAX_WAIT};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::grpc::decode::{OrStatus as _, bounded_duration};
use crate::rpc::grpc::taken_back::WhenGone;

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
/// counted. If the client goes away while the call waits, the blocks that have not come are taken back.
pub(super) async fn make(admin: &Admin, count: u32, wait: Duration) -> Result<v1::MineBlocksResponse, Status> {
    if count == 0 {
        return Ok(v1::MineBlocksResponse::default());
    }
    let owed = Owed::default();
    let gone = (!wait.is_zero()).then(|| WhenGone::new(owed.clone().take_back(admin.pool.clone())));
    let wanted = {
        let owed = owed.clone();
        admin.pool.write(move |chain| owed.want(chain, count)).await.or_status()?
    };
    let (mut blocks, mut others) = (Vec::new(), wanted.before);
    let take = |body| {
        let missing = count.saturating_sub(length(&blocks));
        match body {
            Body::BlockProcessed(processed) => match others.checked_sub(1) {
                Some(left) => others = left,
                None => {
                    blocks.extend(processed.block);
                    owed.set(count.saturating_sub(length(&blocks)));
                }
            },
            // One of the others may have taken theirs back: no more are made than are wanted now.
            Body::MiningChanged(changed) => {
                let wanted = changed.policy.map_or(0, |policy| policy.blocks_wanted);
                others = others.min(wanted.saturating_sub(missing));
            }
            _ => {}
        }
        length(&blocks) >= count
    };
    let kinds = [v1::EventKind::BlockProcessed, v1::EventKind::Mining];
    follow(&admin.streams, &kinds, wanted.event_sequence, wait, take).await.or_status()?;
    gone.into_iter().for_each(WhenGone::stays);
    let missing = count.saturating_sub(length(&blocks));
    Ok(v1::MineBlocksResponse { blocks, missing })
}

fn length(blocks: &[v1::BlockRef]) -> u32 {
    u32::try_from(blocks.len()).unwrap_or(u32::MAX)
}

/// Blocks of a call that have not come. Cheap to clone.
#[derive(Clone, Default)]
struct Owed(Arc<Mutex<Debt>>);

#[derive(Default)]
struct Debt {
    left: u32,
    /// Nobody waits for them any more. They may have been asked for after that.
    is_gone: bool,
}

impl Owed {
    /// Asks for blocks, unless the caller is gone by the time of their turn.
    fn want(&self, chain: &NodeChain, count: u32) -> Result<Wanted, ApiError> {
        // Held over the write, so that who goes away meanwhile finds what to take back.
        let mut debt = self.lock();
        if debt.is_gone {
            return Err(ApiError::internal("the caller is gone"));
        }
        let wanted = chain.want_blocks(count)?;
        debt.left = count;
        Ok(wanted)
    }

    fn set(&self, left: u32) {
        self.lock().left = left;
    }

    /// Takes back what has not come.
    async fn take_back(self, pool: BlockingPool) {
        let taken = pool.write(move |chain| {
            let mut debt = self.lock();
            debt.is_gone = true;
            match std::mem::take(&mut debt.left) {
                0 => Ok(()),
                left => chain.unwant_blocks(left),
            }
        });
        if let Err(error) = taken.await {
            tracing::warn!(%error, "blocks that nobody waits for any more could not be taken back");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Debt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
