//! The node's memory over the run.

use std::time::Duration;

use tests::figures::resident_bytes;

/// Growth in bytes, besides a fifth, that is allowed between two quarters of a long run: caches and the allocator
/// settle late.
const SLACK_BYTES: u64 = 24 << 20;

/// Samples of the resident memory.
#[derive(Default)]
pub(crate) struct Memory(Vec<(Duration, u64)>);

impl Memory {
    pub(crate) fn note(&mut self, at: Duration, pid: u32) {
        if let Some(bytes) = resident_bytes(pid) {
            self.0.push((at, bytes));
        }
    }

    /// Prints the largest sample of each quarter; checks that the last quarter is like the second.
    pub(crate) fn report(&self, assert_flat: bool) {
        let end = self.0.last().expect("samples").0;
        let largest = |quarter: u32| {
            let range = end * quarter / 4..=end * (quarter + 1) / 4;
            self.0.iter().filter(|(at, _)| range.contains(at)).map(|(_, bytes)| *bytes).max().unwrap_or(0)
        };
        let quarters: Vec<u64> = (0..4).map(largest).collect();
        let shown: Vec<_> = quarters.iter().map(|bytes| format!("{} MiB", bytes >> 20)).collect();
        println!("soak: largest resident memory of the node by quarter of the run: {}", shown.join(", "));
        if assert_flat {
            let allowed = quarters[1] + quarters[1] / 5 + SLACK_BYTES;
            assert!(quarters[3] <= allowed, "memory grows: {}", shown.join(", "));
        }
    }
}
