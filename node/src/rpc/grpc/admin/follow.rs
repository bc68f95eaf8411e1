//! Waits for events in the journal, like a subscriber.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::v1;
use tokio::time::Instant;
use v1::event::Body;

use crate::error::ApiError;
use crate::event_stream::filter::Filter;
use crate::event_stream::frame_builder::StreamOptions;
use crate::event_stream::payload::Payload;
use crate::event_stream::registry::{OpenStream, StreamRegistry};
use crate::event_stream::task::{FrameStream, StreamEnd};
use crate::limits::MAX_HEARTBEAT;
use crate::rpc::errors::log_failure;

/// Passes the events of these kinds after a sequence to `take` until it returns true, until the time is over, or until the
/// journal cannot be followed any more: the call's effect does not depend on who sees it.
///
/// # Errors
/// [`ApiError::ShuttingDown`].
pub(super) async fn follow(
    streams: &StreamRegistry,
    kinds: &[v1::EventKind],
    after_sequence: u64,
    wait: Duration,
    mut take: impl FnMut(Body) -> bool,
) -> Result<(), ApiError> {
    let kinds = kinds.iter().map(|kind| (*kind).into()).collect();
    let term = v1::EventTerm { kinds, ..v1::EventTerm::default() };
    let filter = v1::EventFilter { terms: vec![term], all: false };
    let filter = Arc::new(Filter::decode(Some(filter)).map_err(ApiError::internal)?);
    let options = StreamOptions { filter, payload: Payload::Header, max_batch: 1 };
    let start_sequence = after_sequence.saturating_add(1);
    let open = OpenStream {
        options,
        start_sequence,
        heartbeat: MAX_HEARTBEAT,
        snapshot: None,
        client_name: "AdminService".to_owned(),
        peer: None,
        byte_account: None,
        memory_per_frame_byte: 1,
    };
    let mut frames = match streams.open(open) {
        Ok(frames) => frames,
        Err(error) => {
            tracing::debug!(%error, "a call does not wait for its events");
            return Ok(());
        }
    };
    let deadline = Instant::now() + wait;
    while let Some(batch) = next_batch(&mut frames, deadline).await? {
        if batch.events.into_iter().filter_map(|event| event.body).any(&mut take) {
            break;
        }
    }
    Ok(())
}

/// The next events; `None` when the time is over or the stream has ended.
///
/// # Errors
/// [`ApiError::ShuttingDown`].
async fn next_batch(frames: &mut FrameStream, deadline: Instant) -> Result<Option<v1::EventBatch>, ApiError> {
    loop {
        let frame = match tokio::time::timeout_at(deadline, poll_fn(|cx| frames.poll_frame(cx))).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(StreamEnd::Shutdown { .. }))) => return Err(ApiError::ShuttingDown),
            Ok(Some(Err(end))) => {
                if let StreamEnd::Broken(source) = &end {
                    log_failure(source.as_ref());
                }
                tracing::debug!(%end, "a call does not see all of its events");
                return Ok(None);
            }
            Ok(None) | Err(_) => return Ok(None),
        };
        if let Some(v1::subscribe_response::Body::Events(batch)) = frame.into_body() {
            return Ok(Some(batch));
        }
    }
}
