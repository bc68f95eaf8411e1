//! `GET /v2/info` over kept connections, while blocks are made.

use std::time::Instant;

use super::float_of;
use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::load::accounts::Account;
use crate::load::net::{self, CONNECTIONS};
use crate::load::wire::Wire;
use crate::processes::Plan;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let cluster = net::start(&Account::many(10), Plan { block_interval: "1s", ..Plan::default() });
    let reads = size.reads / CONNECTIONS;
    let begun = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let address = cluster.address().to_owned();
            tokio::spawn(async move {
                let (mut wire, mut samples) = (Wire::connect(&address).await, Vec::with_capacity(reads));
                for _ in 0..reads {
                    let begun = Instant::now();
                    let (status, body) = wire.get("/v2/info").await;
                    samples.push(begun.elapsed());
                    assert!(status == 200 && !body.is_empty(), "{status}");
                }
                samples
            })
        })
        .collect();
    let mut samples = Samples::default();
    for task in tasks {
        task.await.expect("all are answered").into_iter().for_each(|took| samples.push_micros(took));
    }
    table.figure("GET /v2/info", "1/s", float_of(samples.len()) / begun.elapsed().as_secs_f64());
    table.samples("GET /v2/info, answer time", "us", &samples);
}
