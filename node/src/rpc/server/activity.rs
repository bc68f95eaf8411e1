//! Counts what happens on a connection, and notices when that is too little.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Bytes after which the protocol is known: the preface of HTTP/2. From then on the protocol has its own timeouts.
const PREFACE_BYTES: u64 = 24;

/// Counts of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    bytes_read: AtomicU64,
    requests_begun: AtomicU64,
    requests_open: AtomicUsize,
    idle_since: Mutex<Instant>,
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// It never sent a request or enough bytes to tell the protocol.
    Silent,
    /// It has had no request for a long time.
    Idle,
}

impl Expired {
    /// Reason code in the metrics.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Idle => "idle",
        }
    }
}

impl Activity {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            opened: now,
            bytes_read: AtomicU64::new(0),
            requests_begun: AtomicU64::new(0),
            requests_open: AtomicUsize::new(0),
            idle_since: Mutex::new(now),
        }
    }

    /// Counts a request until the result is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Busy {
        self.requests_begun.fetch_add(1, Ordering::Relaxed);
        self.requests_open.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Whether no request is open.
    pub(super) fn is_idle(&self) -> bool {
        self.requests_open.load(Ordering::Relaxed) == 0
    }

    /// Resolves when the connection has neither a request nor a known protocol within `first`, or no request for
    /// `idle`.
    pub(super) async fn expired(&self, first: Duration, idle: Duration) -> Expired {
        // Polls now and then, so that nothing has to wake this when requests begin or end.
        let step = first.min(idle);
        loop {
            let now = Instant::now();
            let (end, why) = match (self.is_silent(), self.is_idle()) {
                (true, _) => (self.opened + first, Expired::Silent),
                (false, true) => (*self.idle() + idle, Expired::Idle),
                (false, false) => (now + step, Expired::Idle),
            };
            if end <= now {
                return why;
            }
            sleep_until(end.min(now + step)).await;
        }
    }

    fn is_silent(&self) -> bool {
        let began = self.requests_begun.load(Ordering::Relaxed) > 0;
        !began && self.bytes_read.load(Ordering::Relaxed) < PREFACE_BYTES
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open request.
#[derive(Debug)]
pub(super) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        *self.0.idle() = Instant::now();
        self.0.requests_open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A socket that counts what it reads, and fails when the peer takes nothing for too long.
pub(super) struct MonitoredSocket<S> {
    stream: S,
    activity: Arc<Activity>,
    write_stall: Duration,
    /// Timer that runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> MonitoredSocket<S> {
    pub(super) const fn new(stream: S, activity: Arc<Activity>, write_stall: Duration) -> Self {
        Self { stream, activity, write_stall, stalled: None }
    }

    /// Passes progress through, and bounds the wait for it.
    fn progress<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let limit = self.write_stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MonitoredSocket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        let read = u64::try_from(buf.filled().len().saturating_sub(before)).unwrap_or(u64::MAX);
        self.activity.bytes_read.fetch_add(read, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MonitoredSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.progress(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.progress(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.progress(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.progress(cx, polled)
    }
}
