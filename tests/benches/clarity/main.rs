//! How long does a transaction take, with costs? The published VM, which the node once ran, beside our engine, in one run: the same
//! contracts and arguments, Clarity 2 under the rules of epoch 3.0.
//!
//! | side | a figure includes |
//! |---|---|
//! | VM | a transaction in the node's session (`session.rs`): fee, nonces, conditions, receipt, the state in its index and its database; costs, which this VM counts by evaluating functions of Clarity. Contracts stay decoded where a transaction calls them, not where a contract does |
//! | engine | the part in the language (`in_memory.rs`): the machine, the call or publication, costs, and the texts of all writes. The state is a map in memory; contracts stay decoded. No fee, nonces, index, database |
//!
//! So a row's quotient says what a switch of the engine can save at most, not what it does save. What lies around the language on the
//! VM's side is about the row of the transfer. Neither side verifies signatures (`codec` has that), and nothing is committed but what
//! setup needs. Cannot see: reads from a cold disk. `crates/clarity/benches/engine.rs` compares with the network's own
//! implementation.
//!
//! `cargo bench -p tests --bench clarity`; with `-- --tiny` little, to see that it still runs.

#![allow(clippy::print_stdout, reason = "a benchmark's figures go to the terminal")]

mod in_memory;
mod kinds;
mod session;

use chainstate::test_support::on_a_large_stack;
use tests::bench::Bench;
use tests::figures::{Samples, Summary};

fn main() {
    on_a_large_stack(run);
}

fn run() {
    let mut bench = Bench::start("Clarity");
    let session = session::Chain::new();
    let mut memory = in_memory::deployed();
    let mut lines = Vec::new();
    for kind in kinds::all() {
        let count = bench.size(kind.count, kind.tiny);
        let old = session.time(&mut bench, &kind, count);
        let new = in_memory::time(&mut bench, &mut memory, &kind, count);
        lines.push(line(&kind.what, &old, new.as_ref()));
    }
    bench.end();
    println!("{:<34} | {:>21} | {:>21} | times", "least and median, us", "VM, in the session", "engine, in memory");
    for line in lines {
        println!("{line}");
    }
}

/// A row; the quotient is that of the medians.
fn line(what: &str, old: &Samples, new: Option<&Samples>) -> String {
    let figures = |samples: Option<&Samples>| samples.and_then(Samples::summary);
    let show = |summary: Option<&Summary>| {
        summary.map_or("-".to_owned(), |summary| format!("{:>10.1} {:>10.1}", summary.min, summary.median))
    };
    let (old, new) = (figures(Some(old)), figures(new));
    let times = old.as_ref().zip(new.as_ref()).map(|(old, new)| format!("{:.0}", old.median / new.median));
    format!(
        "{what:<34} | {:>21} | {:>21} | {:>5}",
        show(old.as_ref()),
        show(new.as_ref()),
        times.unwrap_or("-".to_owned())
    )
}
