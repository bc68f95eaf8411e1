//! Waits for events in the journal, like a subscriber.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use nakamoto_proto::v1;
use tokio::time::Instant;
use tonic::Status;
use v1::event::Body;

use crate::event_stream::filter::Filter;
use crate::event_stream::frame_builder::FeedOptions;
use crate::event_stream::payload::Payload;
use crate::event_stream::registry::{OpenStream, StreamRegistry};
use crate::limits::HEARTBEAT;
use crate::rpc::errors::{end_status, filter_status, subscriptions_status};

/// Passes the events of a kind after a sequence to `take` until it returns true, or until the time is over.
pub(super) async fn follow(
    streams: &StreamRegistry,
    kind: v1::EventKind,
    after_sequence: u64,
    wait: Duration,
    mut take: impl FnMut(Body) -> bool,
) -> Result<(), Status> {
    let term = v1::EventTerm { kinds: vec![kind.into()], ..v1::EventTerm::default() };
    let filter = v1::EventFilter { terms: vec![term], all: false };
    let filter = Arc::new(Filter::decode(Some(filter)).map_err(filter_status)?);
    let options = FeedOptions { filter, payload: Payload::Header, max_batch: 1 };
    let start_sequence = after_sequence.saturating_add(1);
    let open = OpenStream {
        options,
        start_sequence,
        heartbeat: HEARTBEAT.1,
        snapshot: None,
        client_name: "AdminService".to_owned(),
        peer: None,
        byte_account: None,
        memory_per_frame_byte: 1,
    };
    let mut frames = streams.open(open).map_err(subscriptions_status)?;
    let deadline = Instant::now() + wait;
    loop {
        let frame = match tokio::time::timeout_at(deadline, poll_fn(|cx| frames.poll_frame(cx))).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(end))) => return end_status(&end).map_or(Ok(()), Err),
            Ok(None) | Err(_) => return Ok(()),
        };
        let Some(v1::subscribe_response::Body::Events(batch)) = frame.into_body() else { continue };
        if batch.events.into_iter().filter_map(|event| event.body).any(&mut take) {
            return Ok(());
        }
    }
}
