//! Request bodies, which must keep coming and find room.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Timeouts;
use crate::runtime::caller::Caller;

/// The sender of a request's body is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's body comes too slowly")]
pub(super) struct TooSlow;

/// A request's body with a time limit between two parts and one for the whole. No timer runs while parts come at once.
/// The caller holds the bytes that have come.
pub(super) struct TimedBody {
    inner: Incoming,
    caller: Caller,
    times: Option<Timeouts>,
    begun: Instant,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    /// `None` means no time limits.
    pub(super) fn new(inner: Incoming, caller: Caller, times: Option<Timeouts>) -> Self {
        Self { inner, caller, times, begun: Instant::now(), waiting: None }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| {
                let frame = frame?;
                // In a two-way call the client may send without end, so its bytes are not held.
                if self.times.is_some() {
                    self.caller.hold(frame.data_ref().map_or(0, Bytes::len))?;
                }
                Ok(frame)
            }));
        }
        let Some(times) = self.times else { return Poll::Pending };
        let end = (Instant::now() + times.body_idle).min(self.begun + times.body);
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(end)));
        ready!(waiting.as_mut().poll(cx));
        crate::metrics::get().cut_connection("slow_body");
        self.caller.set_too_slow();
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
