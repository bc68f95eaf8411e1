//! An observer as it is registered.

use std::time::Duration;

use super::keys::{Interest, text};
use super::payload::{Endpoint, View};
use crate::config::ObserverConfig;

/// One observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// "host:port".
    pub(super) endpoint: String,
    /// As they were given, for people.
    pub(super) keys: Vec<String>,
    pub(super) interest: Interest,
    pub(super) view: View,
    /// Of one attempt.
    pub(super) timeout: Duration,
    /// A post whose connection or request fails is skipped.
    pub(super) disable_retries: bool,
    /// Refusals after which a post is skipped; `None` for never.
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
    /// Where a post goes.
    pub(super) fn url(&self, endpoint: Endpoint) -> String {
        format!("http://{}{}", self.endpoint, endpoint.path())
    }
}
