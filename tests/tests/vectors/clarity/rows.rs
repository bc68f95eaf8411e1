//! Charges as rows in the form of the cases.

use std::sync::{Arc, Mutex, MutexGuard};

use clarity::costs::{Cost, Step, Trace};
use serde_json::{Value as Json, json};

/// Rows in the order of the charges. A clone collects into the same list.
#[derive(Clone, Default)]
pub(super) struct Rows(Arc<Mutex<Vec<Json>>>);

impl Rows {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Json>> {
        self.0.lock().unwrap()
    }
}

impl Trace for Rows {
    fn step(&mut self, step: &Step<'_>) {
        let row = |mark: &str, function: &str, n: u64, c: &Cost| {
            json!([mark, function, n, c.runtime, c.read_count, c.read_length, c.write_count, c.write_length])
        };
        let row = match step {
            Step::Charge(function, n, cost) => row("c", function.name(), *n, cost),
            Step::Quote(function, n, cost) => row("q", function.name(), *n, cost),
            Step::Add(c) => json!(["a", c.runtime, c.read_count, c.read_length, c.write_count, c.write_length]),
            Step::MemoryTaken(n) => json!(["m+", n]),
            Step::MemoryGiven(n) => json!(["m-", n]),
            _ => return,
        };
        self.lock().push(row);
    }
}

/// At most the first `bytes` bytes of a text, up to a whole character: as the vectors cut long texts.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
