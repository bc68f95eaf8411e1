//! Runs a target for a while.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// Random numbers (SplitMix64): a seed says all that follows.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 when that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap();
        usize::try_from(self.next() % end.max(1)).unwrap()
    }

    /// One time in `n`.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn variable<T: std::str::FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// Runs `execute` on one random stream after another, at least once, until the time is up.
pub(crate) fn fuzz(target: &str, mut execute: impl FnMut(&mut Rng)) {
    let seed: u64 = variable("FUZZ_SEED", 1);
    let time = Duration::from_secs_f64(variable("FUZZ_SECONDS", 0.5));
    let begun = Instant::now();
    let mut executions: u64 = 0;
    loop {
        let number = seed.wrapping_add(executions);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| execute(&mut Rng(number)))) {
            eprintln!("fuzz target {target} failed: FUZZ_SEED={number} FUZZ_SECONDS=0");
            resume_unwind(panic);
        }
        executions += 1;
        if begun.elapsed() >= time {
            break;
        }
    }
    println!("fuzz target {target}: {executions} executions in {:.1?}, seed {seed}", begun.elapsed());
}

/// A file of the conformance vectors.
pub(crate) fn vectors(name: &str) -> serde_json::Value {
    let folder = std::env::var_os("VECTORS")
        .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors"), std::path::PathBuf::from);
    serde_json::from_str(&std::fs::read_to_string(folder.join(name)).expect("the vectors are there")).expect("JSON")
}
