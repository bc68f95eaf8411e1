//! How long does a transaction take, with costs, and how much of that is the language? Both sides run the same
//! contracts and arguments, Clarity 2 under the rules of epoch 3.0.
//!
//! Figures of the two sides include:
//! - session: a transaction in the node's session (`session.rs`): fee, nonces, conditions, receipt, and the state in its
//!   index and database.
//! - memory: the part in the language (`in_memory.rs`): the machine, the call or publication, costs, and the texts of all
//!   writes. The state is a map in memory, and contracts stay decoded. No fee, nonces, index, database.
//!
//! Neither side verifies signatures (`codec` measures that), and only setup commits anything. Reads from a cold disk
//! are not measured. `crates/clarity/benches/engine.rs` compares with the network's own implementation.
//!
//! `cargo bench -p tests --bench clarity`; `-- --tiny` does little, to see that it still runs.

#![allow(clippy::print_stdout, reason = "a benchmark's figures go to the terminal")]

mod in_memory;
mod kinds;
mod session;

use chainstate::test_support::on_a_large_stack;
use tests::bench::Bench;
use tests::figures::Samples;

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
        let in_session = session.time(&mut bench, &kind, count);
        let in_memory = in_memory::time(&mut bench, &mut memory, &kind, count);
        lines.push(line(&kind.what, &in_session, in_memory.as_ref()));
    }
    bench.end();
    println!("{:<34} | {:>21} | {:>21}", "least and median, us", "in the session", "in memory");
    for line in lines {
        println!("{line}");
    }
}

/// A row of the table.
fn line(what: &str, in_session: &Samples, in_memory: Option<&Samples>) -> String {
    let show = |samples: Option<&Samples>| {
        let summary = samples.and_then(Samples::summary);
        summary.map_or("-".to_owned(), |summary| format!("{:>10.1} {:>10.1}", summary.min, summary.median))
    };
    format!("{what:<34} | {:>21} | {:>21}", show(Some(in_session)), show(in_memory))
}
