//! The life of one connection.
//!
//! ```text
//! accepted ─ TLS handshake ─ first bytes ─┬─ request ─ ... ─ request ─┬─ idle for long ── closed in good order
//!             │ late           │ late     └─ HTTP/1 head too slow     └─ dead: pings unanswered, nothing taken
//!             └────────────────┴──────────────── cut ─────────────────────────────┘
//! ```

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::RETRY_AFTER as RETRY_AFTER_HEADER;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::activity::{Activity, Busy, Expired, MonitoredSocket};
use super::answer::Counted;
use super::body::{TimedBody, TooSlow};
use super::peers::{ConnectionSlot, Full};
use super::poll_when_woken::PollWhenWoken;
use super::{Listening, Peer, Timeouts};
use crate::limits::{
    CONNECTION_WINDOW_BYTES, MAX_CONCURRENT_STREAMS, MAX_HEADER_LIST_BYTES, MAX_HTTP1_BUFFER_BYTES, MAX_PENDING_RESETS,
    RETRY_AFTER, SHUTDOWN_GRACE, STREAM_WINDOW_BYTES,
};
use crate::metrics;
use crate::rpc::errors::Failure;
use crate::rpc::request_filter::kind;
use crate::runtime::budget::{ByteAccount, NoRoom};
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;

/// Calls in which the client may also send for as long as the stream is open: their bodies have no deadline.
const TWO_WAY: &str = "/grpc.reflection.";

/// What happens to a connection from this side.
enum Event {
    /// It holds bytes for too long; the budget has counted that.
    Cut,
    /// The node stops.
    End,
    /// It sends too little.
    Expired(Expired),
    /// Its end was announced, and its open requests are finished.
    Over,
}

/// Serves the connections of one port.
pub(super) struct Service {
    router: TowerToHyperService<Router>,
    builder: Builder<TokioExecutor>,
    listening: Listening,
    shutdown: CancellationToken,
}

impl Service {
    pub(super) fn new(router: Router, listening: Listening, shutdown: CancellationToken) -> Self {
        let builder = builder(&listening.timeouts);
        Self { router: TowerToHyperService::new(router), builder, listening, shutdown }
    }

    /// Serves one connection to its end.
    pub(super) async fn connection(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Arc<ConnectionSlot>) {
        let Some(tls) = &self.listening.tls else { return self.protocol(stream, peer, place).await };
        match tokio::time::timeout(self.listening.timeouts.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.protocol(stream, peer, place).await,
            Ok(Err(error)) => {
                metrics::get().cut_connection("tls");
                tracing::debug!(%peer, %error, "no TLS handshake");
            }
            Err(_late) => metrics::get().cut_connection("tls_timeout"),
        }
    }

    async fn protocol(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: SocketAddr,
        place: Arc<ConnectionSlot>,
    ) {
        let activity = Arc::new(Activity::new());
        let write_stall = self.listening.timeouts.write_stall;
        let io = TokioIo::new(MonitoredSocket::new(stream, Arc::clone(&activity), write_stall));
        let (port, requests) = (Arc::clone(self), Arc::clone(&activity));
        let cut = CancellationToken::new();
        let byte_account = self.listening.budget.byte_account(CallerClass::Anyone, &cut);
        let asked = Arc::new(RequestInProgress { port, peer, place, byte_account });
        let service = service_fn(move |request| {
            let (asked, busy) = (Arc::clone(&asked), requests.request());
            async move { Ok::<_, Infallible>(asked.answer(request, busy).await) }
        });
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let mut is_ending = false;
        let ended = loop {
            let event = pin!(self.next_event(&cut, &activity, is_ending));
            let event = tokio::select! {
                ended = connection.as_mut() => break ended,
                event = PollWhenWoken::new(event) => event,
            };
            match event {
                Event::Cut | Event::Over => return,
                Event::End => {}
                Event::Expired(expired) => {
                    metrics::get().cut_connection(expired.reason());
                    if expired == Expired::Silent {
                        return;
                    }
                }
            }
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        };
        if let Err(error) = ended {
            // Nearly always caused by the peer: it went away or spoke another protocol.
            metrics::get().cut_connection("protocol");
            tracing::debug!(%peer, error = &*error, "connection ended");
        }
    }

