//! A contract as a StackerDB on a running chain: deployed, written over gRPC and HTTP, seen in the event stream.

use client::{Node, SlotWrite, SlotWriter, put_all};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use nakamoto_proto::v1::subscribe_response::Body as Frame;
use serde_json::{Value, json};
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;
use stacks_types::stackerdb::StackerDbChunk;
use stacks_types::transaction::{SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};
use tests::processes::{Client, Cluster, Http, WAIT, Watch, run, stacksjs};

/// Bytes of the largest chunk.
const CHUNK_BYTES: usize = 16 << 20;

/// The account of the vectors that deploys the contract and owns the first slot.
fn owner() -> PrivateKey {
    let account = &stacksjs()["accounts"]["deployer"];
    let bytes = hex::decode(account["private_key"].as_str().expect("a key")).expect("hex");
    PrivateKey::from_scalar(bytes[..32].try_into().expect("32 bytes")).expect("a key")
}

fn stranger() -> PrivateKey {
    PrivateKey::from_seed(b"nobody that the node knows")
}

/// A contract that is a StackerDB of two slots, both the owner's.
fn deployment(owner: &PrivateKey, nonce: u64, name: &str, chunk_bytes: usize) -> StacksTransaction {
    let owner_address = StacksAddress::p2pkh(&owner.public_key(), false);
    let code = format!(
        "(define-read-only (stackerdb-get-signer-slots) (ok (list {{signer: '{owner_address}, num-slots: u2}})))
         (define-read-only (stackerdb-get-config) (ok {{chunk-size: u{chunk_bytes}, write-freq: u0, max-writes: u100,
            max-neighbors: u0, hint-replicas: (list)}}))"
    );
    let name = name.parse().expect("a name");
    let payload = TransactionPayload::SmartContract { name, code };
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(owner, nonce, 10_000));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.sign_origin(owner).expect("the key is the origin's");
    transaction
}

fn wire(chunk: StackerDbChunk) -> v1::StackerDbChunk {
    v1::StackerDbChunk {
        slot_id: chunk.slot_id,
        slot_version: chunk.slot_version,
        signature: chunk.signature.0.to_vec().into(),
        data: chunk.data.into(),
    }
}

async fn put(client: &Client, contract: &str, chunk: StackerDbChunk) -> v1::PutChunkResponse {
    let request = v1::PutChunkRequest { contract_id: contract.to_owned(), chunk: Some(wire(chunk)) };
    let answer = StackerDbServiceClient::new(client.channel.clone()).put_chunk(request).await;
    answer.expect("an answer").into_inner()
}

