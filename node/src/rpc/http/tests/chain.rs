//! Tenures, sortitions, blocks: shapes by the tables of docs/COMPATIBILITY.md, values from the chain that the test
//! made.

use std::task::Poll;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use chainstate::read::LookupError;
use chainstate::read::tenure::blocks_back;
use serde_json::Value;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::StacksBlockId;

use super::bench::{Bench, FIRST_BURN, OCTETS};
use super::shape::{Kind, check};
use crate::runtime::wake_signal::WakeSignal;
use chainstate::test_support::{address, transfer};

const SORTITION: &[(&str, Kind)] = &[
    ("burn_block_hash", Kind::Hex0x(32)),
    ("burn_block_height", Kind::Whole),
    ("burn_header_timestamp", Kind::Whole),
    ("sortition_id", Kind::Hex0x(32)),
    ("parent_sortition_id", Kind::Hex0x(32)),
    ("consensus_hash", Kind::Hex0x(20)),
    ("was_sortition", Kind::Holds(true)),
    ("miner_pk_hash160", Kind::Hex0x(20)),
    ("stacks_parent_ch", Kind::Hex0x(20)),
    ("last_sortition_ch", Kind::Hex0x(20)),
    ("committed_block_hash", Kind::Hex0x(32)),
    ("vrf_seed", Kind::Hex0x(32)),
];

/// A tenure of two blocks, one of one block, and a burn block without any.
pub(super) struct Chain {
    pub(super) bench: Bench,
    pub(super) first: [String; 2],
    second: String,
}

impl Chain {
    pub(super) fn new() -> Self {
        let bench = Bench::new(None);
        bench.mine();
        let first = [bench.grow(), bench.grow()].map(|id| id.to_hex());
        bench.mine();
        let second = bench.grow().to_hex();
        bench.mine();
        Self { bench, first, second }
    }

    /// Consensus hash and hash of the burn block at this height above the first.
    fn burn(&self, above_first: u64) -> (String, String) {
        let found = self.bench.read(&format!("/v3/sortitions/burn_height/{}", FIRST_BURN.0 + above_first));
        let text = |key: &str| found[0][key].as_str().unwrap()[2..].to_owned();
        (text("consensus_hash"), text("burn_block_hash"))
    }
}

#[test]
fn tenures_are_shown_as_the_reference_shows_them() {
    let chain = Chain::new();
    let bench = &chain.bench;
    let info = bench.read("/v3/tenures/info");
    check(
        "info",
        &info,
        &[
            ("consensus_hash", Kind::Hex(20)),
            ("tenure_start_block_id", Kind::Hex(32)),
            ("parent_consensus_hash", Kind::Hex(20)),
            ("parent_tenure_start_block_id", Kind::Hex(32)),
            ("tip_block_id", Kind::Hex(32)),
            ("tip_height", Kind::Is(3)),
            ("reward_cycle", Kind::Is(0)),
        ],
    );
    assert_eq!(
        (&info["consensus_hash"], &info["parent_consensus_hash"]),
        (&chain.burn(2).0.into(), &chain.burn(1).0.into())
    );
    assert_eq!(
        (&info["tip_block_id"], &info["tenure_start_block_id"]),
        (&Value::from(&*chain.second), &Value::from(&*chain.second))
    );
    assert_eq!(info["parent_tenure_start_block_id"], chain.first[0]);

    let (consensus, burn_hash) = chain.burn(1);
    let list = bench.read(&format!("/v3/tenures/blocks/{consensus}"));
    check(
        "tenure",
        &list,
        &[
            ("consensus_hash", Kind::Hex(20)),
            ("burn_block_height", Kind::Is(FIRST_BURN.0 + 1)),
            ("burn_block_hash", Kind::Hex(32)),
            ("last_sortition_ch", Kind::Hex(20)),
            ("stacks_blocks", Kind::List),
        ],
    );
    check(
        "block",
        &list["stacks_blocks"][0],
        &[
            ("block_id", Kind::Hex(32)),
            ("block_hash", Kind::Hex(32)),
            ("parent_block_id", Kind::Hex(32)),
            ("height", Kind::Is(2)),
            ("header_type", Kind::Says("nakamoto")),
        ],
    );
    assert_eq!(list["last_sortition_ch"], chain.burn(0).0, "nobody was elected before");
    let ids: Vec<_> = list["stacks_blocks"].as_array().unwrap().iter().map(|block| &block["block_id"]).collect();
    assert_eq!(ids, [&*chain.first[1], &*chain.first[0]], "newest first");
    assert_eq!(bench.read(&format!("/v3/tenures/blocks/hash/{burn_hash}")), list);
    assert_eq!(bench.read(&format!("/v3/tenures/blocks/height/{}", FIRST_BURN.0 + 1)), list);
    let empty = bench.read(&format!("/v3/tenures/blocks/{}", chain.burn(3).0));
    assert_eq!(
        (&empty["stacks_blocks"], &empty["last_sortition_ch"]),
        (&Value::from(Vec::<Value>::new()), &chain.burn(2).0.into())
    );
    let boot = bench.read(&format!("/v3/tenures/blocks/height/{}", FIRST_BURN.0));
    assert_eq!(boot["stacks_blocks"][0]["header_type"], "epoch2");
}

