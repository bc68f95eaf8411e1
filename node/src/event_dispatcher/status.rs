//! The state of an observer, for operators.

use std::time::SystemTime;

use tokio::sync::watch;

/// What an observer's delivery is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has delivered everything in the journal.
    CaughtUp,
    /// It has events to deliver.
    Delivering,
    /// The last attempt failed; the same post is tried again.
    Retrying,
}

/// State and counts of an observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `host:port` of the observer.
    pub endpoint: String,
    /// Keys as configured.
    pub keys: Vec<String>,
    /// What its delivery is doing.
    pub state: State,
    /// Sequence of the first event that is not fully delivered.
    pub next_sequence: u64,
    /// Number of the journal's events from that one on, wanted or not.
    pub events_behind: u64,
    /// Chain length of the newest block that was delivered.
    pub delivered_height: Option<u64>,
    /// Below this sequence only burn blocks and blocks are posted.
    pub history_end: u64,
    /// Sequences (first, one after the last) of which the journal had only burn blocks and blocks left.
    pub gap: Option<(u64, u64)>,
    /// Counts since the start of the node.
    pub counts: Counts,
    /// Failed attempts at the current post.
    pub failed_attempts: u32,
    /// Time and text of the last failure; it stays after a success.
    pub last_error: Option<(SystemTime, String)>,
    /// Time of the last answer with 200.
    pub last_success: Option<SystemTime>,
}

/// Counts since the start of the node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts to post.
    pub attempts: u64,
    /// Posts that were answered with 200.
    pub delivered: u64,
    /// Bytes of the bodies of these posts.
    pub delivered_bytes: u64,
    /// Posts that were skipped by `disable_retries` or `skip_after_refusals`.
    pub skipped: u64,
}

/// A report that the observer's delivery writes and others read. Cheap to clone.
#[derive(Clone)]
pub(super) struct SharedReport(watch::Sender<Report>);

impl SharedReport {
    pub(super) fn new(report: Report) -> Self {
        Self(watch::Sender::new(report))
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Report)) {
        self.0.send_modify(change);
    }

    /// The report of this moment; `newest` is the journal's newest sequence.
    pub(super) fn read(&self, newest: u64) -> Report {
        let mut report = self.0.borrow().clone();
        report.events_behind = newest.saturating_add(1).saturating_sub(report.next_sequence);
        if report.state == State::CaughtUp && report.events_behind > 0 {
            report.state = State::Delivering;
        }
        report
    }

    /// Waits until a report meets a condition.
    #[cfg(test)]
    pub(super) async fn until(&self, holds: impl FnMut(&Report) -> bool) {
        self.0.subscribe().wait_for(holds).await.expect("the sender is here");
    }
}
