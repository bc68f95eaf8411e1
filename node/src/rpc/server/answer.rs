//! Counts the bytes of answers until they are written.
//!
//! An answer of one message is made at once, however slowly its reader reads: its bytes are counted then, and there
//! must be room for them. The frames of an event stream already have room when they get here ([`InFlight`]).

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use axum::body::{Body, Bytes};
use axum::http::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::limits::UNCOUNTED_BYTES;
use crate::runtime::budget::{ByteAccount, ByteLease, NoRoom, hold};

/// Leases of the frames that are being encoded, kept in the extensions of a stream's answer. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<Vec<Arc<ByteLease>>>>);

/// A body whose bytes are counted, and that holds `T` until it ends or is dropped.
pub(super) struct Counted<T = ()> {
    inner: Body,
    first: Option<Frame<Bytes>>,
    byte_account: ByteAccount,
    stream: Option<InFlight>,
    _held: T,
}

impl InFlight {
    /// Adds the lease of the frame that is encoded next.
    pub fn add(&self, lease: Option<Arc<ByteLease>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(lease);
    }

    fn take(&self) -> Vec<Arc<ByteLease>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counted {
    /// Counts the part of an answer that is ready, and later the rest.
    ///
    /// # Errors
    /// [`NoRoom`]: the answer is dropped.
    pub(super) fn answer(mut answer: Response<Body>, byte_account: ByteAccount) -> Result<Response<Self>, NoRoom> {
        let stream = answer.extensions_mut().remove::<InFlight>();
        let (head, inner) = answer.into_parts();
        let mut body = Self { inner, first: None, byte_account, stream, _held: () };
        if body.stream.is_none() {
            // No wake-up is needed: the task that writes the answer polls again for the rest.
            let first = Pin::new(&mut body.inner).poll_frame(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(Some(Ok(frame))) = first {
                body.first = Some(body.count(frame)?);
            }
        }
        Ok(Response::from_parts(head, body))
    }

    pub(super) fn holding<T>(self, held: T) -> Counted<T> {
        let Self { inner, first, byte_account, stream, _held: () } = self;
        Counted { inner, first, byte_account, stream, _held: held }
    }
}

impl<T> Counted<T> {
    fn count(&self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, NoRoom> {
        let bytes = match frame.into_data() {
            Ok(bytes) => bytes,
            Err(trailers) => return Ok(trailers),
        };
        let bytes = match &self.stream {
            Some(stream) => hold(bytes, stream.take()),
            None if bytes.len() <= UNCOUNTED_BYTES => bytes,
            None => hold(bytes.clone(), self.byte_account.take(bytes.len())?),
        };
        Ok(Frame::data(bytes))
    }
}

impl<T: Unpin> HttpBody for Counted<T> {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(frame.map(|frame| Ok(self.count(frame?)?)))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, inner) = (SizeHint::new(), self.inner.size_hint());
        let first = self.first.as_ref().and_then(Frame::data_ref).map_or(0, Bytes::len);
        let first = u64::try_from(first).unwrap_or(u64::MAX);
        hint.set_lower(inner.lower().saturating_add(first));
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}
