//! Checks of a node that was sent garbage.

use serde_json::Value;
use tests::processes::{Cluster, stacksjs};

/// Checks that it has not panicked, and answers.
pub(super) async fn assert_answers(cluster: &Cluster) -> Value {
    assert!(!cluster.node.log().contains("panicked"), "{}", cluster.node.log());
    let info = cluster.http().get("/v2/info").await;
    assert_eq!(info.status, 200);
    info.json()
}

/// Checks that it has not panicked, answers, and processes blocks.
pub(super) async fn assert_goes_on(cluster: &Cluster) {
    let info = assert_answers(cluster).await;
    let height = info["stacks_tip_height"].as_u64().expect("a height");

    let transaction = &stacksjs()["transactions"][0];
    let raw = hex::decode(transaction["raw"].as_str().expect("raw")).expect("hex");
    let answer = cluster.client().submit(raw).await;
    assert!(answer.accepted, "{answer:?}");
    let mut watch = cluster.client().watch(0).await;
    watch.receipt(&answer.txid).await;
    let info = cluster.http().get("/v2/info").await.json();
    assert!(info["stacks_tip_height"].as_u64() > Some(height), "{info}");
}
