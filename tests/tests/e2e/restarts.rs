//! Producer, signer and node are killed (kill -9) and restarted, one after another, while transactions are mined.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use stacks_types::keys::PrivateKey;
use tests::processes::{Client, Cluster, Plan, WAIT, Watch, run, stacksjs, transfer, wallet};

/// All events of the stream, in the order seen by a client that reconnects at its last sequence.
#[derive(Default)]
struct Reported {
    last: u64,
    reconnects: u32,
    blocks_at: BTreeMap<u64, BTreeSet<Vec<u8>>>,
    mined: BTreeMap<Vec<u8>, u32>,
    dropped: Vec<v1::MempoolDropped>,
}

impl Reported {
    fn note(&mut self, event: &v1::Event) {
        assert_eq!(event.sequence, self.last + 1, "a gap or a duplicate across a reconnect");
        self.last = event.sequence;
        match event.body.as_ref().expect("a body") {
            Body::BlockProcessed(block) => {
                let names = block.block.as_ref().expect("a block");
                self.blocks_at.entry(names.chain_length).or_default().insert(names.block_id.to_vec());
                for receipt in &block.receipts {
                    *self.mined.entry(receipt.txid.to_vec()).or_default() += 1;
                }
            }
            Body::MempoolDropped(dropped) => self.dropped.push(dropped.clone()),
            _ => {}
        }
    }
}

/// Follows the stream for the whole test; reconnects at the last sequence whenever the node returns.
async fn follow(
    client: Client,
    reported: Arc<Mutex<Reported>>,
    moved: Arc<tokio::sync::Notify>,
    mut node_is_up: tokio::sync::watch::Receiver<bool>,
) {
    loop {
        node_is_up.wait_for(|is_up| *is_up).await.expect("the test goes on");
        let last = reported.lock().expect("no panic").last;
        let Ok(mut watch): Result<Watch, _> = client.try_watch(last).await else { continue };
        while let Ok(event) = watch.try_next().await {
            reported.lock().expect("no panic").note(&event);
            moved.notify_waiters();
        }
        reported.lock().expect("no panic").reconnects += 1;
    }
}

/// Offers transfers with rising nonces until it is stopped; repeats an offer that got no answer.
async fn offer(
    client: Client,
    key: PrivateKey,
    stop: Arc<AtomicBool>,
    accepted: Arc<Mutex<Vec<Vec<u8>>>>,
    moved: Arc<tokio::sync::Notify>,
) {
    let mut nonce = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut news = std::pin::pin!(moved.notified());
        news.as_mut().enable();
        let transaction = transfer(&key, nonce);
        let raw = transaction.encode();
        let mut service = v1::transaction_service_client::TransactionServiceClient::new(client.channel.clone());
        let answer = service.submit_transaction(v1::SubmitTransactionRequest { transaction: raw.into() }).await;
        match answer.map(tonic::Response::into_inner) {
            Ok(answer) if answer.accepted => {
                accepted.lock().expect("no panic").push(transaction.txid().0.to_vec());
                nonce += 1;
            }
            // An accepted offer whose answer was lost may be mined by now.
            Ok(answer) if answer.refusal_reason == "BadNonce" => nonce += 1,
            // The nonce is too far ahead and waits for blocks, or the node is away; the next event says that it is
            // back.
            Ok(_) | Err(_) => tokio::time::timeout(WAIT, news).await.expect("the chain goes on"),
        }
    }
}

async fn wait_until(
    reported: &Arc<Mutex<Reported>>,
    moved: &tokio::sync::Notify,
    what: &str,
    done: impl Fn(&Reported) -> bool,
) {
    let waited = tokio::time::timeout(WAIT, async {
        loop {
            let notified = moved.notified();
            if done(&reported.lock().expect("no panic")) {
                return;
            }
            // The stream may be reconnecting, so this soon checks again even without an event.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), notified).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

#[test]
fn nothing_is_lost_and_no_height_has_two_blocks_when_processes_are_killed() {
    kill_one_after_the_other(true);
}

#[test]
fn without_syncs_a_killed_process_loses_nothing_either() {
    kill_one_after_the_other(false);
}

fn kill_one_after_the_other(durable: bool) {
    run(async {
        let mut cluster = Cluster::start_plan(Plan {
            block_interval: "200ms",
            burn_block_interval: "2s",
            durable,
            ..Plan::default()
        });
        assert!(cluster.node.log().contains("new chain"), "a start says what it begins with");
        let vectors = stacksjs();
        let reported = Arc::new(Mutex::new(Reported::default()));
        let moved = Arc::new(tokio::sync::Notify::new());
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (node_up, node_is_up) = tokio::sync::watch::channel(true);
        let follower = tokio::spawn(follow(cluster.client(), Arc::clone(&reported), Arc::clone(&moved), node_is_up));
        let offers: Vec<_> = ["wallet_1", "wallet_2", "wallet_3"]
            .into_iter()
            .map(|name| {
                let key = wallet(&vectors, name);
                let (stop, accepted, moved) = (Arc::clone(&stop), Arc::clone(&accepted), Arc::clone(&moved));
                tokio::spawn(offer(cluster.client(), key, stop, accepted, moved))
            })
            .collect();

        let height = |reported: &Reported| reported.blocks_at.last_key_value().map_or(0, |(height, _)| *height);
        let mut goal = 3;
        wait_until(&reported, &moved, "the chain starts", |reported| height(reported) >= goal).await;
        for round in 0..2 {
            for victim in ["producer", "signer", "node"] {
                match victim {
                    "producer" => cluster.restart_producer(0),
                    "signer" => cluster.restart_signer(round),
                    _ => {
                        node_up.send_replace(false);
                        cluster.restart_node("2s");
                        assert!(cluster.node.log().contains("resumed at height "), "a start says where it goes on");
                        node_up.send_replace(true);
                    }
                }
                goal = height(&reported.lock().expect("no panic")) + 4;
                let what = format!("blocks after the {victim} was killed in round {round}");
                wait_until(&reported, &moved, &what, |reported| height(reported) >= goal).await;
            }
        }
        stop.store(true, Ordering::Relaxed);
        for offer in offers {
            offer.await.expect("no panic");
        }
        let accepted = accepted.lock().expect("no panic").clone();
        let all_mined = |reported: &Reported| accepted.iter().all(|txid| reported.mined.contains_key(txid));
        wait_until(&reported, &moved, "every accepted transaction is mined", all_mined).await;
        follower.abort();

        let reported = reported.lock().expect("no panic");
        assert!(accepted.len() > 20, "transactions flowed: {}", accepted.len());
        assert!(reported.reconnects >= 2, "the stream was cut and resumed");
        assert!(reported.mined.values().all(|times| *times == 1), "a transaction was mined twice");
        assert!(reported.dropped.is_empty(), "{:?}", reported.dropped);
        for (height, ids) in &reported.blocks_at {
            assert_eq!(ids.len(), 1, "height {height} has two blocks");
        }
        let heights: Vec<_> = reported.blocks_at.keys().copied().collect();
        assert_eq!(heights, (0..heights.len() as u64).collect::<Vec<_>>(), "heights have no hole");
    });
}
