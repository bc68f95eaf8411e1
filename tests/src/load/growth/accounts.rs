//! Accounts created by transfers: what a new one costs, and what reading one costs, when there are many.

use std::time::Instant;

use chainstate::test_support::transfer_payload;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;

use super::{Named, chart, line};
use crate::figures::Samples;
use crate::load::Grown;
use crate::load::accounts::{self, Account};
use crate::load::net::{self, Counter};
use crate::load::plot::Chart;
use crate::load::rows::float_of;
use crate::load::wire::Wire;
use crate::processes::{Cluster, Plan};

/// Number of accounts that are read.
const READS: usize = 2_000;
/// With fewer transfers, the time is that of one block and not a rate.
const TRANSFERS_LEAST: usize = 500;

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let mut senders = Account::many(grown.accounts);
    let cluster = net::start(&senders, Plan::default());
    let mut counter = Counter::start(&cluster).await;
    let (mut reads, mut transfers) = (Vec::new(), Vec::new());
    let mut addresses: Vec<StacksAddress> = Vec::new();
    for count in [10, 100, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|count| *count <= grown.accounts_max) {
        let before = addresses.len();
        addresses.extend((before..count).map(address));
        let pay = |index: usize| transfer_payload(addresses[before + index].to_principal(), 1);
        let transactions = accounts::signed(&mut senders, count - before, pay);
        let begun = Instant::now();
        net::offer_all(cluster.address(), transactions, &counter).await;
        counter.until("all are mined", |progress| progress.transactions >= count as u64).await;
        if count - before >= TRANSFERS_LEAST {
            transfers.push((float_of(count), float_of(count - before) / begun.elapsed().as_secs_f64()));
        }
        reads.push((float_of(count), read(&cluster, &addresses).await));
    }
    let by_factors = |chart| Chart { by_factors: true, ..chart };
    let x = "accounts";
    vec![
        ("-read", by_factors(chart("GET /v2/accounts, one at a time", x, "us, median", vec![line("read", reads)]))),
        ("-transfers", by_factors(chart("Transfers to new accounts", x, "1/s", vec![line("rate", transfers)]))),
    ]
}

/// Median time to read an account, in microseconds.
async fn read(cluster: &Cluster, addresses: &[StacksAddress]) -> f64 {
    let mut wire = Wire::connect(cluster.address()).await;
    let mut samples = Samples::default();
    // Accounts far apart, so that they are on different pages.
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

/// An address to which nobody has the key.
fn address(number: usize) -> StacksAddress {
    StacksAddress::of_key_hash(Hash160::digest(&number.to_be_bytes()), false)
}
