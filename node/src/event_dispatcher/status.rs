//! How an observer is doing, for operators.

use std::time::SystemTime;

use tokio::sync::watch;

/// What an observer's delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was told everything in the journal.
    CaughtUp,
    /// It is being told.
    Delivering,
    /// The last attempt failed; the same post is tried again.
    Retrying,
}

/// How an observer is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// "host:port".
    pub endpoint: String,
    /// As configured.
    pub keys: Vec<String>,
    /// What it is at.
    pub state: State,
    /// First event that was not delivered whole.
    pub next_sequence: u64,
    /// Events in the journal from there on, wanted or not.
    pub events_behind: u64,
    /// Chain length of the newest block delivered.
    pub delivered_height: Option<u64>,
    /// Below it only burn blocks and blocks are told.
    pub history_end: u64,
    /// Sequences (first, one after the last) of which the journal had forgotten all but burn blocks and blocks.
    pub gap: Option<(u64, u64)>,
    /// Counts since the start of the node.
    pub counts: Counts,
    /// Attempts at the post that is on its way, all failed.
    pub failed_attempts: u32,
    /// The last failure, also after a success.
    pub last_error: Option<(SystemTime, String)>,
    /// When the last post was answered with 200.
    pub last_success: Option<SystemTime>,
}

/// Counts since the start of the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts to post.
    pub attempts: u64,
    /// Posts that were answered with 200.
    pub delivered: u64,
    /// Bytes of their bodies.
    pub delivered_bytes: u64,
    /// Posts given up because `disable_retries` or `skip_after_refusals` says so.
    pub skipped: u64,
}

/// Written by the observer's delivery, read by everybody. Cheap to clone.
#[derive(Clone)]
pub(super) struct SharedReport(watch::Sender<Report>);

impl SharedReport {
    pub(super) fn new(report: Report) -> Self {
        Self(watch::Sender::new(report))
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Report)) {
        self.0.send_modify(change);
    }

    /// As of now, with `newest` in the journal.
    pub(super) fn read(&self, newest: u64) -> Report {
        let mut report = self.0.borrow().clone();
        report.events_behind = newest.saturating_add(1).saturating_sub(report.next_sequence);
        if report.state == State::CaughtUp && report.events_behind > 0 {
            report.state = State::Delivering;
        }
        report
    }

    /// Until a report says so.
    #[cfg(test)]
    pub(super) async fn until(&self, holds: impl FnMut(&Report) -> bool) {
        self.0.subscribe().wait_for(holds).await.expect("the sender is here");
    }
}
