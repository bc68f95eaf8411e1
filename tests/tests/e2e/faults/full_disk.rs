//! A full disk, simulated by a limit on file sizes and by a small file system in memory.

use std::process::Command;

use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_service_client::TransactionServiceClient;
use tests::processes::{Client, Cluster, Http, NodeAlone, Process, SmallDisk, WAIT, run, stacksjs, transfer, wallet};
use tonic_types::StatusExt as _;

use super::{check_refused, check_started, ended, node};

/// Sets the limit on file sizes of a running process; `None` lifts it. To the process this looks like a full disk, and
/// it needs neither a disk nor privileges.
fn limit_files(process: &Process, bytes: Option<u64>) {
    let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    // Only the soft limit: the hard limit stays, so that the soft one can be raised again.
    let status =
        Command::new("prlimit").args(["--pid", &process.id().to_string(), &format!("--fsize={limit}:")]).status();
    assert!(status.is_ok_and(|status| status.success()), "no prlimit: install util-linux");
}

async fn submit(client: &Client, raw: Vec<u8>) -> Result<v1::SubmitTransactionResponse, tonic::Status> {
    let mut service = TransactionServiceClient::new(client.channel.clone());
    let request = v1::SubmitTransactionRequest { transaction: raw.into() };
    service.submit_transaction(request).await.map(tonic::Response::into_inner)
}

fn check_full(status: &tonic::Status) {
    assert_eq!(status.code(), tonic::Code::ResourceExhausted, "{status:?}");
    assert_eq!(status.get_details_error_info().expect("a reason").reason, "STORAGE_FULL");
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
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

        limit_files(&cluster.node, Some(4096));
        // The first offer may still find room in a file that is being reused from its beginning.
        let refused = transfer(&key, 1).encode();
        let end = tokio::time::Instant::now() + WAIT;
        let status = loop {
            match submit(&client, refused.clone()).await {
                Err(status) => break status,
                Ok(answer) => assert!(answer.accepted && tokio::time::Instant::now() < end, "{answer:?}"),
            }
        };
        check_full(&status);
        let answer = http.post("/v2/transactions", "application/octet-stream", transfer(&key, 2).encode()).await;
        assert_eq!(answer.status, 507, "{answer:?}");
        assert!(answer.text().contains("storage is full"), "{answer:?}");
        // Existing data is still served, and the process lives.
        assert_eq!(http.get("/v2/info").await.status, 200);
        let id = hex::encode(&before.block_id);
        assert_eq!(http.get(&format!("/v3/blocks/{id}")).await.status, 200, "{id}");

        limit_files(&cluster.node, None);
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

#[test]
fn a_producer_or_signer_that_finds_no_room_signs_nothing_and_goes_on_when_there_is_some() {
    run(async {
        let mut cluster = Cluster::start("100ms", "1s");
        let client = cluster.client();
        client.watch(0).await.block().await;
        for process in [&cluster.signers[0], &cluster.producers[0]] {
            // Its record has grown to that after some blocks, its log has not.
            limit_files(process, Some(64 << 10));
            process.wait_for_log("nothing is signed without it");
            limit_files(process, None);
            let newest = client.tip().await.sequence;
            let mut watch = client.watch(newest).await;
            for _ in 0..2 {
                watch.block().await;
            }
        }
        for process in [&mut cluster.signers[0], &mut cluster.producers[0]] {
            let status = process.terminate();
            assert!(status.success(), "{status}: {}", process.log());
        }
    });
}

/// Bytes of the disk: room for a new chain and a few hundred pages.
const DISK_BYTES: u64 = 4 << 20;

fn or_say<T>(mounted: Result<T, String>) -> Option<T> {
    mounted.map_err(|why| println!("NOT TESTED on a small disk: {why}")).ok()
}

#[test]
fn what_was_acknowledged_on_a_disk_that_filled_up_is_there_when_there_is_room_again() {
    run(async {
        // If no disk can be mounted, the test above still causes the same errors by the limit on file sizes.
        let Some(mut alone) = or_say(NodeAlone::start_on_small_disk(DISK_BYTES)) else { return };
        let (client, genesis, data) = (alone.client(), alone.genesis_file(), alone.data_folder());
        let block = alone.script(1, 25).await.remove(0);
        let mut watch = client.watch(0).await;
        watch.block().await;
        let disk = alone.disk.as_ref().expect("its disk");

        // Leaves room for the block itself, but not for its results.
        disk.fill(block.len() as u64 + (40 << 10));
        alone.push(&client, &block).await;
        let accepted = submit_until_full(&client).await;
        alone.node.wait_for_log("storage is full: blocks are not processed until there is room");
        assert_eq!(client.tip().await.tip.expect("a tip").chain_length, 0, "there was room after all");
        assert_eq!(Http::new(alone.address()).get("/v2/info").await.status, 200, "what is there is served");
        disk.make_room();
        assert_eq!(watch.block().await.block.expect("a block").chain_length, 1, "it goes on by itself");

        disk.fill(0);
        alone.node.kill();
        let started = ended(disk.on_it(&node(&data, &genesis)));
        check_refused("a full disk", &started, &[&data.display().to_string(), "no room left on the disk"]);
        disk.make_room();
        alone.restart();
        check_mempool(&alone, &accepted).await;
        assert!(!alone.node.log().contains("panicked"));
    });
}

/// Offers transactions until one is refused because the disk is full; returns the ids of those accepted before.
async fn submit_until_full(client: &Client) -> Vec<String> {
    let key = wallet(&stacksjs(), "wallet_2");
    let mut accepted = Vec::new();
    for nonce in 0..25 {
        let transaction = transfer(&key, nonce);
        match submit(client, transaction.encode()).await {
            Ok(answer) => assert!(answer.accepted, "{answer:?}"),
            Err(status) => {
                check_full(&status);
                return accepted;
            }
        }
        accepted.push(hex::encode(transaction.txid().0));
    }
    panic!("the disk does not fill up");
}

async fn check_mempool(alone: &NodeAlone, accepted: &[String]) {
    let http = Http::new(alone.address());
    for txid in accepted {
        assert_eq!(http.get(&format!("/v2/transactions/unconfirmed/{txid}")).await.status, 200, "{txid} is lost");
    }
}

#[test]
fn a_new_chain_that_found_no_room_is_made_when_there_is_some() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mounted, genesis) = (folder.path().join("disk"), NodeAlone::start("").genesis_text());
    std::fs::create_dir(&mounted).expect("a folder");
    std::fs::write(folder.path().join("genesis.json"), genesis).expect("a genesis file");
    let genesis = folder.path().join("genesis.json");
    let Some(disk) = or_say(SmallDisk::mount(&mounted, DISK_BYTES)) else { return };
    // From no room to nearly enough room for the boot block.
    for room in [0, 16 << 10, 64 << 10, 256 << 10, 512 << 10] {
        disk.fill(room);
        let data = mounted.join(format!("with-{room}"));
        let what = format!("a new chain in {room} bytes");
        check_refused(&what, &ended(disk.on_it(&node(&data, &genesis))), &[&data.display().to_string()]);
        disk.make_room();
        check_started(&what, &ended(disk.on_it(&node(&data, &genesis))));
        std::fs::remove_dir_all(disk.folder().join(format!("with-{room}"))).expect("removed");
    }
}
