//! Generated programs (`tests::programs`) on the engine.
//!
//! `PROGRAMS` is the number of programs, `PROGRAMS_SEED` the first seed; if only `PROGRAMS` is given, the clock gives
//! the seed. Without both, a few programs of a fixed seed run.
//! `PROGRAMS_SHOW` prints refused programs.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "this is test code")]

mod coverage;
mod total;

use std::time::{SystemTime, UNIX_EPOCH};

/// The first seed, and the number of programs.
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
