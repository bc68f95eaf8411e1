//! Blocks: push and read.

use chainstate::read;
use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::block_service_server::BlockService;

use super::decode::{OrStatus as _, block_at};
use super::encode;
use crate::error::ApiError;
use crate::rpc::blocking_pool::BlockingPool;
use crate::runtime::wake_signal::WakeSignal;

/// Serves `BlockService`.
pub(super) struct Blocks {
    pub(super) pool: BlockingPool,
    pub(super) wake: WakeSignal,
}

#[tonic::async_trait]
impl BlockService for Blocks {
    async fn push_block(
        &self,
        request: Request<v1::PushBlockRequest>,
    ) -> Result<Response<v1::PushBlockResponse>, Status> {
        let block = request.into_inner().block;
        if block.is_empty() {
            return Err(ApiError::Missing { field: "block" }).or_status();
        }
        let outcome = self.pool.push_block(&self.wake, block).await.or_status()?;
        Ok(Response::new(encode::pushed(&outcome)))
    }

    async fn get_block(&self, request: Request<v1::GetBlockRequest>) -> Result<Response<v1::GetBlockResponse>, Status> {
        let request = request.into_inner();
        let at = block_at(request.block, &request.tip_block_id).or_status()?;
        let block = self.pool.read(move |snapshot| read::block::get(snapshot, at)).await.or_status()?;
        Ok(Response::new(encode::block(block)))
    }

    async fn get_tip(&self, _: Request<v1::GetTipRequest>) -> Result<Response<v1::GetTipResponse>, Status> {
        let tips = self.pool.read(read::tip::get).await.or_status()?;
        Ok(Response::new(encode::tips(&tips)))
    }
}
