//! Generated programs (`tests::programs`) on the engine.
//!
//! `PROGRAMS` says how many, `PROGRAMS_SEED` from which seed on: one of the clock's, if only the first is given. Without both a few of
//! a fixed seed run.
//! `PROGRAMS_SHOW` prints what is refused.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "this is test code")]

mod coverage;
mod total;

use std::time::{SystemTime, UNIX_EPOCH};

/// The first seed, and how many.
fn seeds(few: u64) -> (u64, u64) {
    let variable = |name: &str| -> Option<u64> {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
    };
    match (variable("PROGRAMS_SEED"), variable("PROGRAMS")) {
        (None, None) => (1, few),
        (None, Some(count)) => (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() << 20, count),
        (Some(seed), count) => (seed, count.unwrap_or(few)),
    }
}