    /// Waits for what ends a connection from this side.
    async fn next_event(&self, cut: &CancellationToken, activity: &Activity, is_ending: bool) -> Event {
        let timeouts = self.listening.timeouts;
        tokio::select! {
            () = cut.cancelled() => Event::Cut,
            () = self.shutdown.cancelled(), if !is_ending => Event::End,
            expired = activity.expired(timeouts.header, timeouts.idle), if !is_ending => Event::Expired(expired),
            () = tokio::time::sleep(SHUTDOWN_GRACE), if is_ending && activity.is_idle() => Event::Over,
        }
    }
}

/// Handles the requests of a connection; all of them share it.
struct RequestInProgress {
    port: Arc<Service>,
    peer: SocketAddr,
    place: Arc<ConnectionSlot>,
    byte_account: ByteAccount,
}

impl RequestInProgress {
    async fn answer(&self, request: Request<Incoming>, busy: Busy) -> Response<Body> {
        let is_grpc = kind::is_grpc(request.headers());
        let listening = &self.port.listening;
        let class = listening.actors.class(request.headers()).await;
        let place = match self.place.enter(class) {
            Ok(place) => place,
            Err(full) => return refusal(is_grpc, full),
        };
        let timeouts = listening.timeouts;
        let timed = if request.uri().path().starts_with(TWO_WAY) { None } else { Some(timeouts) };
        let byte_account = self.byte_account.clone().of(class);
        let caller = Caller::new(self.peer.ip(), byte_account.clone());
        let mut request = request.map(|body| match body.is_end_stream() {
            true => Body::empty(),
            // A body has its own time limits, and its bytes are held until the answer is made.
            false => Body::new(TimedBody::new(body, caller.clone(), timed)),
        });
        request.extensions_mut().insert(Peer(self.peer));
        let response = match caller.clone().serve(self.port.router.call(request)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if caller.was_too_slow() {
            return too_slow(is_grpc);
        }
        let response = match caller.found_no_room() {
            Some(no_room) => Err(no_room),
            None => Counted::answer(response, byte_account.within(timeouts.unread)),
        };
        match response {
            // A stream counts as open until its body ends.
            Ok(response) => response.map(|body| Body::new(body.holding((place, busy)))),
            Err(NoRoom { max }) => refusal(is_grpc, Full { reason: "TOO_MANY_BYTES", max }),
        }
    }
}

/// Refuses a request above a limit, in its protocol, with the advice to try later.
fn refusal(is_grpc: bool, full: Full) -> Response<Body> {
    metrics::get().refused_request(full.reason);
    if is_grpc {
        let failure = Failure::new(Code::ResourceExhausted, full.reason, full).with("max", full.max);
        return tonic::Status::from(failure.retry_after(RETRY_AFTER)).into_http();
    }
    let retry = [(RETRY_AFTER_HEADER, RETRY_AFTER.as_secs().max(1).to_string())];
    (StatusCode::TOO_MANY_REQUESTS, retry, full.to_string()).into_response()
}

/// A request whose body came too slowly.
fn too_slow(is_grpc: bool) -> Response<Body> {
    if is_grpc {
        return tonic::Status::from(Failure::new(Code::DeadlineExceeded, "BODY_TOO_SLOW", TooSlow)).into_http();
    }
    (StatusCode::REQUEST_TIMEOUT, TooSlow.to_string()).into_response()
}

/// [`MAX_HEADER_COUNT`](crate::limits::MAX_HEADER_COUNT) is not set here: it is hyper's default, and if set, hyper
/// allocates a table of that length for each request. A test checks the default.
fn builder(timeouts: &Timeouts) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(timeouts.header).max_buf_size(MAX_HTTP1_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(timeouts.keepalive_interval)
        .keep_alive_timeout(timeouts.keepalive_timeout)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS);
    builder
}
