//! Accounts and contracts: reads at any processed block.

use chainstate::chain::Snapshot;
use chainstate::read;
use chainstate::read::contract::ContractAt;
use chainstate::read::contract_data::StoredValue;
use nakamoto_proto::v1;
use stacks_types::ids::StacksBlockId;
use stacks_types::value::decode_value;
use tonic::{Request, Response, Status};
use v1::account_service_server::AccountService;

use super::decode::{OrStatus as _, contract, optional_hash32, principal, text};
use super::encode;
use crate::error::ApiError;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::read_only_call::{ReadOnlyRequest, call_read_only};

/// Serves `AccountService`.
pub(super) struct Accounts {
    pub(super) pool: BlockingPool,
}

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn get_account(
        &self,
        request: Request<v1::GetAccountRequest>,
    ) -> Result<Response<v1::GetAccountResponse>, Status> {
        let request = request.into_inner();
        let principal = principal("principal", request.principal).or_status()?;
        let at = optional_hash32("block_id", &request.block_id).or_status()?.map(StacksBlockId);
        let account = self.pool.read(move |snapshot| read::account::get(snapshot, &principal, at, false));
        Ok(Response::new(encode::account(&account.await.or_status()?)))
    }

    async fn get_contract_source(
        &self,
        request: Request<v1::GetContractSourceRequest>,
    ) -> Result<Response<v1::GetContractSourceResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let found = self.pool.read(move |snapshot| read::contract::source(snapshot, &contract, false));
        let (source, _) = found.await.or_status()?;
        let answer = v1::GetContractSourceResponse { source: source.source, publish_height: source.publish_height };
        Ok(Response::new(answer))
    }

    async fn get_contract_interface(
        &self,
        request: Request<v1::GetContractInterfaceRequest>,
    ) -> Result<Response<v1::GetContractInterfaceResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let found = self.pool.read(move |snapshot| read::contract::interface(snapshot, &contract));
        Ok(Response::new(v1::GetContractInterfaceResponse { interface_json: found.await.or_status()? }))
    }

    async fn get_data_var(
        &self,
        request: Request<v1::GetDataVarRequest>,
    ) -> Result<Response<v1::GetDataVarResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let name = text("name", request.name).or_status()?;
        let found = self.pool.read(move |snapshot| read::contract_data::variable(snapshot, &contract, &name, false));
        Ok(Response::new(v1::GetDataVarResponse { value: found.await.or_status()?.value.into() }))
    }

    async fn get_map_entry(
        &self,
        request: Request<v1::GetMapEntryRequest>,
    ) -> Result<Response<v1::GetMapEntryResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let name = text("name", request.name).or_status()?;
        let key = request.key;
        let found = self.pool.read(move |snapshot| map_entry(snapshot, &contract, &name, &key));
        Ok(Response::new(v1::GetMapEntryResponse { value: found.await.or_status()?.value.into() }))
    }

    async fn call_read_only(
        &self,
        request: Request<v1::CallReadOnlyRequest>,
    ) -> Result<Response<v1::CallReadOnlyResponse>, Status> {
        let request = request.into_inner();
        let sponsor = Some(request.sponsor).filter(|sponsor| !sponsor.is_empty());
        let call = ReadOnlyRequest {
            contract: contract(request.contract_id, &request.block_id).or_status()?,
            function: text("function_name", request.function_name).or_status()?,
            sender: principal("sender", request.sender).or_status()?,
            sponsor: sponsor.map(|sponsor| principal("sponsor", sponsor)).transpose().or_status()?,
            arguments: request.arguments.into_iter().map(Vec::from).collect(),
        };
        let limits = self.pool.chain().call_limits().clone();
        let result = self.pool.evaluate(move |snapshot| call_read_only(snapshot, &call, &limits)).await.or_status()?;
        Ok(Response::new(encode::call(result)))
    }
}

/// A map entry by its serialized key. The key may be large, so it is decoded on the thread of the read.
fn map_entry(snapshot: &Snapshot<'_>, contract: &ContractAt, map: &str, key: &[u8]) -> Result<StoredValue, ApiError> {
    let key = decode_value(key).map_err(|error| ApiError::invalid("key", error))?;
    Ok(read::contract_data::map_entry(snapshot, contract, map, &key, false)?)
}