async fn post(http: &Http, path: &str, chunk: &StackerDbChunk) -> Value {
    let body = json!({
        "slot_id": chunk.slot_id, "slot_version": chunk.slot_version,
        "sig": hex::encode(chunk.signature.0), "data": hex::encode(&chunk.data),
    });
    let answer = http.post(&format!("{path}/chunks"), "application/json", body.to_string().into_bytes()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn a_deployed_contract_is_a_stackerdb_over_grpc_and_http() {
    run(async {
        let cluster = Cluster::start("0", "0");
        let (client, http, owner) = (cluster.client(), cluster.http(), owner());
        let address = StacksAddress::p2pkh(&owner.public_key(), false).to_string();
        let (contract, path) = (format!("{address}.board"), format!("/v2/stackerdb/{address}/board"));
        let small_path = format!("/v2/stackerdb/{address}/notes");
        let mut watch = client.watch(0).await;
        for (nonce, name, chunk_bytes) in [(0, "board", CHUNK_BYTES), (1, "notes", 9)] {
            let submitted = client.submit(deployment(&owner, nonce, name, chunk_bytes).encode()).await;
            assert!(submitted.accepted, "{submitted:?}");
            let receipt = watch.receipt(&submitted.txid).await;
            assert_eq!(receipt.status(), v1::TransactionStatus::Success, "{}", receipt.vm_error);
        }
        wait_for_instance(&http, &path).await;
        wait_for_instance(&http, &small_path).await;
        let slots = http.get(&path).await.json();
        assert_eq!(slots.as_array().map(Vec::len), Some(2));
        assert_eq!((&slots[1]["slot_id"], &slots[1]["slot_version"]), (&json!(1), &json!(0)));
        let replicas = http.get(&format!("{path}/replicas")).await;
        assert_eq!((replicas.status, replicas.json()), (200, json!([])));

        let largest = StackerDbChunk::signed(0, 1, vec![7; CHUNK_BYTES], &owner);
        assert!(put(&client, &contract, largest).await.accepted);
        let small = StackerDbChunk::signed(1, 3, b"over HTTP".to_vec(), &owner);
        let ack = post(&http, &path, &small).await;
        assert_eq!((&ack["accepted"], &ack["metadata"]["slot_version"]), (&json!(true), &json!(3)));
        let read = http.get(&format!("{path}/0/1")).await;
        assert_eq!((read.status, read.body.len()), (200, CHUNK_BYTES));
        assert_eq!(http.get(&format!("{path}/1")).await.body, b"over HTTP");
        assert_eq!(http.get(&format!("{path}/1/2")).await.status, 404);

        refusals(&http, &path, &owner).await;
        a_byte_too_many(&http, &small_path, &owner).await;
        assert_eq!(chunk_events(&mut watch, &contract, 2).await, [(0, 1, CHUNK_BYTES), (1, 3, 9)]);
        assert_eq!(snapshot(&client, &contract).await, [(0, 1, CHUNK_BYTES), (1, 3, 9)]);
        several_at_once(&client, &contract, &owner).await;
        assert_eq!(chunk_events(&mut watch, &contract, 2).await, [(1, 4, 3), (0, 2, 2)]);
        a_writer_learns_the_versions(&cluster, &contract, &owner).await;
        assert_eq!(chunk_events(&mut watch, &contract, 3).await, [(0, 3, 5), (1, 5, 5), (0, 4, 6)]);
    });
}

/// Several chunks in one call: each has its outcome, in the order given.
async fn several_at_once(client: &Client, contract: &str, owner: &PrivateKey) {
    let chunks = [
        StackerDbChunk::signed(1, 3, b"too old".to_vec(), owner),
        StackerDbChunk::signed(1, 4, b"new".to_vec(), owner),
        StackerDbChunk::signed(0, 2, b"not by its owner".to_vec(), &stranger()),
        StackerDbChunk::signed(0, 2, b"is".to_vec(), owner),
        StackerDbChunk::signed(0, 2, b"too late".to_vec(), owner),
    ];
    let request = |contract_id: &str| v1::PutChunksRequest {
        contract_id: contract_id.to_owned(),
        chunks: chunks.clone().map(wire).to_vec(),
    };
    let mut service = StackerDbServiceClient::new(client.channel.clone());
    let answer = service.put_chunks(request(contract)).await.expect("an answer").into_inner();
    let outcomes: Vec<_> = answer.outcomes.iter().map(|outcome| (outcome.accepted, outcome.refusal())).collect();
    let (exists, bad_signer) = (v1::ChunkRefusal::DataAlreadyExists, v1::ChunkRefusal::BadSigner);
    let taken = v1::ChunkRefusal::Unspecified;
    assert_eq!(outcomes, [(false, exists), (true, taken), (false, bad_signer), (true, taken), (false, exists)]);
    let unknown = service.put_chunks(request(&contract.replace("board", "nothing"))).await.expect_err("unknown");
    assert_eq!(unknown.code(), tonic::Code::NotFound, "{unknown}");
}

/// A writer that knows no version learns it, and a slot's second chunk waits for the first.
async fn a_writer_learns_the_versions(cluster: &Cluster, contract: &str, owner: &PrivateKey) {
    let node = Node::new(&cluster.url(), None, None).expect("a node");
    let mut writers = [0, 1, 7].map(|slot_id| SlotWriter::new(contract.to_owned(), slot_id));
    let [zero, one, none] = &mut writers;
    let mut writes = [
        SlotWrite::new(zero, owner, [b"first".to_vec(), b"second".to_vec()]),
        SlotWrite::new(one, owner, [b"other".to_vec()]),
        SlotWrite::new(none, owner, [b"there is no such slot".to_vec()]),
    ];
    put_all(&node, &mut writes).await.expect("the node answers");
    let refusals = writes.map(|write| write.outcome().err().map(|error| error.refusal));
    assert_eq!(refusals, [None, None, Some("CHUNK_REFUSAL_NO_SUCH_SLOT")]);
}

/// Waits for the StackerDB, which a separate thread makes soon after the block.
async fn wait_for_instance(http: &Http, path: &str) {
    let end = std::time::Instant::now() + WAIT;
    while http.get(path).await.status == 404 {
        assert!(std::time::Instant::now() < end, "the contract is no instance");
    }
}

/// A chunk that is too large is refused with its own code, whoever signed it; a chunk that fits is accepted, and the
/// next refusal shows it.
async fn a_byte_too_many(http: &Http, path: &str, owner: &PrivateKey) {
    let large = |signer: &PrivateKey| StackerDbChunk::signed(0, 2, b"ten bytes.".to_vec(), signer);
    for signer in [owner, &stranger()] {
        refused(http, path, &large(signer), 3, &json!(0)).await;
    }
    let ack = post(http, path, &StackerDbChunk::signed(0, 1, b"over HTTP".to_vec(), owner)).await;
    assert_eq!(ack["accepted"], json!(true), "{ack}");
    refused(http, path, &large(owner), 3, &json!(1)).await;
}

async fn refused(http: &Http, path: &str, chunk: &StackerDbChunk, code: u32, stored_version: &Value) {
    let ack = post(http, path, chunk).await;
    assert_eq!((&ack["accepted"], &ack["code"]), (&json!(false), &json!(code)), "{ack}");
    let reason: Value = serde_json::from_str(ack["reason"].as_str().expect("a string")).expect("JSON in it");
    assert_eq!(reason["code"], json!(code));
    assert_eq!(ack["metadata"]["slot_version"], *stored_version, "{ack}");
}

async fn refusals(http: &Http, path: &str, owner: &PrivateKey) {
    let cases = [
        (StackerDbChunk::signed(1, 3, b"again".to_vec(), owner), 0, json!(3)),
        (StackerDbChunk::signed(2, 1, b"x".to_vec(), owner), 1, Value::Null),
        (StackerDbChunk::signed(1, 4, b"x".to_vec(), &stranger()), 2, json!(3)),
        (StackerDbChunk::signed(1, 101, b"x".to_vec(), owner), 4, json!(3)),
    ];
    for (chunk, code, version) in cases {
        refused(http, path, &chunk, code, &version).await;
    }
}

async fn chunk_events(watch: &mut Watch, contract: &str, count: usize) -> Vec<(u32, u32, usize)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let chunks = watch.until("chunks of the contract", |body| match body {
            Body::StackerdbChunks(chunks) if chunks.contract_id == contract => Some(chunks.chunks.clone()),
            _ => None,
        });
        seen.extend(chunks.await.iter().map(|chunk| (chunk.slot_id, chunk.slot_version, chunk.data.len())));
    }
    seen
}

/// The snapshot that a subscriber of only this contract gets before the events.
async fn snapshot(client: &Client, contract: &str) -> Vec<(u32, u32, usize)> {
    let term = v1::EventTerm { stackerdb_contracts: vec![contract.to_owned()], ..Default::default() };
    let request = v1::SubscribeRequest {
        filter: Some(v1::EventFilter { terms: vec![term], ..Default::default() }),
        include_snapshot: true,
        client_name: "e2e".to_owned(),
        ..Default::default()
    };
    let events = EventServiceClient::new(client.channel.clone()).max_decoding_message_size(64 << 20);
    let mut stream = { events }.subscribe(request).await.expect("a stream").into_inner();
    let mut seen = Vec::new();
    loop {
        let frame = stream.message().await.expect("a frame").expect("the stream goes on");
        match frame.body {
            Some(Frame::Snapshot(chunks)) => {
                seen.extend(chunks.chunks.iter().map(|chunk| (chunk.slot_id, chunk.slot_version, chunk.data.len())));
            }
            Some(Frame::SnapshotComplete(_)) => return seen,
            _ => {}
        }
    }
}
