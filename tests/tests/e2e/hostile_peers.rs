//! Peers that send requests and do not read hold up neither blocks nor memory: a small version of the load tool's row
//! `attacks`.

use std::time::{Duration, Instant};

use chainstate::test_support::key;
use stacks_types::stackerdb::StackerDbChunk;
use tests::figures::resident_bytes;
use tests::load::attacks::{ATTACKS, Attackers, Undisturbed};
use tests::processes::unread::{LIST_EVENTS, PAGE_OF_EVENTS, get, grpc_calls, send_and_leave};

use tests::processes::{Client, Cluster, Plan, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const ATTACKERS: Attackers = Attackers { subscribers: 100, scrapers: 500, askers: 100, template_askers: 30 };
/// Bytes that may be in flight: the sum of the node's pools (`*_BYTES_IN_FLIGHT`).
const IN_FLIGHT_BYTES: u64 = 384 << 20;
/// Bytes beyond those in flight: socket buffers, and answers in progress.
const SLACK_BYTES: u64 = 128 << 20;
/// Bytes that may remain afterwards: caches that the attack has filled.
const LEFT_BYTES: u64 = 64 << 20;
/// Longest wait until memory is returned: connections are cut and swept, and the allocator purges.
const COMES_BACK: Duration = Duration::from_secs(60);

#[test]
fn blocks_come_while_peers_ask_and_do_not_read() {
    run(async {
        let cluster = Cluster::start_plan(Plan { block_interval: "200ms", ..Plan::default() });
        let mut chain = Undisturbed::start(&cluster, 10).await;
        for attack in ATTACKS {
            let found = chain.under(attack, &ATTACKERS).await;
            println!("{}: {:.0} % of the undisturbed rate, {found:?}", attack.name(), found.percent());
            // A loose bound, as the machine is shared. Before readers had lanes of their own, the rate was a fifth or
            // less.
            assert!(found.percent() > 30.0, "{}: {found:?}", attack.name());
        }
    });
}

/// Writes the slot of a stacker whose signer does not run.
async fn put_chunks(client: &Client, slot_id: u32, count: u32, bytes: usize) {
    let mut dbs = nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient::new(client.channel.clone());
    for version in 1..=count {
        // Data that does not compress.
        let data: Vec<u8> = (0..bytes as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
        let chunk = StackerDbChunk::signed(slot_id, version, data, &key("stacker", 3));
        let chunk = nakamoto_proto::v1::StackerDbChunk {
            slot_id,
            slot_version: version,
            signature: chunk.signature.0.to_vec().into(),
            data: chunk.data.into(),
        };
        let contract_id = "ST000000000000000000002AMW42H.signers".to_owned();
        let request = nakamoto_proto::v1::PutChunkRequest { contract_id, chunk: Some(chunk) };
        let answer = dbs.put_chunk(request).await.expect("an answer").into_inner();
        assert!(answer.accepted, "{answer:?}");
    }
}

/// Sends a request on many connections that nobody reads, on a chain with 40 chunks of 2 MB.
async fn check_memory(request: &[u8], connections: usize) {
    let plan = Plan { weights: vec![1; 4], running_signers: 3, block_interval: "500ms", ..Plan::default() };
    let cluster = Cluster::start_plan(plan);
    let client = cluster.client();
    let mut watch = client.watch(0).await;
    watch.block().await;
    watch.block().await;
    // An unread watch would be cut like the others.
    drop(watch);
    put_chunks(&client, 3, 40, 2_000_000).await;
    let resident = || resident_bytes(cluster.node.id()).expect("the node runs");
    let before = resident();
    let open = send_and_leave(cluster.address().parse().expect("an address"), request, connections).await;
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(6) {
        most = most.max(resident());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(open);
    let (begun, mut left) = (Instant::now(), resident());
    while left > before + LEFT_BYTES && begun.elapsed() < COMES_BACK {
        tokio::time::sleep(Duration::from_millis(200)).await;
        left = resident();
    }
    let mib = |bytes: u64| bytes >> 20;
    println!("{} MiB before, {} at most, {} after {:?}", mib(before), mib(most), mib(left), begun.elapsed());
    assert!(most < before + IN_FLIGHT_BYTES + SLACK_BYTES, "{} MiB, {} before", mib(most), mib(before));
    assert!(left <= before + LEFT_BYTES, "{} MiB are left of {}, {} before", mib(left), mib(most), mib(before));
    let newest = client.tip().await.sequence;
    client.watch(newest).await.block().await;
}

#[test]
fn memory_is_bounded_while_pages_are_left_unread_and_comes_back() {
    run(check_memory(&grpc_calls(LIST_EVENTS, &PAGE_OF_EVENTS, 200), 29));
}

/// They took 889 MiB when the JSON made of a frame was not counted.
#[test]
fn memory_is_bounded_while_streams_of_json_are_left_unread_and_comes_back() {
    run(check_memory(&get("/v3/events?start=earliest"), 100));
}

/// The frames of these 60 readers would not fit if they counted until the next frame.
#[test]
fn readers_that_have_read_everything_are_not_cut() {
    run(async {
        let plan = Plan { weights: vec![1; 4], running_signers: 3, block_interval: "1h", ..Plan::default() };
        let cluster = Cluster::start_plan(plan);
        put_chunks(&cluster.client(), 3, 1, 400_000).await;
        let mut readers = JoinSet::new();
        for _ in 0..60 {
            let address = cluster.address().to_owned();
            readers.spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                stream.write_all(&get("/v3/events?start=earliest&kinds=stackerdb_chunks")).await.expect("a request");
                let mut seen = Vec::new();
                // The heartbeat comes when nothing else has come for long.
                while !seen.windows(16).any(|bytes| bytes == b"event: heartbeat") {
                    // The tail may be the beginning of the words.
                    seen.drain(..seen.len().saturating_sub(15));
                    assert_ne!(stream.read_buf(&mut seen).await.expect("bytes"), 0, "the reader was cut");
                }
            });
        }
        while let Some(reader) = readers.join_next().await {
            reader.expect("all are served");
        }
    });
}
