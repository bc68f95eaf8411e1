//! What does it cost to write an event durably, and to read it? Measures appends by one caller and by many at once
//! (group commit), and pages of the newest events from memory and of old ones from the database.
//!
//! Mirrors the writes of the admin service, StackerDB and mempool (a synced commit with its event), and the reads of
//! subscribers that are up to date or far behind. The streams on top are not measured (the load tool's `fan-out` does).
//!
//! `cargo bench -p tests --bench journal`; `-- --tiny` does little, to see that it still runs.

use std::time::{Duration, Instant};

use chainstate::chain::NakamotoChainState;
use chainstate::journal::select_events;
use chainstate::test_support::params;
use nakamoto_proto::v1;
use sqlite::Durability;
use tests::bench::Bench;
use tests::figures::Samples;

/// Events on a page.
const PAGE: usize = 256;
/// Callers that append at the same time.
const CALLERS: usize = 64;

fn main() {
    chainstate::test_support::on_a_large_stack(run);
}

fn run() {
    let mut bench = Bench::start("journal");
    let folder = tempfile::tempdir().expect("a folder");
    let (chain, _writer) =
        NakamotoChainState::open(folder.path(), params(1, 1), Durability::Synced, || 1_800_000_000_000)
            .expect("a new chain opens");
    while chain.announce().expect("storage works") {}

    let alone = appends(&chain, bench.size(1_000, 5)).into_iter().collect();
    bench.table().samples("append by one caller", "us", &alone);
    let each = bench.size(200, 2);
    let begun = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let chain = chain.clone();
            std::thread::spawn(move || appends(&chain, each))
        })
        .collect();
    let together: Samples = callers.into_iter().flat_map(|caller| caller.join().expect("all are written")).collect();
    let took = begun.elapsed();
    bench.table().samples(&format!("append by {CALLERS} callers at once"), "us", &together);
    bench.table().figure("append by all of them", "1/s", per_second(together.len(), took));
    reads(&mut bench, &chain);
    bench.end();
}

/// Appends events one by one; each is on the disk when its call returns. Returns the times.
fn appends(chain: &NakamotoChainState, count: usize) -> Vec<f64> {
    let mut samples = Vec::new();
    for number in 1..=count {
        let begun = Instant::now();
        chain.set_mining(v1::MiningMode::Auto, Some(number as u64)).expect("storage works");
        samples.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    samples
}

fn reads(bench: &mut Bench, chain: &NakamotoChainState) {
    let newest = chain.journal().newest_sequence();
    let page = PAGE.min(usize::try_from(newest).expect("few events"));
    let rounds = vec![newest + 1 - page as u64; bench.size(1_000, 5)];
    let bytes = |count: &usize| count.to_be_bytes().to_vec();
    let from_memory = |from: &u64| {
        let events = chain.journal().read(*from, page, usize::MAX).expect("in memory");
        assert_eq!(events.len(), page);
        events.len()
    };
    bench.each(&format!("the newest {page} events, from memory"), &rounds, from_memory, bytes);
    let from_database = |from: &u64| {
        let events = chain
            .read(|reader| select_events(reader.conn(), reader.staging(), *from, page, usize::MAX))
            .expect("storage works");
        assert_eq!(events.len(), page);
        events.len()
    };
    let rounds = vec![1; rounds.len()];
    bench.each(&format!("the oldest {page} events, from the database"), &rounds, from_database, bytes);
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
