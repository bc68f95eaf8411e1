//! The event feed: streams, and pages of the same journal.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chainstate::stackerdb::list_instances;
use nakamoto_proto::v1;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use v1::event_service_server::EventService;

use super::connect::AsJson;
use super::decode::{OrStatus as _, bounded_duration, page_size};
use crate::error::ApiError;
use crate::event_stream::filter::Filter;
use crate::event_stream::frame::Frame;
use crate::event_stream::frame_builder::StreamOptions;
use crate::event_stream::page::{PageRequest, read_page};
use crate::event_stream::payload::Payload;
use crate::event_stream::position::{PositionError, WhenNone, resolve};
use crate::event_stream::registry::{OpenStream, StreamRegistry};
use crate::event_stream::task::FrameStream;
use crate::limits::{
    DEFAULT_HEARTBEAT, JSON_BYTES_PER_EVENT_BYTE, MAX_BATCH, MAX_CLIENT_NAME_BYTES, MAX_HEARTBEAT, MAX_PAGE_BYTES,
    MIN_HEARTBEAT, RETRY_AFTER,
};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::errors::{end_status, filter_status, position_status, status, subscriptions_status};
use crate::rpc::server::Peer;
use crate::runtime::caller::Caller;

/// Serves `EventService`.
pub(super) struct Events {
    pub(super) pool: BlockingPool,
    pub(super) streams: StreamRegistry,
}

/// Frames, then at most one status.
pub(super) struct Frames(FrameStream);

impl Stream for Frames {
    type Item = Result<Frame, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.0.poll_frame(cx));
        Poll::Ready(item.and_then(|item| match item {
            Ok(frame) => Some(Ok(frame)),
            Err(end) => end_status(&end).map(Err),
        }))
    }
}

#[tonic::async_trait]
impl EventService for Events {
    type SubscribeStream = tokio_stream::Empty<Result<v1::SubscribeResponse, Status>>;

    /// Never called: `event_server` answers this path, with frames that are encoded once for all streams.
    async fn subscribe(&self, _: Request<v1::SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        Err(Status::unimplemented("streams are opened by the event server"))
    }

    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let request = request.into_inner();
        let filter = Filter::decode(request.filter).map_err(filter_status)?;
        let size = page_size("page_size", request.page_size).or_status()?;
        let journal = Arc::clone(self.streams.journal());
        let payload = Payload::decode(request.payload_mode);
        let permit = self.pool.page_permit().await.or_status()?;
        // Room for the page as it is read and as it is encoded; the encoded answer is then counted with its real size.
        if let Some(caller) = Caller::current() {
            caller.keep(permit);
            let busy = |_| ApiError::Busy { reason: "TOO_MANY_BYTES", retry_after: RETRY_AFTER };
            caller.hold(2 * MAX_PAGE_BYTES).map_err(busy).or_status()?;
        }
        // The inner error is the sender's, the outer one the pool's.
        let page = self.pool.compute(move || {
            let page =
                |start| read_page(journal.as_ref(), &PageRequest { filter: filter.clone(), payload, start, size });
            let begin = || resolve(journal.as_ref(), request.start.clone(), WhenNone::Earliest).and_then(page);
            // The oldest event may be removed between its look-up and the read.
            Ok(match begin() {
                Err(PositionError::Pruned { .. }) if is_earliest(request.start.as_ref()) => begin(),
                page => page,
            })
        });
        page.await.or_status()?.map_err(position_status).map(Response::new)
    }
}

impl Events {
    /// Opens a stream.
    pub(super) async fn open(&self, request: Request<v1::SubscribeRequest>) -> Result<Frames, Status> {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        let memory_per_frame_byte = request.extensions().get().map_or(1, |AsJson| JSON_BYTES_PER_EVENT_BYTE);
        let request = request.into_inner();
        if request.client_name.len() > MAX_CLIENT_NAME_BYTES {
            let detail = format!("more than {MAX_CLIENT_NAME_BYTES} bytes");
            return Err(status(ApiError::invalid("client_name", detail)));
        }
        let filter = Arc::new(Filter::decode(request.filter).map_err(filter_status)?);
        let heartbeat =
            bounded_duration("heartbeat_interval", request.heartbeat_interval, MIN_HEARTBEAT, MAX_HEARTBEAT);
        let heartbeat = heartbeat.or_status()?.unwrap_or(DEFAULT_HEARTBEAT);
        let max_batch = decode_batch(request.max_batch).or_status()?;
        let include_snapshot = request.include_snapshot;
        let journal = Arc::clone(self.streams.journal());
        let start = self.pool.compute(move || Ok(resolve(journal.as_ref(), request.start, WhenNone::Latest)));
        let start_sequence = start.await.or_status()?.map_err(position_status)?;
        // After the start, so that a new instance is either in this list or in the events.
        let snapshot = if include_snapshot { Some(self.snapshot(&filter).await?) } else { None };
        tracing::debug!(client = ?request.client_name, start_sequence, "event stream opened");
        let options = StreamOptions { filter, payload: Payload::decode(request.payload_mode), max_batch };
        let client_name = request.client_name;
        let byte_account = Caller::current().map(|caller| caller.byte_account().clone());
        let open = OpenStream {
            options,
            start_sequence,
            heartbeat,
            snapshot,
            client_name,
            peer,
            byte_account,
            memory_per_frame_byte,
        };
        self.streams.open(open).map(Frames).map_err(subscriptions_status)
    }

    /// Instances whose chunks are sent first: those that the filter names, or all when it narrows none.
    async fn snapshot(&self, filter: &Filter) -> Result<Vec<String>, Status> {
        let all = self.pool.read(|snapshot| list_instances(snapshot.conn())).await.or_status()?;
        let (named, every) = (filter.stackerdb_contracts(), filter.wants_every_stackerdb());
        Ok(all.into_iter().filter(|id| every || named.contains(id.as_str())).collect())
    }
}

fn is_earliest(start: Option<&v1::StartPosition>) -> bool {
    use v1::start_position::Position;
    matches!(start.and_then(|start| start.position.as_ref()), None | Some(Position::Earliest(_)))
}

fn decode_batch(max_batch: u32) -> Result<usize, ApiError> {
    match max_batch {
        0 => Ok(1),
        batch if batch > MAX_BATCH => Err(ApiError::invalid("max_batch", format!("more than {MAX_BATCH}"))),
        batch => Ok(batch as usize),
    }
}
