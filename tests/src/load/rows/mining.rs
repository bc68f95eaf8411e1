//! Transactions mined per second, offered meanwhile or from a mempool that was filled before.

use std::time::Instant;

use super::{bytes_below, float_of};
use crate::figures::Table;
use crate::load::accounts::{self, Account, COUNTER};
use crate::load::net::{self, Counter, Progress};
use crate::load::{Size, wire::Wire};
use crate::processes::{Cluster, Plan};
use chainstate::test_support::{call_payload, deploy_payload};

/// Tenures of short burn blocks. A tenure's contract costs are limited, and it lasts as long as its burn block: with a
/// single one the chain would stop after some ten thousand calls. A template takes less time than a burn block, or no
/// template would be current.
fn in_short_tenures() -> Plan {
    Plan { burn_block_interval: "2s", assembly_time: "500ms", ..Plan::default() }
}

/// Even shorter tenures, for a node that mines calls as fast as it can: it uses up a tenure's 7,750 writes in less than
/// a second.
fn in_shortest_tenures() -> Plan {
    Plan { burn_block_interval: "500ms", assembly_time: "150ms", ..Plan::default() }
}

pub(in crate::load) async fn transfers(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let cluster = net::start(&senders, Plan::default());
    let transactions = accounts::signed(&mut senders, size.transfers, accounts::transfer);
    let before = bytes_below(&cluster.node_folder());
    offer_and_mine(&cluster, transactions, "transfers, offered and mined at once", table).await;
    let grown = bytes_below(&cluster.node_folder()).saturating_sub(before);
    table.figure("disk a transfer", "B", super::float(grown) / float_of(size.transfers));
}

pub(in crate::load) async fn transfers_from_mempool(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let mut cluster = net::start(&senders, Plan::default());
    let transactions = accounts::signed(&mut senders, size.transfers, accounts::transfer);
    from_mempool(&mut cluster, transactions, "transfers from a filled mempool", table).await;
}

pub(in crate::load) async fn calls_from_mempool(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let mut cluster = net::start(&senders, in_shortest_tenures());
    let contract = senders[0].address();
    deploy_counter(&cluster, &mut senders[0]).await;
    let call = |_| call_payload(contract, "counter", "increment", Vec::new());
    let transactions = accounts::signed(&mut senders, size.calls, call);
    from_mempool(&mut cluster, transactions, "contract calls from a filled mempool", table).await;
}

/// Offers the transactions to a node without a running producer; then times the producer, which finds all of them when
/// it returns.
async fn from_mempool(cluster: &mut Cluster, transactions: Vec<Vec<u8>>, what: &str, table: &mut Table) {
    let count = transactions.len();
    cluster.producers[0].kill();
    let mut counter = Counter::start(cluster).await;
    net::offer_all(cluster.address(), transactions, &counter).await;
    cluster.restart_producer(0);
    let end = all_mined(&mut counter, count).await;
    // Time counts from the first block on, whose transactions are left out. A tiny load has no second block.
    let Some(((first_at, in_first), last_at)) = end.first_at.zip(end.last_at) else { return };
    if last_at > first_at {
        let counted = super::float(count as u64 - in_first);
        table.figure(what, "1/s", counted / last_at.duration_since(first_at).as_secs_f64());
    }
}

pub(in crate::load) async fn calls(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let cluster = net::start(&senders, in_short_tenures());
    let contract = senders[0].address();
    deploy_counter(&cluster, &mut senders[0]).await;
    let transactions =
        accounts::signed(&mut senders, size.calls, |_| call_payload(contract, "counter", "increment", Vec::new()));
    offer_and_mine(&cluster, transactions, "contract calls, offered and mined at once", table).await;
}

pub(in crate::load) async fn deploys(size: &Size, table: &mut Table) {
    let mut senders = Account::many(size.accounts);
    let cluster = net::start(&senders, in_short_tenures());
    let transactions =
        accounts::signed(&mut senders, size.deploys, |index| deploy_payload(&format!("counter-{index}"), COUNTER));
    offer_and_mine(&cluster, transactions, "contract deploys, offered and mined at once", table).await;
}

async fn deploy_counter(cluster: &Cluster, sender: &mut Account) {
    let mut counter = Counter::start(cluster).await;
    let transaction = sender.sign(deploy_payload("counter", COUNTER));
    Wire::connect(cluster.address()).await.submit(&transaction).await.expect("it is accepted");
    all_mined(&mut counter, 1).await;
}

async fn offer_and_mine(cluster: &Cluster, transactions: Vec<Vec<u8>>, what: &str, table: &mut Table) {
    let count = transactions.len();
    let mut counter = Counter::start(cluster).await;
    let begun = Instant::now();
    net::offer_all(cluster.address(), transactions, &counter).await;
    let end = all_mined(&mut counter, count).await;
    let took = end.last_at.map(|last| last.duration_since(begun));
    table.figure(what, "1/s", float_of(count) / seconds(took));
}

async fn all_mined(counter: &mut Counter, count: usize) -> Progress {
    counter.until("all are mined", |progress| progress.transactions >= count as u64).await
}

fn seconds(took: Option<std::time::Duration>) -> f64 {
    took.expect("something was mined").as_secs_f64()
}
