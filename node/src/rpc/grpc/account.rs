//! Accounts and contracts: reads at any processed block.

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::account_service_server::AccountService;

use super::decode::{OrStatus as _, contract, optional_hash32, text};
use crate::chain::CallArguments;
use crate::rpc::blocking_pool::BlockingPool;

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
        let principal = text("principal", request.principal).or_status()?;
        let at = optional_hash32("block_id", &request.block_id).or_status()?;
        let answer = self.pool.read(move |chain| chain.account(&principal, at, false)).await.or_status()?;
        Ok(Response::new(answer.account))
    }

    async fn get_contract_source(
        &self,
        request: Request<v1::GetContractSourceRequest>,
    ) -> Result<Response<v1::GetContractSourceResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let answer = self.pool.read(move |chain| chain.contract_source(&contract, false)).await.or_status()?;
        Ok(Response::new(answer.source))
    }

    async fn get_contract_interface(
        &self,
        request: Request<v1::GetContractInterfaceRequest>,
    ) -> Result<Response<v1::GetContractInterfaceResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let interface_json = self.pool.read(move |chain| chain.contract_interface(&contract)).await.or_status()?;
        Ok(Response::new(v1::GetContractInterfaceResponse { interface_json }))
    }

    async fn get_data_var(
        &self,
        request: Request<v1::GetDataVarRequest>,
    ) -> Result<Response<v1::GetDataVarResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let name = text("name", request.name).or_status()?;
        let answer = self.pool.read(move |chain| chain.data_var(&contract, &name, false)).await.or_status()?;
        Ok(Response::new(v1::GetDataVarResponse { value: answer.value.into() }))
    }

    async fn get_map_entry(
        &self,
        request: Request<v1::GetMapEntryRequest>,
    ) -> Result<Response<v1::GetMapEntryResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let name = text("name", request.name).or_status()?;
        let key = request.key;
        let answer = self.pool.read(move |chain| chain.map_entry(&contract, &name, &key, false)).await.or_status()?;
        Ok(Response::new(v1::GetMapEntryResponse { value: answer.value.into() }))
    }

    async fn call_read_only(
        &self,
        request: Request<v1::CallReadOnlyRequest>,
    ) -> Result<Response<v1::CallReadOnlyResponse>, Status> {
        let request = request.into_inner();
        let contract = contract(request.contract_id, &request.block_id).or_status()?;
        let call = CallArguments {
            function_name: text("function_name", request.function_name).or_status()?,
            sender: text("sender", request.sender).or_status()?,
            sponsor: (!request.sponsor.is_empty()).then_some(request.sponsor),
            arguments: request.arguments.into_iter().map(Vec::from).collect(),
        };
        let answer = self.pool.read(move |chain| chain.call_read_only(&contract, &call)).await.or_status()?;
        Ok(Response::new(answer))
    }
}