#[test]
fn a_tenures_tip_has_the_reference_keys_and_ours() {
    let chain = Chain::new();
    let consensus = chain.burn(1).0;
    let tip = chain.bench.read(&format!("/v3/tenures/tip/{consensus}"));
    check("tip", &tip, &[("Nakamoto", Kind::Object)]);
    check(
        "header",
        &tip["Nakamoto"],
        &[
            ("version", Kind::Is(0)),
            ("chain_length", Kind::Is(2)),
            ("burn_spent", Kind::Is(5_000)),
            ("consensus_hash", Kind::Hex(20)),
            ("parent_block_id", Kind::Hex(32)),
            ("tx_merkle_root", Kind::Hex(32)),
            ("state_index_root", Kind::Hex(32)),
            ("timestamp", Kind::Is(FIRST_BURN.1 + 30)),
            ("miner_signature", Kind::Hex(65)),
            ("signer_signature", Kind::List),
            ("pox_treatment", Kind::AnyHex),
            ("problematic_txs", Kind::List),
            ("bitcoin_block_hash", Kind::Hex(32)),
            ("vrf_proof", Kind::Hex(80)),
        ],
    );
    assert_eq!(tip["Nakamoto"]["consensus_hash"], consensus);
    let metadata = chain.bench.read(&format!("/v3/tenures/tip_metadata/{consensus}"));
    check("metadata", &metadata, &[("anchored_header", Kind::Object), ("burn_view", Kind::Hex(20))]);
    assert_eq!((&metadata["anchored_header"], &metadata["burn_view"]), (&tip, &consensus.into()));
    for without in [chain.burn(3).0, chain.burn(0).0, "ab".repeat(20)] {
        assert_eq!(chain.bench.get(&format!("/v3/tenures/tip/{without}")).status, StatusCode::NOT_FOUND, "{without}");
    }
}

#[test]
fn blocks_of_a_tenure_come_back_to_its_start_or_to_the_stop() {
    let chain = Chain::new();
    let bench = &chain.bench;
    let bytes = |path: &str| {
        let reply = bench.get(path);
        assert_eq!(reply.headers["content-type"], OCTETS);
        reply.body
    };
    let single = |id: &str| bytes(&format!("/v3/blocks/{id}"));
    let both = bytes(&format!("/v3/tenures/{}", chain.first[1]));
    assert_eq!(both, [single(&chain.first[1]), single(&chain.first[0])].concat());
    let stopped = bytes(&format!("/v3/tenures/{}?stop={}", chain.first[1], chain.first[0]));
    assert_eq!(stopped, single(&chain.first[1]));
    assert_eq!(bytes(&format!("/v3/tenures/{}", chain.second)), single(&chain.second));
    assert_eq!(NakamotoStacksBlock::decode(&single(&chain.second)).unwrap().block_id().to_hex(), chain.second);
    let by_height = format!("/v3/blocks/height/1?tip={}", chain.second);
    assert_eq!(bytes(&by_height), single(&chain.first[0]));
    assert_eq!(bench.get("/v3/blocks/height/3?tip=".to_owned().as_str()).status, StatusCode::OK);
    let unknown = bench.get(&format!("/v3/tenures/{}", "ab".repeat(32)));
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[test]
fn fork_info_goes_from_the_newer_back_to_the_older() {
    let chain = Chain::new();
    let (newest, oldest) = (chain.burn(3).0, chain.burn(0).0);
    let list = chain.bench.read(&format!("/v3/tenures/fork_info/{oldest}/{newest}"));
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 3, "the first burn block elected nobody");
    let shape = |first, blocks| {
        [
            ("burn_block_hash", Kind::Hex0x(32)),
            ("burn_block_height", Kind::Whole),
            ("sortition_id", Kind::Hex0x(32)),
            ("parent_sortition_id", Kind::Hex0x(32)),
            ("consensus_hash", Kind::Hex0x(20)),
            ("was_sortition", Kind::Holds(true)),
            ("first_block_mined", first),
            ("nakamoto_blocks", blocks),
        ]
    };
    check("without blocks", &list[0], &shape(Kind::Null, Kind::Null));
    check("second tenure", &list[1], &shape(Kind::Hex0x(32), Kind::AnyHex0x));
    check("first tenure", &list[2], &shape(Kind::Hex0x(32), Kind::AnyHex0x));
    assert_eq!(list[2]["first_block_mined"], format!("0x{}", chain.first[0]));
    let single = |id: &str| hex::encode(chain.bench.get(&format!("/v3/blocks/{id}")).body);
    let vector = format!("0x00000002{}{}", single(&chain.first[0]), single(&chain.first[1]));
    assert_eq!(list[2]["nakamoto_blocks"], vector);
    let backwards = chain.bench.get(&format!("/v3/tenures/fork_info/{newest}/{oldest}"));
    assert_eq!(backwards.status, StatusCode::BAD_REQUEST);
}

