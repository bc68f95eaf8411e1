//! Transactions that exceed the time limit: each is tried and dropped, and none waits for somebody to send something
//! else.

use chainstate::test_support::{address, call_payload, deploy_payload, key, signed, transfer_payload};
use nakamoto_proto::v1::DropReason;
use nakamoto_proto::v1::event::Body;
use stacks_types::transaction::StacksTransaction;
use tests::processes::{Cluster, Plan, run};

/// Accounts that send slow transactions: more than a template drops.
const SLOW: u8 = 4;
/// The account that sends nothing slow.
const HONEST: u8 = SLOW;

/// `slow` takes seconds.
fn contract() -> String {
    let (list, start) = (format!("(list {})", "u1 ".repeat(90)), "00".repeat(64));
    format!(
        "(define-constant l {list})
         (define-private (a (x uint) (h (buff 64))) (sha512 h))
         (define-private (b (x uint) (h (buff 64))) (fold a l h))
         (define-private (c (x uint) (h (buff 64))) (fold b l h))
         (define-private (d (x uint) (h (buff 64))) (fold c l h))
         (define-public (slow) (ok (fold d l 0x{start})))"
    )
}

fn call(from: u8, fee: u64) -> StacksTransaction {
    signed(&key("user", from), 0, fee, call_payload(address("user", HONEST), "heavy", "slow", Vec::new()))
}

#[test]
fn slow_ones_are_dropped_one_after_the_other_and_others_are_mined_meanwhile() {
    run(async {
        let plan = Plan {
            epoch: "4.0",
            node_config: "[node]\nmax_execution_time_secs = 1\n".to_owned(),
            balances: (0..=HONEST).map(|from| (address("user", from).to_string(), 1_000_000_000)).collect(),
            ..Plan::default()
        };
        let cluster = Cluster::start_plan(plan);
        let client = cluster.client();
        let mut watch = client.watch(0).await;
        let deploy = signed(&key("user", HONEST), 0, 100_000, deploy_payload("heavy", &contract()));
        client.submit(deploy.encode()).await;
        watch.receipt(&deploy.txid().0).await;

        // Blocks come on demand: the last slow transaction is dropped although nothing more is sent.
        let mut waiting: Vec<_> = (0..SLOW).map(|from| call(from, 50_000 + u64::from(from))).collect();
        for transaction in &waiting {
            client.submit(transaction.encode()).await;
        }
        while !waiting.is_empty() {
            let dropped = watch.until("a drop", |body| match body {
                Body::MempoolDropped(dropped) => Some((dropped.reason(), dropped.txids.clone())),
                _ => None,
            });
            let (reason, txids) = dropped.await;
            assert_eq!(reason, DropReason::OverExecutionLimits);
            waiting.retain(|transaction| !txids.iter().any(|txid| txid[..] == transaction.txid().0));
        }

        // A slow account is mined at once when nobody else sends, and an honest account is mined beside slow ones.
        let pay = |from, nonce| {
            let payload = transfer_payload(address("user", 0).to_principal(), 1);
            signed(&key("user", from), nonce, 1_000, payload)
        };
        let alone = pay(SLOW - 1, 0);
        client.submit(alone.encode()).await;
        watch.receipt(&alone.txid().0).await;
        for from in 0..SLOW - 1 {
            client.submit(call(from, 60_000 + u64::from(from)).encode()).await;
        }
        let honest = pay(HONEST, 1);
        client.submit(honest.encode()).await;
        watch.receipt(&honest.txid().0).await;
    });
}
