//! StackerDB slots.

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::stacker_db_service_server::StackerDbService;

use super::decode::{OrStatus as _, text};
use crate::error::ApiError;
use crate::rpc::blocking_pool::BlockingPool;

/// Serves `StackerDbService`.
pub(super) struct StackerDbs {
    pub(super) pool: BlockingPool,
}

#[tonic::async_trait]
impl StackerDbService for StackerDbs {
    async fn put_chunk(&self, request: Request<v1::PutChunkRequest>) -> Result<Response<v1::PutChunkResponse>, Status> {
        let request = request.into_inner();
        let contract_id = text("contract_id", request.contract_id).or_status()?;
        let chunk = request.chunk.ok_or(ApiError::Missing { field: "chunk" }).or_status()?;
        self.pool.write(move |chain| chain.put_chunk(&contract_id, chunk)).await.or_status().map(Response::new)
    }

    async fn get_chunk(&self, request: Request<v1::GetChunkRequest>) -> Result<Response<v1::GetChunkResponse>, Status> {
        let request = request.into_inner();
        let contract_id = text("contract_id", request.contract_id).or_status()?;
        let chunk = self
            .pool
            .read(move |chain| chain.chunk(&contract_id, request.slot_id, request.slot_version))
            .await
            .or_status()?;
        Ok(Response::new(v1::GetChunkResponse { chunk: Some(chunk) }))
    }

    async fn list_slots(
        &self,
        request: Request<v1::ListSlotsRequest>,
    ) -> Result<Response<v1::ListSlotsResponse>, Status> {
        let contract_id = text("contract_id", request.into_inner().contract_id).or_status()?;
        let slots = self.pool.read(move |chain| chain.slots(&contract_id)).await.or_status()?;
        Ok(Response::new(v1::ListSlotsResponse { slots }))
    }

    async fn list_stacker_dbs(
        &self,
        _: Request<v1::ListStackerDbsRequest>,
    ) -> Result<Response<v1::ListStackerDbsResponse>, Status> {
        let read = self.pool.read(|chain| Ok((chain.stacker_dbs()?, chain.stacker_db_contracts()?)));
        let (contract_ids, contracts) = read.await.or_status()?;
        Ok(Response::new(v1::ListStackerDbsResponse { contract_ids, contracts }))
    }
}
