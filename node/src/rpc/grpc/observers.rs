//! The HTTP event observers, for operators.

use std::time::SystemTime;

use chainstate::read::Unknown;
use nakamoto_proto::v1;
use tonic::{Code, Request, Response, Status};
use v1::observer_service_server::ObserverService;

use super::decode::{OrStatus as _, text};
use crate::event_dispatcher::dispatcher::{Dispatcher, ReplayError};
use crate::event_dispatcher::status::{Report, State};
use crate::rpc::errors::{Failure, status};

/// Serves `ObserverService`.
pub(super) struct Observers {
    pub(super) dispatcher: Dispatcher,
}

#[tonic::async_trait]
impl ObserverService for Observers {
    async fn list_observers(
        &self,
        _: Request<v1::ListObserversRequest>,
    ) -> Result<Response<v1::ListObserversResponse>, Status> {
        let observers = self.dispatcher.reports().into_iter().map(encode).collect();
        Ok(Response::new(v1::ListObserversResponse { observers }))
    }

    async fn replay_observer(
        &self,
        request: Request<v1::ReplayObserverRequest>,
    ) -> Result<Response<v1::ReplayObserverResponse>, Status> {
        let request = request.into_inner();
        let endpoint = text("endpoint", request.endpoint).or_status()?;
        let from_sequence = self.dispatcher.replay(&endpoint, request.from_height).await.map_err(replay_status)?;
        tracing::info!(observer = endpoint, height = request.from_height, "an observer is sent back");
        Ok(Response::new(v1::ReplayObserverResponse { from_sequence }))
    }
}

fn encode(report: Report) -> v1::ObserverStatus {
    let (last_error_time, last_error) = report.last_error.unzip();
    let (thinned_from_sequence, thinned_to_sequence) = report.gap.unwrap_or_default();
    let state = match report.state {
        State::CaughtUp => v1::ObserverState::CaughtUp,
        State::Delivering => v1::ObserverState::Delivering,
        State::Retrying => v1::ObserverState::Retrying,
    };
    v1::ObserverStatus {
        endpoint: report.endpoint,
        events_keys: report.keys,
        state: state.into(),
        next_sequence: report.next_sequence,
        events_behind: report.events_behind,
        delivered_height: report.delivered_height,
        history_end_sequence: report.history_end,
        thinned_from_sequence,
        thinned_to_sequence,
        attempts: report.counts.attempts,
        delivered: report.counts.delivered,
        delivered_bytes: report.counts.delivered_bytes,
        skipped: report.counts.skipped,
        failed_attempts: report.failed_attempts,
        last_error: last_error.unwrap_or_default(),
        last_error_time: last_error_time.map(timestamp),
        last_success_time: report.last_success.map(timestamp),
    }
}

fn timestamp(time: SystemTime) -> prost_types::Timestamp {
    prost_types::Timestamp::from(time)
}

fn replay_status(error: ReplayError) -> Status {
    let message = error.to_string();
    match error {
        ReplayError::UnknownObserver(endpoint) => {
            Failure::new(Code::NotFound, "UNKNOWN_OBSERVER", message).with("endpoint", endpoint).into()
        }
        ReplayError::UnknownHeight(height) => {
            Failure::new(Code::NotFound, Unknown::Block.reason(), message).with("height", height).into()
        }
        ReplayError::NotDeliveredYet(height) => {
            Failure::new(Code::FailedPrecondition, "NOT_TOLD_YET", message).with("height", height).into()
        }
        ReplayError::Api(error) => status(error),
    }
}
