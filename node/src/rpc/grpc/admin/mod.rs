//! The mocks' controls, with a file for each group: burn blocks, the clock, mining, the sets.
//!
//! A call returns when the journal has its changes, so that every client's next read sees them.

mod burn_blocks;
mod clock;
mod follow;
mod mining;
mod sets;

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::admin_service_server::AdminService;

use super::decode::OrStatus as _;
use crate::clock::ClockControl;
use crate::error::ApiError;
use crate::event_stream::registry::StreamRegistry;
use crate::rpc::blocking_pool::BlockingPool;
use crate::runtime::wake_signal::WakeSignal;

/// Serves `AdminService`.
pub(super) struct Admin {
    pub(super) pool: BlockingPool,
    pub(super) wake: WakeSignal,
    pub(super) streams: StreamRegistry,
    pub(super) clock: ClockControl,
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn mine_burn_blocks(
        &self,
        request: Request<v1::MineBurnBlocksRequest>,
    ) -> Result<Response<v1::MineBurnBlocksResponse>, Status> {
        burn_blocks::mine(self, request.into_inner()).await.map(Response::new)
    }

    async fn reorganize_burnchain(
        &self,
        request: Request<v1::ReorganizeBurnchainRequest>,
    ) -> Result<Response<v1::ReorganizeBurnchainResponse>, Status> {
        burn_blocks::reorganize(self, request.into_inner()).await.map(Response::new)
    }

    async fn get_clock(&self, _: Request<v1::GetClockRequest>) -> Result<Response<v1::GetClockResponse>, Status> {
        Ok(Response::new(v1::GetClockResponse { clock: Some(clock::message(self.clock.pace())) }))
    }

    async fn pause_clock(&self, _: Request<v1::PauseClockRequest>) -> Result<Response<v1::PauseClockResponse>, Status> {
        clock::pause(self).await.or_status().map(Response::new)
    }

    async fn resume_clock(
        &self,
        request: Request<v1::ResumeClockRequest>,
    ) -> Result<Response<v1::ResumeClockResponse>, Status> {
        clock::resume(&self.clock, request.into_inner()).or_status().map(Response::new)
    }

    async fn get_mining_mode(
        &self,
        _: Request<v1::GetMiningModeRequest>,
    ) -> Result<Response<v1::GetMiningModeResponse>, Status> {
        let mining = self.pool.read(|snapshot| snapshot.mining()).await.or_status()?;
        Ok(Response::new(v1::GetMiningModeResponse { policy: Some(mining.into()) }))
    }

    async fn set_mining_mode(
        &self,
        request: Request<v1::SetMiningModeRequest>,
    ) -> Result<Response<v1::SetMiningModeResponse>, Status> {
        mining::set(self, request.into_inner()).await.or_status().map(Response::new)
    }

    async fn mine_blocks(
        &self,
        request: Request<v1::MineBlocksRequest>,
    ) -> Result<Response<v1::MineBlocksResponse>, Status> {
        mining::mine(self, request.into_inner()).await.map(Response::new)
    }

    async fn set_stacker_set(
        &self,
        request: Request<v1::SetStackerSetRequest>,
    ) -> Result<Response<v1::SetStackerSetResponse>, Status> {
        sets::set_stackers(self, request.into_inner()).await.or_status().map(Response::new)
    }

    async fn set_producer_set(
        &self,
        request: Request<v1::SetProducerSetRequest>,
    ) -> Result<Response<v1::SetProducerSetResponse>, Status> {
        sets::set_producers(self, request.into_inner()).await.or_status().map(Response::new)
    }
}

/// A number within bounds; the default when none is given.
fn number(field: &'static str, given: Option<u32>, default: u32, least: u32, most: u32) -> Result<u32, ApiError> {
    match given.unwrap_or(default) {
        number if (least..=most).contains(&number) => Ok(number),
        number => Err(ApiError::invalid(field, format!("{number} is not between {least} and {most}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_bounds_and_defaults() {
        assert_eq!(number("n", None, 7, 1, 10).ok(), Some(7));
        assert_eq!(number("n", Some(10), 7, 1, 10).ok(), Some(10));
        for bad in [0, 11, u32::MAX] {
            assert!(matches!(number("n", Some(bad), 7, 1, 10), Err(ApiError::Invalid { field, .. }) if field == "n"));
        }
    }
}
