//! The settings of one observer.

use std::time::Duration;

use super::keys::{Interest, text};
use super::payload::{Endpoint, View};
use crate::config::ObserverConfig;

/// A registered observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// `host:port` of the observer.
    pub(super) endpoint: String,
    /// Texts of the keys, for reports.
    pub(super) keys: Vec<String>,
    pub(super) interest: Interest,
    pub(super) view: View,
    /// Longest time for one attempt.
    pub(super) timeout: Duration,
    /// Whether a post whose connection or request fails is skipped.
    pub(super) disable_retries: bool,
    /// Answers other than 200 to one post after which it is skipped; `None` = never.
    pub(super) skip_after_refusals: Option<u32>,
}

impl From<&ObserverConfig> for Registration {
    fn from(config: &ObserverConfig) -> Self {
        let interest = Interest::of_keys(&config.events_keys);
        let view = View {
            transactions: interest.transactions.clone(),
            without_contract_interfaces: config.disable_contract_interface,
        };
        Self {
            endpoint: config.endpoint.clone(),
            keys: config.events_keys.iter().map(text).collect(),
            interest,
            view,
            timeout: Duration::from_millis(config.timeout_ms),
            disable_retries: config.disable_retries,
            skip_after_refusals: config.skip_after_refusals,
        }
    }
}

impl Registration {
    /// URL of an endpoint of this observer.
    pub(super) fn url(&self, endpoint: Endpoint) -> String {
        format!("http://{}{}", self.endpoint, endpoint.path())
    }
}
