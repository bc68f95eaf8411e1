//! StackerDB slots.

use chainstate::read::{self, Unknown};
use chainstate::stackerdb::{list_contracts, list_instances};
use chainstate::wire;
use nakamoto_proto::v1;
use stacks_types::keys::MessageSignature;
use stacks_types::stackerdb::StackerDbChunk;
use tonic::{Request, Response, Status};
use v1::stacker_db_service_server::StackerDbService;

use super::decode::{OrStatus as _, text};
use super::encode;
use crate::error::ApiError;
use crate::limits::MAX_CHUNKS;
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
        let chunk = chunk(request.chunk.ok_or(ApiError::Missing { field: "chunk" }).or_status()?).or_status()?;
        let name = contract_id.clone();
        let outcome = self.pool.write(move |chain| Ok(chain.chainstate().put_chunk(name, chunk)?)).await.or_status()?;
        let answer = encode::put_chunk(&outcome, self.is_mainnet());
        let unknown = || ApiError::NotFound { what: Unknown::StackerDb, id: contract_id };
        answer.ok_or_else(unknown).or_status().map(Response::new)
    }

    async fn put_chunks(
        &self,
        request: Request<v1::PutChunksRequest>,
    ) -> Result<Response<v1::PutChunksResponse>, Status> {
        let request = request.into_inner();
        let contract_id = text("contract_id", request.contract_id).or_status()?;
        let count = request.chunks.len();
        if !(1..=MAX_CHUNKS).contains(&count) {
            return Err(ApiError::invalid("chunks", format!("{count} chunks, not 1 to {MAX_CHUNKS}"))).or_status();
        }
        let chunks = request.chunks.into_iter().map(chunk).collect::<Result<_, _>>().or_status()?;
        let name = contract_id.clone();
        let outcomes = self.pool.write(move |chain| Ok(chain.chainstate().put_chunks(name, chunks)?)).await;
        let mainnet = self.is_mainnet();
        let outcomes: Option<_> =
            outcomes.or_status()?.iter().map(|outcome| encode::put_chunk(outcome, mainnet)).collect();
        let outcomes = outcomes.ok_or(ApiError::NotFound { what: Unknown::StackerDb, id: contract_id }).or_status()?;
        Ok(Response::new(v1::PutChunksResponse { outcomes }))
    }

    async fn get_chunk(&self, request: Request<v1::GetChunkRequest>) -> Result<Response<v1::GetChunkResponse>, Status> {
        let request = request.into_inner();
        let contract_id = text("contract_id", request.contract_id).or_status()?;
        let (slot_id, version) = (request.slot_id, request.slot_version);
        let chunk = self.pool.read(move |snapshot| read::stackerdb::chunk(snapshot, &contract_id, slot_id, version));
        Ok(Response::new(v1::GetChunkResponse { chunk: Some(wire::chunk(chunk.await.or_status()?)) }))
    }

    async fn list_slots(
        &self,
        request: Request<v1::ListSlotsRequest>,
    ) -> Result<Response<v1::ListSlotsResponse>, Status> {
        let contract_id = text("contract_id", request.into_inner().contract_id).or_status()?;
        let slots = self.pool.read(move |snapshot| read::stackerdb::slots(snapshot, &contract_id)).await.or_status()?;
        let slots = slots.iter().map(|slot| encode::slot(slot, self.is_mainnet())).collect();
        Ok(Response::new(v1::ListSlotsResponse { slots }))
    }

    async fn list_stacker_dbs(
        &self,
        _: Request<v1::ListStackerDbsRequest>,
    ) -> Result<Response<v1::ListStackerDbsResponse>, Status> {
        let read = self.pool.read(|snapshot| {
            let conn = snapshot.conn();
            Ok::<_, ApiError>((list_instances(conn)?, list_contracts(conn)?))
        });
        let (contract_ids, contracts) = read.await.or_status()?;
        let contracts = contracts.into_iter();
        let contracts =
            contracts.map(|kept| v1::StackerDbContract { contract_id: kept.contract, refusal: kept.refusal }).collect();
        Ok(Response::new(v1::ListStackerDbsResponse { contract_ids, contracts }))
    }
}

impl StackerDbs {
    fn is_mainnet(&self) -> bool {
        self.pool.chain().chainstate().params().mainnet
    }
}

fn chunk(chunk: v1::StackerDbChunk) -> Result<StackerDbChunk, ApiError> {
    let signature = <[u8; 65]>::try_from(chunk.signature.as_ref())
        .map_err(|_| ApiError::invalid("chunk.signature", format!("{} bytes, not 65", chunk.signature.len())))?;
    Ok(StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: MessageSignature(signature),
        data: chunk.data.into(),
    })
}
