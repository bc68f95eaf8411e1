//! `POST /v2/transactions` as the mempool fills: the rate over each tenth; nothing is mined.

use std::time::Instant;

use super::float_of;
use crate::figures::Table;
use crate::load::Size;
use crate::load::accounts::{self, Account};
use crate::load::net::{self, Counter};
use crate::processes::Plan;

/// Parts of the load, each with its own rate.
const PARTS: usize = 10;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let rates = rates(size.accounts, size.mempool, PARTS).await;
    let samples = rates.iter().map(|(_, rate)| *rate).collect();
    table.samples("POST /v2/transactions accepted, by tenth of the load", "1/s", &samples);
    if let (Some((_, first)), Some((_, last))) = (rates.first(), rates.last()) {
        table.figure(".. with an empty mempool", "1/s", *first);
        table.figure(&format!(".. with {} pending", size.mempool - size.mempool / PARTS), "1/s", *last);
    }
}

/// Fills a mempool in `parts` parts. Returns how many were pending before each part, and how many a second were accepted.
pub(in crate::load) async fn rates(senders: usize, count: usize, parts: usize) -> Vec<(f64, f64)> {
    let mut senders = Account::many(senders);
    let plan = Plan { running_producers: 0, running_signers: 0, ..Plan::default() };
    let cluster = net::start(&senders, plan);
    let mut transactions = accounts::signed(&mut senders, count, accounts::transfer);
    let counter = Counter::start(&cluster).await;
    let (part, mut pending, mut rates) = (count / parts, 0, Vec::new());
    for _ in 0..parts {
        let rest = transactions.split_off(part.min(transactions.len()));
        let offered = std::mem::replace(&mut transactions, rest);
        let count = offered.len();
        let begun = Instant::now();
        net::offer_all(cluster.address(), offered, &counter).await;
        rates.push((float_of(pending), float_of(count) / begun.elapsed().as_secs_f64()));
        pending += count;
    }
    rates
}
