//! The disk lets the node down: it is full, read-only, or gives back other bytes than were written.

use std::process::Command;

use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_service_client::TransactionServiceClient;
use tonic_types::StatusExt as _;

use crate::restarts::{transfer, wallet};
use crate::support::{Client, Cluster, Process, WAIT, run, stacksjs};

/// Sets how large the files of a running process may become; `None` lifts the limit. A process meets this limit as it does a
/// full disk, and it needs no disk of its own and no privileges. False, with the reason printed, where it cannot be set.
fn limit_files(process: &Process, bytes: Option<u64>) -> bool {
    let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    // The soft limit alone: the hard one stays where it is, so that anybody may lift it again.
    let status = Command::new("prlimit")
        .args(["--pid", &process.id().to_string(), &format!("--fsize={limit}:")])
        .stderr(std::process::Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => true,
        other => {
            println!("SKIPPED: prlimit (util-linux) cannot limit the size of files here: {other:?}");
            false
        }
    }
}

async fn submit(client: &Client, raw: Vec<u8>) -> Result<v1::SubmitTransactionResponse, tonic::Status> {
    let mut service = TransactionServiceClient::new(client.channel.clone());
    let request = v1::SubmitTransactionRequest { transaction: raw.into() };
    service.submit_transaction(request).await.map(tonic::Response::into_inner)
}

#[test]
fn a_full_disk_stops_writes_and_nothing_else_and_the_node_goes_on_when_there_is_room() {
    run(async {
        let mut cluster = Cluster::start("100ms", "1s");
        let (client, http) = (cluster.client(), cluster.http());
        let key = wallet(&stacksjs(), "wallet_1");
        let mut watch = client.watch(0).await;
        let accepted = transfer(&key, 0);
        assert!(submit(&client, accepted.encode()).await.expect("there is room").accepted);
        watch.receipt(&accepted.txid().0).await;
        let before = watch.block().await.block.expect("a block");

        if !limit_files(&cluster.node, Some(4096)) {
            return;
        }
        // The first offer may still find room in a file that is written from its beginning again.
        let refused = transfer(&key, 1).encode();
        let end = tokio::time::Instant::now() + WAIT;
        let status = loop {
            match submit(&client, refused.clone()).await {
                Err(status) => break status,
                Ok(answer) => assert!(answer.accepted && tokio::time::Instant::now() < end, "{answer:?}"),
            }
        };
        assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
        assert_eq!(status.get_details_error_info().expect("a reason").reason, "STORAGE_FULL");
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
        let answer = http.post("/v2/transactions", "application/octet-stream", transfer(&key, 2).encode()).await;
        assert_eq!(answer.status, 507, "{answer:?}");
        assert!(answer.text().contains("storage is full"), "{answer:?}");
        // What is there is served on, and the process lives.
        assert_eq!(http.get("/v2/info").await.status, 200);
        let id = hex::encode(&before.block_id);
        assert_eq!(http.get(&format!("/v3/blocks/{id}")).await.status, 200, "{id}");

        assert!(limit_files(&cluster.node, None));
        assert!(submit(&client, refused).await.expect("there is room again").accepted);
        watch.receipt(&transfer(&key, 1).txid().0).await;
        let after = watch.block().await.block.expect("a block");
        assert!(after.chain_length > before.chain_length);

        cluster.restart_node("1s");
        let mut watch = cluster.client().watch(0).await;
        for txid in [accepted.txid(), transfer(&key, 1).txid()] {
            assert_eq!(watch.receipt(&txid.0).await.status(), v1::TransactionStatus::Success, "mined, and still there");
        }
    });
}
