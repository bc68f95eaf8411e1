//! The mocked bitcoin: reads.

use chainstate::read;
use chainstate::read::burn_block::BurnBlockAt;
use nakamoto_proto::v1;
use stacks_types::ids::BurnBlockHash;
use tonic::{Request, Response, Status};
use v1::burnchain_service_server::BurnchainService;
use v1::get_burn_block_request::Block;

use super::decode::{OrStatus as _, hash32, optional_hash32};
use super::encode;
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
        let found = self.pool.read(move |snapshot| read::burn_block::get(snapshot, at));
        let (block, is_canonical) = found.await.or_status()?;
        Ok(Response::new(encode::burn_block(&block, is_canonical)))
    }

    async fn check_burn_ancestor(
        &self,
        request: Request<v1::CheckBurnAncestorRequest>,
    ) -> Result<Response<v1::CheckBurnAncestorResponse>, Status> {
        let request = request.into_inner();
        let ancestor = BurnBlockHash(hash32("ancestor", &request.ancestor).or_status()?);
        let descendant = BurnBlockHash(hash32("descendant", &request.descendant).or_status()?);
        let is_ancestor = self.pool.read(move |snapshot| snapshot.burn().is_ancestor_of(&ancestor, &descendant));
        Ok(Response::new(v1::CheckBurnAncestorResponse { is_ancestor: is_ancestor.await.or_status()? }))
    }

    async fn get_producer_set(
        &self,
        request: Request<v1::GetProducerSetRequest>,
    ) -> Result<Response<v1::GetProducerSetResponse>, Status> {
        let at = optional_hash32("burn_block_hash", &request.into_inner().burn_block_hash).or_status()?;
        let producers = self.pool.read(move |snapshot| read::set::producers(snapshot, at.map(BurnBlockHash)));
        Ok(Response::new(encode::producer_set(&producers.await.or_status()?)))
    }

    async fn get_stacker_set(
        &self,
        request: Request<v1::GetStackerSetRequest>,
    ) -> Result<Response<v1::GetStackerSetResponse>, Status> {
        let at = optional_hash32("burn_block_hash", &request.into_inner().burn_block_hash).or_status()?;
        let set = self.pool.read(move |snapshot| read::set::stackers(snapshot, at.map(BurnBlockHash)));
        Ok(Response::new(encode::stacker_set(&set.await.or_status()?)))
    }
}

fn burn_block_at(request: v1::GetBurnBlockRequest) -> Result<BurnBlockAt, ApiError> {
    let at = match request.block {
        None => return Err(ApiError::MissingChoice { field: "block", choices: "burn_block_hash, height, tip" }),
        Some(Block::BurnBlockHash(hash)) => BurnBlockAt::Hash(BurnBlockHash(hash32("burn_block_hash", &hash)?)),
        Some(Block::Height(height)) => {
            BurnBlockAt::Height(height, optional_hash32("fork_tip", &request.fork_tip)?.map(BurnBlockHash))
        }
        Some(Block::Tip(true)) => BurnBlockAt::Tip,
        Some(Block::Tip(false)) => return Err(ApiError::invalid("tip", "can only be true")),
    };
    Ok(at)
}
