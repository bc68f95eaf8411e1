//! Shared by the benchmarks in `benches/`: size, timing, and output.

#![allow(clippy::print_stdout, reason = "a benchmark's figures go to the terminal")]

use std::hint::black_box;
use std::time::Instant;

use stacks_types::hashing::sha512_256;

use crate::figures::{Samples, Table, origin};

/// A running benchmark.
pub struct Bench {
    tiny: bool,
    table: Table,
    digest: [u8; 32],
}

impl Bench {
    /// Reads the arguments (`--tiny` does little, to see that it still runs) and prints where the figures come from.
    #[must_use]
    pub fn start(what: &str) -> Self {
        let tiny = std::env::args().any(|argument| argument == "--tiny");
        println!("{what}: {}{}", origin(), if tiny { ", TINY" } else { "" });
        Self { tiny, table: Table::default(), digest: [0; 32] }
    }

    /// How much to do: `whole`, or `tiny` after `--tiny`.
    #[must_use]
    pub const fn size(&self, whole: usize, tiny: usize) -> usize {
        if self.tiny { tiny } else { whole }
    }

    /// Times `work` on each input, in microseconds, after a first round that does not count. `bytes` gives the part of
    /// each result for the digest, so that the compiler cannot drop the work.
    pub fn each<I, T>(
        &mut self,
        what: &str,
        inputs: &[I],
        mut work: impl FnMut(&I) -> T,
        bytes: impl Fn(&T) -> Vec<u8>,
    ) {
        for input in inputs {
            black_box(work(black_box(input)));
        }
        let mut samples = Samples::default();
        for input in inputs {
            let begun = Instant::now();
            let result = work(black_box(input));
            samples.push_micros(begun.elapsed());
            self.digest(&bytes(&result));
        }
        self.table.samples(what, "us", &samples);
    }

    /// The rows so far, to add more.
    pub const fn table(&mut self) -> &mut Table {
        &mut self.table
    }

    /// Adds a result to the digest that is printed at the end.
    pub fn digest(&mut self, result: &[u8]) {
        self.digest = sha512_256(&[&self.digest, result]);
    }

    /// Prints the table and the digest of all results, which is the same in every run of one size.
    pub fn end(self) {
        println!("results {}", hex::encode(self.digest));
        print!("{}", self.table);
    }
}
