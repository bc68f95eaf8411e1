//! `POST /v2/transactions` as the mempool fills: the rate over each tenth, with nothing mined.

use std::time::Instant;

use super::float_of;
use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::load::accounts::{self, Account};
use crate::load::net::{self, Counter};
use crate::processes::Plan;

/// Parts of the load whose rates are told apart.
const PARTS: usize = 10;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let plan = Plan { running_producers: 0, running_signers: 0, ..Plan::default() };
    let cluster = net::start(&senders, plan);
    let mut transactions = accounts::signed(&mut senders, size.mempool, accounts::transfer);
    let counter = Counter::start(&cluster).await;
    let part = size.mempool / PARTS;
    let mut rates = Samples::default();
    let (mut first, mut last) = (0.0, 0.0);
    for number in 0..PARTS {
        let rest = transactions.split_off(part.min(transactions.len()));
        let offered = std::mem::replace(&mut transactions, rest);
        let count = float_of(offered.len());
        let begun = Instant::now();
        net::offer_all(cluster.address(), offered, &counter).await;
        last = count / begun.elapsed().as_secs_f64();
        if number == 0 {
            first = last;
        }
        rates.push(last);
    }
    table.samples("POST /v2/transactions accepted, by tenth of the load", "1/s", &rates);
    table.figure(".. with an empty mempool", "1/s", first);
    table.figure(&format!(".. with {} pending", size.mempool - part), "1/s", last);
}
