//! Contracts whose evaluation takes hours are offered for free: none is evaluated, and other senders are answered
//! meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chainstate::chain::{AdmissionRefusal, Decision};
use stacks_types::transaction::{StacksTransaction, TransactionPayload};

use super::bench::Bench;
use chainstate::test_support::{key, signed, transfer, transfer_payload, user};

/// Requests of each sender at once.
const AT_ONCE: usize = 8;
/// Far above the time of one check among the others' evaluations, far below the time of all checks in sequence.
const SOON: Duration = Duration::from_secs(2);
const WAIT: Duration = Duration::from_secs(60);

/// A deeply nested contract with a top level that takes hours.
fn deep() -> String {
    let list = format!("(list {})", "u1 ".repeat(40));
    format!(
        "(define-constant l {list})
         (define-private (a (x uint) (sum uint)) (+ sum x))
         (define-private (b (x uint) (sum uint)) (fold a l sum))
         (define-private (c (x uint) (sum uint)) (fold b l sum))
         (define-private (d (x uint) (sum uint)) (fold c l sum))
         {}(fold d l u0){}",
        "(begin ".repeat(25),
        ")".repeat(25)
    )
}

fn deploy_deep(from: u8, nonce: u64, fee: u64) -> StacksTransaction {
    let payload = TransactionPayload::SmartContract { name: "deep".parse().unwrap(), code: deep() };
    signed(&key("user", from), nonce, fee, payload)
}

#[test]
fn four_senders_of_deep_contracts_keep_nobody_waiting() {
    let bench = Bench::started();
    let pool = bench.services.pool.clone();
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (flooded, flood_runs) = std::sync::mpsc::channel();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..4_u8 {
        for lane in 0..AT_ONCE as u64 {
            let (pool, stop, answered) = (pool.clone(), Arc::clone(&stop), Arc::clone(&answered));
            let flooded = flooded.clone();
            let flood = async move {
                // Each pays more than the one before, and replaces it.
                for fee in 0.. {
                    let raw = deploy_deep(sender, lane, 100_000 + fee).encode();
                    // Some are told to try later.
                    let _ = pool.submit(Bytes::from(raw)).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                    let _ = flooded.send(());
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            };
            senders.spawn_on(flood, bench.runtime.handle());
        }
    }
    for _ in 0..8 {
        flood_runs.recv_timeout(WAIT).expect("the flood is answered");
    }
    let submit = |transaction: StacksTransaction| {
        let begun = Instant::now();
        let answer = bench.runtime.block_on(pool.submit(Bytes::from(transaction.encode()))).unwrap();
        assert!(answer.is_ok(), "{answer:?}");
        begun.elapsed()
    };
    let before = answered.load(Ordering::Relaxed);
    let transfers = (0..10).map(|nonce| submit(transfer(4, nonce, 9, 1))).max().unwrap();
    let deep = submit(deploy_deep(4, 10, 100_000));
    let meanwhile = answered.load(Ordering::Relaxed) - before;
    stop.store(true, Ordering::Relaxed);
    bench.runtime.block_on(async { senders.join_all().await });
    println!(
        "an honest transfer took {transfers:?} at most, a deep contract {deep:?}; {meanwhile} of the flood meanwhile"
    );
    assert!(transfers < SOON && deep < SOON, "{transfers:?}, {deep:?}");
}

#[test]
fn the_same_refused_bytes_are_not_checked_again() {
    let bench = Bench::started();
    let mut forged = transfer(0, 0, 9, 5);
    let TransactionPayload::TokenTransfer { amount, .. } = &mut forged.payload else { unreachable!() };
    *amount += 1;
    let submit = |transaction: &StacksTransaction| {
        bench.runtime.block_on(bench.services.pool.submit(Bytes::from(transaction.encode()))).unwrap()
    };
    let reason = |decision: Decision| match decision {
        Err(AdmissionRefusal::Refused { refusal, .. }) => refusal.reason(),
        other => panic!("{other:?}"),
    };
    let first = submit(&forged);
    assert_eq!(reason(first.clone()), "SignatureValidation");
    assert_eq!(submit(&forged), first);
    // A transaction that is refused at one tip may be taken at the next.
    let poor = signed(&key("user", 9), 0, 200, transfer_payload(user(1), 1));
    assert_eq!(reason(submit(&poor)), "NotEnoughFunds");
    bench.send(&[transfer(0, 0, 9, 1_000_000)]);
    assert_eq!(reason(submit(&poor)), "NotEnoughFunds", "not mined yet");
    bench.grow();
    let answer = submit(&poor);
    assert!(answer.is_ok(), "{answer:?}");
}
