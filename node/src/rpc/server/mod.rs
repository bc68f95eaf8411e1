//! The port: accepts connections, with or without TLS, serves HTTP/1.1 and HTTP/2 on each, ends them at shutdown.
//!
//! Read in this order: [`Listening`] (what a port is served with), [`peers`] (who may have how many connections and
//! requests), `connection` (the life of one), `poll_when_woken` (polls its rare events only when something woke them),
//! `activity` (when it is too slow or idle), `body` (request bodies that come too slowly), [`answer`] (responses whose
//! bytes are counted, and that hold their place), [`tls`].
//!
//! # Invariants
//! - Whatever a peer does or leaves undone, no connection, request or stream of it outlasts the time limits.
//! - A connection or request above a limit is refused at once; it takes nothing from those that are served.

mod activity;
pub mod answer;
mod body;
mod connection;
pub mod peers;
mod poll_when_woken;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::peers::Peers;
use super::actors::Actors;
use crate::limits::{
    BODY_IDLE_TIMEOUT, BODY_TIMEOUT, CONNECTION_IDLE_TIMEOUT, HEADER_TIMEOUT, KEEPALIVE_INTERVAL, KEEPALIVE_TIMEOUT,
    SHUTDOWN_GRACE, TLS_HANDSHAKE_TIMEOUT, UNREAD_TIMEOUT, WRITE_STALL_TIMEOUT,
};
use crate::metrics;
use crate::metrics::warning_limiter::WarningLimiter;
use crate::runtime::budget::Budget;

/// Pause when the system gives no connection (no file handles left): an immediate retry would fail too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Address that a request comes from; in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// How long a peer may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a TLS handshake, from the connection on.
    pub handshake: Duration,
    /// From there to the first bytes that tell the protocol, and for the head of each HTTP/1 request.
    pub header: Duration,
    /// Between two parts of a request's body.
    pub body_idle: Duration,
    /// For the whole body.
    pub body: Duration,
    /// For a peer to take any of the bytes sent to it.
    pub write_stall: Duration,
    /// For an answer, or a frame of a stream, to be read.
    pub unread: Duration,
    /// For a connection to be without requests.
    pub idle: Duration,
    /// Between HTTP/2 pings.
    pub keepalive_interval: Duration,
    /// For the answer to a ping.
    pub keepalive_timeout: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: TLS_HANDSHAKE_TIMEOUT,
            header: HEADER_TIMEOUT,
            body_idle: BODY_IDLE_TIMEOUT,
            body: BODY_TIMEOUT,
            write_stall: WRITE_STALL_TIMEOUT,
            unread: UNREAD_TIMEOUT,
            idle: CONNECTION_IDLE_TIMEOUT,
            keepalive_interval: KEEPALIVE_INTERVAL,
            keepalive_timeout: KEEPALIVE_TIMEOUT,
        }
    }
}

/// What a port is served with.
#[derive(Clone)]
pub struct Listening {
    /// Certificate and key; `None` serves without TLS.
    pub tls: Option<TlsAcceptor>,
    /// Open connections and requests by peer; shared by all ports.
    pub peers: Arc<Peers>,
    /// Places for connections; shared by all ports.
    pub connections: Arc<Semaphore>,
    /// Bytes in flight; shared by all ports.
    pub budget: Budget,
    /// Recognizes callers that have lanes of their own.
    pub actors: Actors,
    /// Time limits.
    pub timeouts: Timeouts,
}

/// Serves until `shutdown`, then lets open requests finish for a short while.
pub async fn serve(listener: TcpListener, router: Router, listening: Listening, shutdown: CancellationToken) {
    let tasks = TaskTracker::new();
    let service = Arc::new(connection::Service::new(router, listening.clone(), shutdown.clone()));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &listening.connections) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { break };
        let Some(place) = listening.peers.connect(peer.ip()) else {
            metrics::get().refused_connection("peer_connections");
            continue; // Drops and so closes it: a refusal in words would cost what the limit saves.
        };
        let service = Arc::clone(&service);
        tasks.spawn(async move {
            let open = metrics::get().open_connection();
            service.connection(stream, peer, place).await;
            drop((open, permit));
        });
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(SHUTDOWN_GRACE, tasks.wait()).await.is_err() {
        tracing::info!("connections that did not end in time are cut");
    }
}

/// The next connection, once there is a place for it; a port that waits for a connection holds no place. `None` only if
/// the semaphore were closed, which never happens.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    static REFUSED: WarningLimiter = WarningLimiter::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let permit = Arc::clone(connections).acquire_owned().await.ok()?;
                // Small frames must not wait for the next one. Without this option a socket is slower, not wrong.
                let _ = stream.set_nodelay(true);
                return Some((stream, peer, permit));
            }
            Err(error) => {
                if let Some(times) = REFUSED.count() {
                    tracing::warn!(%error, times, "no connection could be accepted");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