#[test]
fn sortitions_tell_who_was_elected_and_on_what_he_builds() {
    let chain = Chain::new();
    let bench = &chain.bench;
    let latest = bench.read("/v3/sortitions/latest");
    assert_eq!(latest.as_array().unwrap().len(), 1);
    check("latest", &latest[0], SORTITION);
    assert_eq!(latest[0]["miner_pk_hash160"], format!("0x{}", address("producer", 0).hash160().to_hex()));
    // Nobody has built there yet; the next block there builds on the second tenure.
    assert_eq!(latest[0]["stacks_parent_ch"], format!("0x{}", chain.burn(2).0));
    assert_eq!(latest[0]["committed_block_hash"], format!("0x{}", chain.second));
    assert_eq!(bench.read("/v3/sortitions"), latest);
    let both = bench.read("/v3/sortitions/latest_and_last");
    assert_eq!((both.as_array().unwrap().len(), &both[0]), (2, &latest[0]));
    let (consensus, burn_hash) = chain.burn(2);
    let second = bench.read(&format!("/v3/sortitions/consensus/{consensus}"));
    check("second", &second[0], SORTITION);
    assert_eq!(second[0], both[1]);
    assert_eq!(second[0]["committed_block_hash"], format!("0x{}", chain.first[0]));
    assert_eq!(bench.read(&format!("/v3/sortitions/burn/{burn_hash}")), second);
    let boot = bench.read(&format!("/v3/sortitions/burn_height/{}", FIRST_BURN.0));
    assert_eq!((&boot[0]["was_sortition"], &boot[0]["miner_pk_hash160"]), (&false.into(), &Value::Null));
    for unknown in ["consensus/".to_owned() + &"ab".repeat(20), "burn_height/9".to_owned(), "burn/zz".to_owned()] {
        assert_eq!(bench.get(&format!("/v3/sortitions/{unknown}")).status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[test]
fn blocks_back_end_at_their_bytes_at_their_stop_and_at_their_tenure() {
    let bench = Bench::new(None);
    bench.mine();
    bench.grow();
    bench.mine();
    let ids: Vec<_> = (0..3)
        .map(|nonce| {
            bench.send(&[transfer(0, nonce, 9, 1)]);
            bench.grow()
        })
        .collect();
    let ask = |id, stop, most| bench.core.read(|snapshot| blocks_back(snapshot, id, stop, most));
    let back = |stop: Option<StacksBlockId>, most: usize| ask(ids[2], stop, most).unwrap();
    let all = back(None, usize::MAX);
    let block = |bytes: &[u8]| NakamotoStacksBlock::decode(bytes).unwrap().block_id();
    assert_eq!(all.iter().map(|bytes| block(bytes)).collect::<Vec<_>>(), [ids[2], ids[1], ids[0]]);
    assert_eq!(back(Some(ids[0]), usize::MAX), all[..2], "what is asked for to stop at is left out");
    assert_eq!(back(Some(ids[2]), usize::MAX), all, "nothing of the tenure comes after it");
    let two = all[0].len() + all[1].len();
    for (most, count) in [(0, 0), (all[0].len(), 1), (two - 1, 1), (two, 2), (two + all[2].len(), 3)] {
        assert_eq!(back(None, most), all[..count], "{most} bytes");
    }
    let unknown = ask(StacksBlockId([9; 32]), None, usize::MAX);
    assert!(matches!(unknown, Err(LookupError::NotFound { .. })), "{unknown:?}");
}

#[test]
fn a_block_whose_sender_is_gone_wakes_the_coordinator() {
    let bench = Bench::started();
    let (block, wake) = (bench.make_block().encode(), WakeSignal::default());
    bench.runtime.block_on(async {
        let mut push = Box::pin(bench.services.pool.push_block(&wake, block.into()));
        // Begun, and dropped as when its connection ends.
        let begun = std::future::poll_fn(|context| Poll::Ready(push.as_mut().poll(context).is_ready())).await;
        assert!(!begun, "it waits for the chain");
    });
    let (sender, woken) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(wake.wait()));
    assert_eq!(woken.recv_timeout(Duration::from_secs(30)), Ok(true));
}

#[test]
fn the_node_tells_of_itself() {
    let bench = Bench::started();
    let info = bench.read("/v2/info");
    let (hash, consensus, whole, null) = (Kind::Hex(32), Kind::Hex(20), Kind::Whole, Kind::Null);
    check(
        "info",
        &info,
        &[
            ("peer_version", whole),
            ("pox_consensus", consensus),
            ("burn_block_height", Kind::Is(FIRST_BURN.0 + 1)),
            ("stable_pox_consensus", consensus),
            ("stable_burn_block_height", whole),
            ("server_version", Kind::Text),
            ("network_id", Kind::Is(0x8000_0000)),
            ("parent_network_id", Kind::Is(3_669_344_250)),
            ("stacks_tip_height", Kind::Is(1)),
            ("stacks_tip", hash),
            ("stacks_tip_consensus_hash", consensus),
            ("genesis_chainstate_hash", hash),
            ("unanchored_tip", null),
            ("unanchored_seq", null),
            ("tenure_height", Kind::Is(1)),
            ("exit_at_block_height", null),
            ("is_fully_synced", Kind::Holds(true)),
            ("stackerdbs", Kind::List),
        ],
    );
    check(
        "neighbors",
        &bench.read("/v2/neighbors"),
        &[("bootstrap", Kind::List), ("sample", Kind::List), ("inbound", Kind::List), ("outbound", Kind::List)],
    );
    check(
        "health",
        &bench.read("/v3/health"),
        &[
            ("difference_from_max_peer", Kind::Is(0)),
            ("max_stacks_height_of_neighbors", whole),
            ("max_stacks_neighbor_address", null),
            ("node_stacks_tip_height", Kind::Is(1)),
        ],
    );
    let reply = bench.get("/v3/health");
    for name in ["server", "x-request-id", "x-canonical-stacks-tip-height", "access-control-allow-origin"] {
        assert!(reply.headers.contains_key(name), "{name}");
    }
    let named = bench.ask(Method::GET, "/v2/info", &[("x-request-id", "77")], Vec::new());
    assert_eq!(named.headers["x-request-id"], "77");
}

#[test]
fn a_transaction_of_a_block_that_is_not_canonical_any_more_says_what_it_waits_for() {
    let bench = Bench::started();
    let transaction = transfer(0, 0, 9, 5);
    bench.send(std::slice::from_ref(&transaction));
    bench.mine();
    let block = bench.grow();
    bench.chain.reorganize_burn_chain(1, 2, FIRST_BURN.1 + 60).unwrap();
    bench.settle();
    let path = format!("/v3/transaction/{}", transaction.txid().to_hex());
    let back = bench.read(&path);
    check(
        "rolled back",
        &back,
        &[
            ("index_block_hash", Kind::Hex(32)),
            ("tx", Kind::AnyHex),
            ("result", Kind::Says("(ok true)")),
            ("block_height", Kind::Is(2)),
            ("is_canonical", Kind::Holds(false)),
            ("state", Kind::Says("ready")),
            ("message", Kind::Text),
        ],
    );
    assert_eq!(back["index_block_hash"], block.to_hex());
    let message = back["message"].as_str().unwrap();
    assert!(message.contains("a reorganization brought it back"), "{message}");
    bench.grow();
    let again = bench.read(&path);
    assert_eq!((&again["is_canonical"], again.get("state")), (&true.into(), None), "{again}");
}

#[test]
fn a_mined_transaction_is_found_with_its_result() {
    let bench = Bench::started();
    let transaction = transfer(0, 0, 9, 5);
    bench.send(std::slice::from_ref(&transaction));
    let block = bench.grow();
    let mined = bench.read(&format!("/v3/transaction/{}", transaction.txid().to_hex()));
    check(
        "mined",
        &mined,
        &[
            ("index_block_hash", Kind::Hex(32)),
            ("tx", Kind::AnyHex),
            ("result", Kind::Says("(ok true)")),
            ("block_height", Kind::Is(2)),
            ("is_canonical", Kind::Holds(true)),
        ],
    );
    assert_eq!(mined["index_block_hash"], block.to_hex());
}
