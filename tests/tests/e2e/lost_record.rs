//! Signers whose record is lost, older than their signatures, or newer than their node: they report it, and sign
//! nothing twice.

use std::path::Path;

use chainstate::test_support::key;
use client::{Node, SlotWriter};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use stacks_types::ids::BlockHash;
use stacks_types::limits::BOOT_ADDRESS_TESTNET;
use stacks_types::proposal::SlotMessage;
use tests::processes::{Client, Cluster, Plan, Watch, run};

/// Copies the record's files from one folder to another; afterwards the target has only these.
fn copy_record(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for name in ["signer.sqlite", "signer.sqlite-wal", "signer.sqlite-sums"] {
        let _ = std::fs::remove_file(to.join(name)); // It may not be there.
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a copy");
        }
    }
}

/// Waits until slot 0 of the signers is above this version.
async fn signature(watch: &mut Watch, above: u32) {
    let signed = watch.until("the signer writes its slot", |body| match body {
        Body::StackerdbChunks(chunks) if chunks.contract_id.ends_with(".signers") => {
            chunks.chunks.iter().any(|chunk| chunk.slot_id == 0 && chunk.slot_version > above).then_some(())
        }
        _ => None,
    });
    signed.await;
}

/// The version of slot 0 of the signers.
async fn slot_version(client: &Client) -> u32 {
    let contract_id = format!("{BOOT_ADDRESS_TESTNET}.signers");
    let mut service = StackerDbServiceClient::new(client.channel.clone());
    let slots = service.list_slots(v1::ListSlotsRequest { contract_id }).await.expect("slots").into_inner().slots;
    slots.iter().find(|slot| slot.slot_id == 0).expect("slot 0").slot_version
}

/// Moves the record's files from one folder to another.
pub(super) fn move_record(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name().to_string_lossy().starts_with("signer.sqlite") {
            std::fs::rename(entry.path(), to.join(entry.file_name())).expect("a file");
        }
    }
}

/// Four signers of equal weight: the chain goes on without one of them.
fn four_signers() -> Cluster {
    Cluster::start_plan(Plan {
        weights: vec![1; 4],
        running_signers: 4,
        block_interval: "100ms",
        burn_block_interval: "2s",
        ..Plan::default()
    })
}

/// Starts the signer of slot 0 with its record, and waits until signer and chain go on.
async fn goes_on(cluster: &mut Cluster, watch: &mut Watch) {
    let started = |log: &str| log.matches("signer starts").count();
    let before = started(&cluster.signers[0].log());
    cluster.restart_signer(0);
    cluster.signers[0].wait_until("it goes on with its record", |log| started(log) > before);
    blocks(watch, 2).await;
}

async fn blocks(watch: &mut Watch, count: usize) {
    for _ in 0..count {
        watch.block().await;
    }
}

#[test]
fn a_signer_without_its_record_does_not_sign_where_it_has_signed() {
    run(async {
        let mut cluster = four_signers();
        let mut watch = cluster.client().watch(0).await;
        // The signer has begun a record by itself, and has signed.
        signature(&mut watch, 0).await;
        let (folder, aside) = (cluster.signer_folder(0), cluster.signer_folder(0).with_extension("aside"));
        cluster.signers[0].kill();
        move_record(&folder, &aside);
        for _ in 0..2 {
            let times = cluster.signers[0].log().matches("--new-record").count();
            cluster.restart_signer(0);
            assert!(!cluster.signers[0].wait().success(), "it began a new record");
            let log = cluster.signers[0].log();
            assert_eq!(log.matches("--new-record").count(), times + 1, "{log}");
            assert!(log.contains(folder.to_str().expect("a path")), "{log}");
            assert!(!folder.join("signer.sqlite").exists(), "the next start would not refuse");
        }
        blocks(&mut watch, 2).await;
        move_record(&aside, &folder);
        goes_on(&mut cluster, &mut watch).await;
    });
}

#[test]
fn a_signer_with_an_older_copy_of_its_record_or_a_part_of_it_does_not_sign() {
    run(async {
        let mut cluster = four_signers();
        let mut watch = cluster.client().watch(0).await;
        signature(&mut watch, 0).await;
        let folder = cluster.signer_folder(0);
        let (older, newest) = (folder.with_extension("older"), folder.with_extension("newest"));
        cluster.signers[0].kill();
        copy_record(&folder, &older);
        let copied_at = slot_version(&cluster.client()).await;
        cluster.restart_signer(0);
        // The first new version may be a signature from before the copy.
        signature(&mut watch, copied_at + 3).await;
        cluster.signers[0].kill();
        copy_record(&folder, &newest);
        let without_log = folder.with_extension("part");
        copy_record(&newest, &without_log);
        for name in ["signer.sqlite-wal", "signer.sqlite-sums"] {
            std::fs::remove_file(without_log.join(name)).expect("a file that belongs to the record");
        }
        for (bad, says) in [(&older, "is an older copy"), (&without_log, "holds no signer.sqlite with what was signed")]
        {
            copy_record(bad, &folder);
            let times = cluster.signers[0].log().matches(says).count();
            cluster.restart_signer(0);
            assert!(!cluster.signers[0].wait().success(), "it signs with {}", bad.display());
            let log = cluster.signers[0].log();
            assert_eq!(log.matches(says).count(), times + 1, "{log}");
        }
        // The slot may hold a refusal last; the signatures before it are in the journal.
        refuse_something(&cluster).await;
        copy_record(&older, &folder);
        cluster.restart_signer(0);
        assert!(!cluster.signers[0].wait().success(), "it signs with an older copy after a refusal");
        let log = cluster.signers[0].log();
        assert_eq!(log.matches("is in event ").count(), 1, "{log}");
        copy_record(&newest, &folder);
        goes_on(&mut cluster, &mut watch).await;
    });
}

/// Puts a refusal into slot 0 of the signers, as the signer does when it refuses a block.
async fn refuse_something(cluster: &Cluster) {
    let node = Node::new(&cluster.url(), None, None).expect("a node");
    let mut slot = SlotWriter::new(format!("{BOOT_ADDRESS_TESTNET}.signers"), 0);
    let refusal = SlotMessage::Reject { block_hash: BlockHash([7; 32]), reason_code: 1, reason: "a test".to_owned() };
    slot.put(&node, &key("stacker", 0), refusal.encode()).await.expect("the slot is the key's");
}

/// Copies a folder's files.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

#[test]
fn a_signer_whose_record_is_newer_than_the_nodes_folder_says_so() {
    run(async {
        let mut cluster = four_signers();
        let mut watch = cluster.client().watch(0).await;
        signature(&mut watch, 0).await;
        let (folder, older) = (cluster.node_folder(), cluster.node_folder().with_extension("older"));
        cluster.node.kill();
        copy_files(&folder, &older);
        cluster.restart_node("2s");
        let mut watch = cluster.client().watch(0).await;
        // Long enough for the signer to record the event position, which it does once a second.
        blocks(&mut watch, 25).await;
        cluster.signers[0].kill();
        cluster.restart_signer(0);
        let says = "older than this signer's record";
        cluster.signers[0].wait_for_log("connected to the node");
        assert!(!cluster.signers[0].log().contains(says), "{}", cluster.signers[0].log());
        cluster.signers[0].kill();
        cluster.node.kill();
        std::fs::remove_dir_all(&folder).expect("no folder");
        std::fs::rename(&older, &folder).expect("the older folder");
        cluster.restart_node("2s");
        cluster.restart_signer(0);
        cluster.signers[0].wait_for_log(says);
        // So does one that was running all the time.
        cluster.signers[1].wait_for_log(says);
    });
}
