//! What the network thread serves, and how: the settings' limits, TLS, and the layers before the paths.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::layer::HookLayer;
use crate::limits::{MAX_REQUESTS, RUNTIME_END};
use crate::metrics::requests::CountRequests;
use crate::rpc::actors::Actors;
use crate::rpc::auth::Guard;
use crate::rpc::grpc::{Services, into_router, routes, web};
use crate::rpc::request_filter::RequestFilter;
use crate::rpc::request_filter::host::Hosts;
use crate::rpc::request_filter::origin::Origins;
use crate::rpc::scrape;
use crate::rpc::server::peers::{PeerLimits, Peers};
use crate::rpc::server::{Listening, Timeouts, tls};
use crate::rpc::{http, server};
use crate::runtime::budget::Budget;

/// All ports of a node.
pub(crate) struct Port {
    listening: Listening,
    filter: RequestFilter,
    /// Folder whose files' sizes are metrics.
    data_dir: PathBuf,
}

impl Port {
    /// Port as the settings want it, with room for so many connections.
    pub(crate) fn new(settings: &Settings, services: &Services, connections: usize) -> anyhow::Result<Self> {
        let listening = listening(settings, services, connections)?;
        Ok(Self { listening, filter: filter(settings, &services.guard), data_dir: settings.data_dir.clone() })
    }

    /// Serves on all listeners until `shutdown`.
    pub(crate) fn serve(
        self,
        runtime: tokio::runtime::Runtime,
        listeners: Vec<TcpListener>,
        services: Services,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let result = runtime.block_on(async {
            let (grpc, health) = routes(&services).await.context("the built-in descriptors are broken")?;
            let paths = http::router(&services).merge(scrape::routes(&services, &self.data_dir));
            let router = web::join(paths, into_router(grpc), &self.filter, services.pool.clone());
            let router = router.layer((HookLayer(CountRequests), HookLayer(self.filter)));
            tokio::spawn(health.watch(services.pool.clone(), shutdown.clone()));
            let budget = self.listening.budget.clone();
            tokio::spawn(async move { budget.keep_swept().await });
            let serve = |listener| server::serve(listener, router.clone(), self.listening.clone(), shutdown.clone());
            listeners.into_iter().map(serve).collect::<JoinSet<()>>().join_all().await;
            anyhow::Ok(())
        });
        // Blocking calls that run longer are left alone: their commits are whole or not at all.
        runtime.shutdown_timeout(RUNTIME_END);
        result
    }
}

/// Which requests may come in.
fn filter(settings: &Settings, guard: &Guard) -> RequestFilter {
    let bound = [Some(settings.bind), settings.http_extra_bind].into_iter().flatten().map(|bind| bind.ip()).collect();
    let hosts = Hosts::new(bound, settings.allowed_hosts.clone());
    RequestFilter::new(hosts, Origins::new(settings.allowed_origins.clone()), guard.clone())
}

/// Limits and TLS of the listeners.
fn listening(settings: &Settings, services: &Services, connections: usize) -> anyhow::Result<Listening> {
    let tls = settings.tls.as_ref().map(|files| tls::acceptor(&files.cert, &files.key)).transpose().context("TLS")?;
    if tls.is_none() && settings.auth_token.is_some() && !settings.bind.ip().is_loopback() {
        tracing::warn!("the auth token travels in clear: set tls_cert and tls_key, or serve behind a proxy with TLS");
    }
    let per_peer = settings.max_connections_per_peer;
    let remote = PeerLimits { connections: per_peer.unwrap_or((connections / 2).max(1)), requests: MAX_REQUESTS / 2 };
    let local = PeerLimits { connections: per_peer.unwrap_or(connections), requests: MAX_REQUESTS };
    Ok(Listening {
        tls,
        peers: Peers::new(remote, local),
        connections: Arc::new(Semaphore::new(connections)),
        budget: Budget::default(),
        actors: Actors::new(services.guard.clone(), services.pool.clone()),
        timeouts: Timeouts::default(),
    })
}
