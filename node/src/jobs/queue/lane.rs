//! Waiting jobs of a class, and the order in which its results came.

use std::collections::VecDeque;

/// Jobs of a class.
pub(super) struct Lane<J> {
    pub(super) queue: VecDeque<Waiting<J>>,
    pub(super) held: Vec<Waiting<J>>,
    /// Bytes of the queued and held jobs.
    pub(super) waiting_bytes: usize,
    /// Ids of ended jobs, oldest first.
    pub(super) order: VecDeque<String>,
    pub(super) result_bytes: usize,
}

pub(super) struct Waiting<J> {
    pub(super) id: String,
    pub(super) job: J,
    pub(super) bytes: usize,
}

impl<J> Lane<J> {
    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.held.len()
    }

    pub(super) fn add(&mut self, waiting: Waiting<J>) {
        self.waiting_bytes += waiting.bytes;
        self.queue.push_back(waiting);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let dropped: usize = self.queue.iter().chain(&self.held).filter(|w| w.id == id).map(|w| w.bytes).sum();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(dropped);
        self.queue.retain(|waiting| waiting.id != id);
        self.held.retain(|waiting| waiting.id != id);
    }
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), held: Vec::new(), waiting_bytes: 0, order: VecDeque::new(), result_bytes: 0 }
    }
}
