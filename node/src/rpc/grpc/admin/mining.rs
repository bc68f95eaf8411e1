//! The mining mode, and blocks on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainstate::chain::{BlockOrder, OnBlock};
use nakamoto_proto::v1;
use tokio::sync::mpsc;
use tonic::Status;

use super::{Admin, number};
use crate::chain::NodeChain;
use crate::error::ApiError;
use crate::limits::{MAX_ADMIN_COUNT, MAX_ADMIN_INTERVAL, MAX_WAIT, MIN_ADMIN_INTERVAL};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::grpc::decode::{OrStatus as _, bounded_duration};
use crate::rpc::grpc::withdrawn::RunOnDrop;

pub(super) async fn set(
    admin: &Admin,
    request: v1::SetMiningModeRequest,
) -> Result<v1::SetMiningModeResponse, ApiError> {
    let mode = request.mode();
    if mode == v1::MiningMode::Unspecified {
        return Err(ApiError::invalid("mode", format!("{} is no mining mode", request.mode)));
    }
    let interval = bounded_duration("interval", request.interval, MIN_ADMIN_INTERVAL, MAX_ADMIN_INTERVAL)?;
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
/// counted. If the client goes away while the call waits, the blocks that have not come are withdrawn.
pub(super) async fn make(admin: &Admin, count: u32, wait: Duration) -> Result<v1::MineBlocksResponse, Status> {
    if count == 0 {
        return Ok(v1::MineBlocksResponse::default());
    }
    let ordered = Ordered::default();
    let gone = (!wait.is_zero()).then(|| RunOnDrop::new(ordered.clone().withdraw(admin.pool.clone())));
    // At most `count` blocks, so it needs no bound.
    let (sender, mut made) = mpsc::unbounded_channel();
    let on_block = move |block| {
        let _ = sender.send(block); // The call may have ended.
    };
    admin.pool.write(move |chain| ordered.place(chain, count, Box::new(on_block))).await.or_status()?;
    let mut blocks = Vec::new();
    let all = async {
        while length(&blocks) < count {
            blocks.push(made.recv().await.ok_or(ApiError::ShuttingDown)?);
        }
        Ok(())
    };
    // After the wait, the others are missing, which is an answer too.
    tokio::time::timeout(wait, all).await.unwrap_or(Ok(())).or_status()?;
    gone.into_iter().for_each(RunOnDrop::disarm);
    let missing = count.saturating_sub(length(&blocks));
    Ok(v1::MineBlocksResponse { blocks, missing })
}

fn length(blocks: &[v1::BlockRef]) -> u32 {
    u32::try_from(blocks.len()).unwrap_or(u32::MAX)
}

/// The order of a call. Cheap to clone.
#[derive(Clone, Default)]
struct Ordered(Arc<Mutex<OrderState>>);

#[derive(Default)]
struct OrderState {
    order: Option<BlockOrder>,
    /// The caller has gone: its blocks are not requested after that.
    is_gone: bool,
}

impl Ordered {
    /// Asks for blocks, unless the caller is gone by the time of their turn.
    fn place(&self, chain: &NodeChain, count: u32, on_block: OnBlock) -> Result<(), ApiError> {
        // Held during the write, so that a caller that goes away meanwhile withdraws the blocks.
        let mut state = self.lock();
        if state.is_gone {
            return Err(ApiError::internal("the caller is gone"));
        }
        state.order = Some(chain.request_blocks(count, on_block)?);
        Ok(())
    }

    /// Withdraws the blocks that have not come.
    async fn withdraw(self, pool: BlockingPool) {
        let withdrawn = pool.write_in_turn(move |chain| {
            let mut state = self.lock();
            state.is_gone = true;
            state.order.take().map_or(Ok(()), |order| chain.withdraw_blocks(order))
        });
        if let Err(error) = withdrawn.await {
            tracing::warn!(%error, "blocks that nobody waits for any more could not be taken back");
        }
    }

    fn lock(&self) -> MutexGuard<'_, OrderState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
