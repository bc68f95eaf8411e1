//! Accounts with money from genesis: what starting with them takes, and what reads and transfers cost then.

use std::time::Instant;

use nakamoto_proto::address::StacksAddress;
use nakamoto_proto::hashing::hash160;

use super::{Named, chart, line};
use crate::figures::Samples;
use crate::load::Grown;
use crate::load::accounts::{self, Account, OPENING_USTX};
use crate::load::net::{self, Counter};
use crate::load::plot::Chart;
use crate::load::rows::float_of;
use crate::load::wire::Wire;
use crate::processes::{Cluster, Plan};

/// Reads of accounts.
const READS: usize = 2_000;
/// Accounts that send.
const SENDERS: usize = 100;

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let (mut starts, mut reads, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
    for count in [10, 100, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|count| *count <= grown.accounts_max) {
        let addresses: Vec<_> = (0..count).map(address).collect();
        let mut senders = Account::many(SENDERS.min(grown.accounts));
        let mut balances: Vec<_> = addresses.iter().map(|address| (address.clone(), 1_000_000)).collect();
        balances.extend(senders.iter().map(|sender| (sender.address().to_string(), OPENING_USTX)));
        let begun = Instant::now();
        let cluster = Cluster::start_plan(Plan { balances, ..Plan::default() });
        starts.push((float_of(count), begun.elapsed().as_secs_f64()));
        let read = read(&cluster, &addresses).await;
        reads.push((float_of(count), read));
        let transactions = accounts::signed(&mut senders, grown.transfers, accounts::transfer);
        let mut counter = Counter::start(&cluster).await;
        let begun = Instant::now();
        net::offer_all(cluster.address(), transactions, &counter).await;
        let goal = grown.transfers as u64;
        counter.until("all are mined", |progress| progress.transactions >= goal).await;
        transfers.push((float_of(count), float_of(grown.transfers) / begun.elapsed().as_secs_f64()));
    }
    let by_factors = |chart| Chart { by_factors: true, ..chart };
    let x = "accounts";
    vec![
        ("-start", by_factors(chart("Start of all processes, genesis included", x, "s", vec![line("start", starts)]))),
        ("-read", by_factors(chart("GET /v2/accounts, one at a time", x, "us, median", vec![line("read", reads)]))),
        ("-transfers", by_factors(chart("Transfers, offered and mined", x, "1/s", vec![line("rate", transfers)]))),
    ]
}

/// The median time of a read, in microseconds.
async fn read(cluster: &Cluster, addresses: &[String]) -> f64 {
    let mut wire = Wire::connect(cluster.address()).await;
    let mut samples = Samples::default();
    // Far apart, so that not all are on the same pages.
    for number in 0..READS {
        let address = &addresses[number * 7_919 % addresses.len()];
        let path = format!("/v2/accounts/{address}?proof=0");
        let begun = Instant::now();
        let (status, _) = wire.get(&path).await;
        samples.push_micros(begun.elapsed());
        assert_eq!(status, 200);
    }
    samples.summary().expect("samples").median
}

/// An address of which nobody has the key.
fn address(number: usize) -> String {
    StacksAddress { version: 26, hash160: hash160(&number.to_be_bytes()) }.to_string()
}
