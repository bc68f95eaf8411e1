//! Does choosing transactions for a block cost more when more of them wait? Measures a step of the walk over
//! candidates, and a change to the index, with 10, 10,000 and 100,000 pending.
//!
//! Mirrors what assembly does under the mempool's lock: take the next candidate, then note that it is mined. Reading
//! the chosen transactions' bytes from the database and executing them are not measured.
//!
//! `cargo bench -p tests --bench mempool`; `-- --tiny` does little, to see that it still runs.

use std::hint::black_box;
use std::time::Instant;

use chainstate::mempool::{Candidates, Changes, MempoolIndex, PendingTransaction};
use stacks_types::address::StacksAddress;
use stacks_types::hashing::sha512_256;
use stacks_types::ids::{Hash160, Txid};
use tests::bench::Bench;
use tests::figures::Samples;

/// Pending transactions of one account, with consecutive nonces.
const CHAINED: u64 = 10;
/// Most steps of a walk: a block holds about this many small transactions.
const STEPS: usize = 10_000;

fn main() {
    let mut bench = Bench::start("mempool selection");
    for pending in [10, bench.size(10_000, 100), bench.size(100_000, 1_000)] {
        let index = filled(pending as u64);
        assert_eq!(index.totals().transactions, pending as u64);
        walks(&mut bench, &index, pending);
        changes(&mut bench, index, pending);
    }
    bench.end();
}

fn walks(bench: &mut Bench, index: &MempoolIndex, pending: usize) {
    let (mut steps, mut walks) = (Samples::default(), Samples::default());
    for _ in 0..bench.size(5, 1) {
        let mut candidates = Candidates::default();
        let begun = Instant::now();
        for _ in 0..STEPS.min(pending) {
            let step = Instant::now();
            let next = candidates.next(index).expect("there are more");
            candidates.mined(index, black_box(&next));
            steps.push_micros(step.elapsed());
            bench.digest(&next.txid.0);
        }
        walks.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    bench.table().samples(&format!("{pending} pending: a candidate, chosen and mined"), "us", &steps);
    let what = format!("{pending} pending: a walk of {} steps, with the digest", STEPS.min(pending));
    bench.table().samples(&what, "ms", &walks);
}

/// Measures the admission of transactions of other accounts.
fn changes(bench: &mut Bench, mut index: MempoolIndex, pending: usize) {
    let mut samples = Samples::default();
    for number in 0..bench.size(1_000, 10) as u64 {
        let added = transaction(pending as u64 + 1 + number, 1_000_000 + number, 0);
        let changes = Changes { nonces: vec![(added.origin, 0)], added: vec![added], dropped: Vec::new() };
        let begun = Instant::now();
        index.apply(&changes);
        samples.push_micros(begun.elapsed());
    }
    bench.digest(&index.totals().bytes.to_be_bytes());
    bench.table().samples(&format!("{pending} pending: one more admitted"), "us", &samples);
}

fn filled(count: u64) -> MempoolIndex {
    let added: Vec<_> = (0..count).map(|number| transaction(number + 1, number / CHAINED, number % CHAINED)).collect();
    let nonces = added.iter().filter(|pending| pending.origin_nonce == 0).map(|pending| (pending.origin, 0)).collect();
    let mut index = MempoolIndex::default();
    index.apply(&Changes { added, dropped: Vec::new(), nonces });
    index
}

/// A pending transaction. Fees go up and down, so that accounts take turns.
fn transaction(arrival: u64, account: u64, nonce: u64) -> PendingTransaction {
    let txid = sha512_256(&[&arrival.to_be_bytes()]);
    let mut hash = Hash160::default();
    hash.0[..8].copy_from_slice(&sha512_256(&[&account.to_le_bytes()])[..8]);
    let origin = StacksAddress::of_key_hash(hash, false);
    PendingTransaction {
        arrival,
        txid: Txid(txid),
        origin,
        origin_nonce: nonce,
        payer: origin,
        payer_nonce: nonce,
        fee: 1_000 + u64::from(txid[0]) * 10,
        size_bytes: 180,
        accepted_s: 1,
        restored: false,
    }
}
