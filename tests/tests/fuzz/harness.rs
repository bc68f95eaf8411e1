//! Runs a fuzz target for some time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use tests::random::Rng;

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
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| execute(&mut Rng::from_seed(number)))) {
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
