//! Reads for operators: who reads the event feed.

use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::operator_service_server::OperatorService;

use super::decode::{OrStatus as _, page_size};
use crate::error::ApiError;
use crate::event_stream::registry::StreamRegistry;

/// Serves `OperatorService`.
pub(super) struct Operator {
    pub(super) streams: StreamRegistry,
}

#[tonic::async_trait]
impl OperatorService for Operator {
    async fn list_subscribers(
        &self,
        request: Request<v1::ListSubscribersRequest>,
    ) -> Result<Response<v1::ListSubscribersResponse>, Status> {
        let request = request.into_inner();
        let size = page_size("page_size", request.page_size).or_status()?;
        let after_id = match request.page_token.as_str() {
            "" => 0,
            token => token.parse().map_err(|error| ApiError::invalid("page_token", error)).or_status()?,
        };
        let bounds = self.streams.journal().bounds();
        Ok(Response::new(self.streams.subscribers().page(after_id, size, &bounds)))
    }
}
