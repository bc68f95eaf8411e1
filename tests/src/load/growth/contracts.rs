//! Contracts of growing size: time from offering a deployment or a call to the event of its block.

use std::fmt::Write as _;
use std::time::Instant;

use super::{Named, chart, line};
use crate::figures::Samples;
use crate::load::Grown;
use crate::load::accounts::Account;
use crate::load::net::{self, Counter};
use crate::load::rows::float_of;
use crate::load::wire::Wire;
use crate::processes::Plan;
use chainstate::test_support::{call_payload, deploy_payload};

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let mut senders = Account::many(1);
    let cluster = net::start(&senders, Plan::default());
    let sender = &mut senders[0];
    let mut wire = Wire::connect(cluster.address()).await;
    let mut counter = Counter::start(&cluster).await;
    let (mut mined, mut deploys, mut calls) = (0, Vec::new(), Vec::new());
    for kilobytes in [1, 2, 5, 10, 20, 50, 100].into_iter().filter(|size| *size <= grown.contract_kilobytes) {
        let (mut deploy, mut call) = (Samples::default(), Samples::default());
        for round in 0..grown.contract_rounds {
            let name = format!("sized-{kilobytes}-{round}");
            let contract = sender.address();
            let steps =
                [deploy_payload(&name, &source(kilobytes * 1_000)), call_payload(contract, &name, "last", Vec::new())];
            for (payload, samples) in steps.into_iter().zip([&mut deploy, &mut call]) {
                let transaction = sender.sign_for(payload, 1_000_000);
                let begun = Instant::now();
                wire.submit(&transaction).await.expect("it is accepted");
                mined += 1;
                counter.until("it is mined", |progress| progress.transactions >= mined).await;
                samples.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        deploys.push((float_of(kilobytes), deploy.summary().expect("samples").median));
        calls.push((float_of(kilobytes), call.summary().expect("samples").median));
    }
    let lines = vec![line("deploy", deploys), line("call", calls)];
    vec![("", chart("From offering to the block's event, median", "kB of source", "ms", lines))]
}

/// Code of at most `bytes` bytes, made of similar functions.
fn source(bytes: usize) -> String {
    let last = "(define-public (last) (ok u1))\n";
    let mut source = String::new();
    for number in 0.. {
        let mut next = String::new();
        // Writing into a String cannot fail.
        let _ = writeln!(next, "(define-read-only (step-{number} (a uint) (b uint)) (+ (* a u{number}) (/ b u7)))");
        if source.len() + next.len() + last.len() > bytes {
            break;
        }
        source += &next;
    }
    source + last
}
