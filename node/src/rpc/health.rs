//! Health over gRPC: "serving" unless the tip stalls.

use std::time::Duration;

use chainstate::read;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server;
use tonic_health::server::HealthReporter;

use super::blocking_pool::BlockingPool;
use crate::chain::Stall;
use crate::error::ApiError;

/// Time between two checks: a stall lasts minutes.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// The health of the port and of each service.
pub struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
}

impl Health {
    /// Health with all of these services serving, and the service that reports it.
    pub(crate) async fn of(
        names: Vec<&'static str>,
    ) -> (Self, health_server::HealthServer<impl health_server::Health>) {
        let (reporter, server) = tonic_health::server::health_reporter();
        let health = Self { reporter, names };
        health.set_services(ServingStatus::Serving).await;
        (health, server)
    }

    /// Keeps the overall status (the service without a name) current until the node stops, and logs each change. At the
    /// end nothing is serving.
    pub(crate) async fn watch(self, pool: BlockingPool, shutdown: CancellationToken) {
        let mut stalled = false;
        while tokio::time::timeout(LOOK_EVERY, shutdown.cancelled()).await.is_err() {
            // A node that is too busy to answer is not stalled.
            let stall = stall(&pool).await.unwrap_or_default();
            if stall.is_some() == stalled {
                continue;
            }
            stalled = stall.is_some();
            let status = if stalled { ServingStatus::NotServing } else { ServingStatus::Serving };
            match &stall {
                Some(stall) => tracing::warn!("{stall}"),
                None => tracing::info!("the tip moves again"),
            }
            self.reporter.set_service_status("", status).await;
        }
        self.reporter.set_service_status("", ServingStatus::NotServing).await;
        self.set_services(ServingStatus::NotServing).await;
    }

    async fn set_services(&self, status: ServingStatus) {
        for name in &self.names {
            self.reporter.set_service_status(*name, status).await;
        }
    }
}

/// The stall of the tip, if there is one.
///
/// # Errors
/// When the chain cannot be read, or is too busy.
pub(crate) async fn stall(pool: &BlockingPool) -> Result<Option<Stall>, ApiError> {
    let due = pool.read(read::mempool::due).await?;
    Ok(pool.chain().stall(due))
}
