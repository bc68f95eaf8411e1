//! Transactions and the mempool.

use chainstate::chain::Snapshot;
use chainstate::read;
use chainstate::read::mempool::PendingCursor;
use chainstate::read::simulate::Checks;
use nakamoto_proto::v1;
use stacks_types::ids::{StacksBlockId, Txid};
use tonic::{Request, Response, Status};
use v1::transaction_service_server::TransactionService;

use super::decode::{OrStatus as _, hash32, optional_hash32, page_size};
use super::encode;
use crate::error::ApiError;
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::simulation::{SimulationRequest, simulate};

/// Serves `TransactionService`.
pub(super) struct Transactions {
    pub(super) pool: BlockingPool,
}

#[tonic::async_trait]
impl TransactionService for Transactions {
    async fn submit_transaction(
        &self,
        request: Request<v1::SubmitTransactionRequest>,
    ) -> Result<Response<v1::SubmitTransactionResponse>, Status> {
        let raw = request.into_inner().transaction;
        if raw.is_empty() {
            return Err(ApiError::Missing { field: "transaction" }).or_status();
        }
        let decision = self.pool.submit(raw).await.or_status()?;
        Ok(Response::new(encode::decision(&decision)))
    }

    async fn get_transaction(
        &self,
        request: Request<v1::GetTransactionRequest>,
    ) -> Result<Response<v1::GetTransactionResponse>, Status> {
        let txid = Txid(hash32("txid", &request.into_inner().txid).or_status()?);
        let known = self.pool.read(move |snapshot| read::transaction::get(snapshot, &txid)).await.or_status()?;
        Ok(Response::new(encode::transaction(known)))
    }

    async fn simulate_transaction(
        &self,
        request: Request<v1::SimulateTransactionRequest>,
    ) -> Result<Response<v1::SimulateTransactionResponse>, Status> {
        let request = request.into_inner();
        let simulation = SimulationRequest {
            checks: checks(request.checks).or_status()?,
            at: optional_hash32("block_id", &request.block_id).or_status()?.map(StacksBlockId),
            transaction: request.transaction,
        };
        let answer = simulate(&self.pool, simulation, |done| Ok(encode::simulated(done))).await.or_status()?;
        Ok(Response::new(answer))
    }

    async fn list_pending_transactions(
        &self,
        request: Request<v1::ListPendingTransactionsRequest>,
    ) -> Result<Response<v1::ListPendingTransactionsResponse>, Status> {
        let request = request.into_inner();
        let limit = page_size("page_size", request.page_size).or_status()?;
        let after = decode_token(&request.page_token).or_status()?;
        // One entry more than fits shows whether there is a next page.
        let page = move |snapshot: &Snapshot<'_>| Ok::<_, ApiError>(read::mempool::pending(snapshot, after, limit + 1));
        let page = self.pool.read(page).await.or_status()?;
        let transactions: Vec<_> = page.transactions.iter().take(limit).map(encode::pending).collect();
        let last = transactions.last().filter(|_| page.transactions.len() > limit);
        let next_page_token = last.map(encode_token).unwrap_or_default();
        let answer = v1::ListPendingTransactionsResponse { transactions, next_page_token, total_count: page.total };
        Ok(Response::new(answer))
    }
}

fn checks(number: i32) -> Result<Checks, ApiError> {
    match v1::SimulationChecks::try_from(number) {
        Ok(v1::SimulationChecks::Unspecified | v1::SimulationChecks::All) => Ok(Checks::All),
        Ok(v1::SimulationChecks::None) => Ok(Checks::None),
        Err(_) => Err(ApiError::invalid("checks", format!("there is no {number}"))),
    }
}

/// Fee, size and txid of the page's last entry: a position that stays right when other transactions come and go.
fn encode_token(last: &v1::PendingTransaction) -> String {
    format!("{:016x}{:08x}{}", last.fee_ustx, last.size_bytes, hex::encode(&last.txid))
}

fn decode_token(token: &str) -> Result<Option<PendingCursor>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    let cursor = (|| {
        let bytes = hex::decode(token).ok()?;
        let (fee, rest) = bytes.split_at_checked(8)?;
        let (size, txid) = rest.split_at_checked(4)?;
        Some(PendingCursor {
            fee_ustx: u64::from_be_bytes(fee.try_into().ok()?),
            size_bytes: u32::from_be_bytes(size.try_into().ok()?),
            txid: Txid(txid.try_into().ok()?),
        })
    })();
    cursor.map(Some).ok_or_else(|| ApiError::invalid("page_token", "not from an earlier page"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_comes_back(fee_ustx: u64, size_bytes: u32, txid: [u8; 32]) {
            let last = v1::PendingTransaction {
                fee_ustx, size_bytes, txid: txid.to_vec().into(), ..Default::default()
            };
            let cursor = PendingCursor { fee_ustx, size_bytes, txid: Txid(txid) };
            prop_assert_eq!(decode_token(&encode_token(&last)).unwrap(), Some(cursor));
        }

        #[test]
        fn other_text_is_refused(token in "[0-9a-f]{1,87}|.{1,20}é") {
            prop_assert!(decode_token(&token).is_err());
        }
    }
}
