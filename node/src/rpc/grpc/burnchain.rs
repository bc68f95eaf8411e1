//! The mocked bitcoin: reads.

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::burnchain_service_server::BurnchainService;
use v1::get_burn_block_request::Block;

use super::decode::{OrStatus as _, hash32, optional_hash32};
use crate::chain::BurnBlockAt;
use crate::error::ApiError;
use crate::rpc::blocking_pool::BlockingPool;

/// Serves `BurnchainService`.
pub(super) struct Burnchain {
    pub(super) pool: BlockingPool,
}

#[tonic::async_trait]
impl BurnchainService for Burnchain {
    async fn get_burn_block(
        &self,
        request: Request<v1::GetBurnBlockRequest>,
    ) -> Result<Response<v1::GetBurnBlockResponse>, Status> {
        let at = burn_block_at(request.into_inner()).or_status()?;
        self.pool.read(move |chain| chain.burn_block(at)).await.or_status().map(Response::new)
    }

    async fn check_burn_ancestor(
        &self,
        request: Request<v1::CheckBurnAncestorRequest>,
    ) -> Result<Response<v1::CheckBurnAncestorResponse>, Status> {
        let request = request.into_inner();
        let ancestor = hash32("ancestor", &request.ancestor).or_status()?;
        let descendant = hash32("descendant", &request.descendant).or_status()?;
        let is_ancestor =
            self.pool.read(move |chain| chain.is_burn_ancestor(ancestor, descendant)).await.or_status()?;
        Ok(Response::new(v1::CheckBurnAncestorResponse { is_ancestor }))
    }

    async fn get_producer_set(
        &self,
        request: Request<v1::GetProducerSetRequest>,
    ) -> Result<Response<v1::GetProducerSetResponse>, Status> {
        let at = optional_hash32("burn_block_hash", &request.into_inner().burn_block_hash).or_status()?;
        self.pool.read(move |chain| chain.producer_set(at)).await.or_status().map(Response::new)
    }

    async fn get_stacker_set(
        &self,
        request: Request<v1::GetStackerSetRequest>,
    ) -> Result<Response<v1::GetStackerSetResponse>, Status> {
        let at = optional_hash32("burn_block_hash", &request.into_inner().burn_block_hash).or_status()?;
        self.pool.read(move |chain| chain.stacker_set(at)).await.or_status().map(Response::new)
    }
}

fn burn_block_at(request: v1::GetBurnBlockRequest) -> Result<BurnBlockAt, ApiError> {
    let at = match request.block {
        None => return Err(ApiError::Missing { field: "block" }),
        Some(Block::BurnBlockHash(hash)) => BurnBlockAt::Hash(hash32("burn_block_hash", &hash)?),
        Some(Block::Height(height)) => BurnBlockAt::Height(height, optional_hash32("fork_tip", &request.fork_tip)?),
        Some(Block::Tip(true)) => BurnBlockAt::Tip,
        Some(Block::Tip(false)) => return Err(ApiError::invalid("tip", "can only be true")),
    };
    Ok(at)
}
