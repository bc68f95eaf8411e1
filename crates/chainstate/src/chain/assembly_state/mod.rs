//! State that assembly keeps between templates: in memory only, and without effect on what is valid.

mod executing;
mod left_out;
mod overruns;
mod slow_accounts;

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use stacks_types::ids::Txid;

use crate::chain::{NakamotoChainState, lock};

/// State that assembly keeps between templates.
#[derive(Default)]
pub(super) struct AssemblyState {
    left_out: Mutex<left_out::LeftOut>,
    overruns: Mutex<overruns::Overruns>,
    pub(super) slow_accounts: Mutex<slow_accounts::SlowAccounts>,
    /// Set when a transaction arrives whose accounts do not pause.
    pub(super) unpaused_arrival: AtomicBool,
    /// The transaction that a template executes now, and since when.
    executing: Mutex<Option<(Txid, Instant)>>,
}

impl NakamotoChainState {
    /// Set when a transaction arrives whose accounts do not pause; assembly resets it.
    pub(crate) fn unpaused_arrival(&self) -> &AtomicBool {
        &self.inner.assembly.unpaused_arrival
    }

    /// Accounts with recent transactions that took too long.
    pub(crate) fn slow_accounts(&self) -> MutexGuard<'_, slow_accounts::SlowAccounts> {
        lock(&self.inner.assembly.slow_accounts)
    }

    /// Transactions that did not fit into the rest of their tenure's budget.
    pub(crate) fn overruns(&self) -> MutexGuard<'_, overruns::Overruns> {
        lock(&self.inner.assembly.overruns)
    }
}
