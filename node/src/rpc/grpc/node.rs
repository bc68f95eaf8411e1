//! Information about the node itself.

use chainstate::chain::Retention;
use chainstate::read;
use chainstate::wire;
use nakamoto_proto::v1;
use tonic::{Request, Response, Status};
use v1::node_service_server::NodeService;

use super::decode::OrStatus as _;
use crate::event_stream::filter::{MAX_FILTER_TERMS, MAX_FILTER_VALUES};
use crate::event_stream::registry::StreamRegistry;
use crate::jobs::{TEMPLATE_LIMITS, VALIDATION_LIMITS};
use crate::limits::{MAX_MESSAGE_BYTES, MAX_PAGE_SIZE};
use crate::rpc::blocking_pool::BlockingPool;

/// Serves `NodeService`.
pub(super) struct Node {
    pub(super) pool: BlockingPool,
    pub(super) streams: StreamRegistry,
    pub(super) retention: Retention,
}

#[tonic::async_trait]
impl NodeService for Node {
    async fn get_service_info(
        &self,
        _: Request<v1::GetServiceInfoRequest>,
    ) -> Result<Response<v1::GetServiceInfoResponse>, Status> {
        let tips = self.pool.read(read::tip::get).await.or_status()?;
        let params = self.pool.chain().chainstate().params();
        let bounds = self.streams.journal().bounds();
        let answer = v1::GetServiceInfoResponse {
            chain_id: params.chain_id,
            network: if params.mainnet { "mainnet" } else { "testnet" }.to_owned(),
            server_version: crate::version::SERVER_VERSION.to_owned(),
            packages: vec!["nakamoto.v1".to_owned()],
            journal_id: self.streams.journal().id().to_vec().into(),
            oldest_sequence: if bounds.oldest > bounds.newest { 0 } else { bounds.oldest },
            newest_sequence: bounds.newest,
            tip: Some(wire::block_ref(&tips.tip)),
            burn_tip: Some(wire::burn_block(&tips.burn_tip)),
            signing_mode: wire::signing_mode(params.signing).into(),
            limits: Some(self.limits()),
        };
        Ok(Response::new(answer))
    }
}

impl Node {
    fn limits(&self) -> v1::ServiceLimits {
        let streams = self.streams.limits().streams;
        let duration = |duration| prost_types::Duration::try_from(duration).ok();
        v1::ServiceLimits {
            max_message_bytes: MAX_MESSAGE_BYTES as u64,
            max_subscriptions: count(streams.total),
            max_filter_terms: count(MAX_FILTER_TERMS),
            max_filter_values: count(MAX_FILTER_VALUES),
            max_page_size: MAX_PAGE_SIZE,
            template_queue: count(TEMPLATE_LIMITS.queue),
            validation_queue: count(VALIDATION_LIMITS.queue),
            journal_max_events: self.retention.events,
            max_subscriptions_per_peer: count(streams.per_peer),
            journal_max_age: duration(self.retention.age),
            template_queue_bytes: TEMPLATE_LIMITS.queue_bytes as u64,
            validation_queue_bytes: VALIDATION_LIMITS.queue_bytes as u64,
            template_results: count(TEMPLATE_LIMITS.results),
            validation_results: count(VALIDATION_LIMITS.results),
            result_max_age: duration(VALIDATION_LIMITS.result_age),
            journal_max_bytes: self.retention.bytes,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
