//! The comments of the .proto files, from which docs/API.md is made.

use std::collections::BTreeMap;

use super::{
    BLOCK_BYTES, FILTER, LIMITS, LONGEST_HEARTBEAT, MAX_INSTANCES, MAX_SLOTS, MAX_WAIT, Page, Row, SHORTEST_HEARTBEAT,
    THRESHOLD, USUAL_HEARTBEAT, text,
};

const IDS: &str = "crates/stacks-types/src/ids.rs";
const KEYS: &str = "crates/stacks-types/src/keys/mod.rs";
const BURN: &str = "node/src/rpc/grpc/admin/burn_blocks.rs";
const TIP: &str = "crates/chainstate/src/chain/processing/tip.rs";
const EVENT_BLOCKS: &str = "EVENT_BLOCKS_MAX: usize = 4096";
const SUBSCRIBERS: &str = "node/src/event_stream/subscribers.rs";
const DROPPED: &str = "crates/chainstate/src/chain/mempool/dropped.rs";
const ONE_BY_DEFAULT: &str = "\"count\", request.count, 1, 1, MAX_ADMIN_COUNT";
const ADMIN_COUNT: &str = "MAX_ADMIN_COUNT: u32 = 1_000";
const SHORTEST_INTERVAL: &str = "MIN_ADMIN_INTERVAL: Duration = Duration::from_millis(1)";
const LONGEST_INTERVAL: &str = "MAX_ADMIN_INTERVAL: Duration = LONGEST_DURATION";
const SHORTEST_ASSEMBLY: &str = "MIN_ASSEMBLY_TIME: Duration = Duration::from_millis(10)";
const LONGEST_ASSEMBLY: &str = "MAX_ASSEMBLY_TIME: Duration = Duration::from_secs(30)";
const DEFAULT_ASSEMBLY: (&str, &str) =
    ("node/src/chain/jobs.rs", "DEFAULT_ASSEMBLY_TIME: Duration = Duration::from_secs(5)");
const HEIGHT: (&str, &str) = ("crates/chainstate/src/burn/writer.rs", "MAX_HEIGHT: u64 = u32::MAX as u64");
const SET_MEMBERS: (&str, &str) = ("crates/chainstate/src/burn/stackers.rs", "MAX_SET_MEMBERS: usize = 4096");
const CONTRACTS: (&str, &str) = ("crates/chainstate/src/stackerdb/mod.rs", "MAX_CONTRACTS");
const JOURNAL_ID: (&str, &str) = ("crates/chainstate/src/chain/chain_meta.rs", "journal_id: [u8; 16]");
const MOST_ON_PAGE: Row = ("1 to 1000; default 100", LIMITS, "MAX_PAGE_SIZE: u32 = 1000");
const USUAL_ON_PAGE: Row = ("1 to 1000; default 100", LIMITS, "DEFAULT_PAGE_SIZE: u32 = 100");
/// All hashes and ids of the API; see the test below.
const HASH: Row = ("32 bytes", IDS, "StacksBlockId, 32");
/// u128 on the wire.
const AMOUNT: Row = ("16 bytes big-endian", "crates/chainstate/src/wire.rs", "to_be_bytes()");
const SIGNATURE: Row = ("65 bytes", KEYS, "MessageSignature, 65");

const fn page(document: &'static str, rows: &'static [Row], names: &'static [&'static str]) -> Page {
    Page { document, rows, names, is_whole: true }
}

pub(super) const PAGES: [Page; 13] = [
    page("proto/nakamoto/v1/account.proto", &[HASH, AMOUNT], &["unlock; 0 when none"]),
    page(
        "proto/nakamoto/v1/admin.proto",
        &[
            HASH,
            ("New time between burn blocks, 1 ms to 365 days", LIMITS, SHORTEST_INTERVAL),
            ("New time between burn blocks, 1 ms to 365 days", LIMITS, LONGEST_INTERVAL),
            ("one without transactions, 1 ms to 365 days", LIMITS, SHORTEST_INTERVAL),
            ("one without transactions, 1 ms to 365 days", LIMITS, LONGEST_INTERVAL),
            ("How many, 1 to 1,000; unset means 1", LIMITS, ADMIN_COUNT),
            ("How many, 1 to 1,000; unset means 1", BURN, ONE_BY_DEFAULT),
            ("How many, 1 to 1,000; unset means 1", "node/src/rpc/grpc/admin/mining.rs", ONE_BY_DEFAULT),
            ("to fork, 1 to 1,000: so many", LIMITS, ADMIN_COUNT),
            ("become non-canonical. Unset means 1", BURN, "\"depth\", request.depth, 1, 1, MAX_ADMIN_COUNT"),
            ("at most 1,001; unset means `depth` + 1", BURN, "MAX_ADMIN_COUNT.saturating_add(1)"),
            ("At most 1,000 are asked for", BURN, "MAX_ADMIN_COUNT.saturating_sub(asked)"),
            ("waits for them up to 30 s", LIMITS, MAX_WAIT),
            ("at most 30 s, which is the default", LIMITS, MAX_WAIT),
            ("at most 253402300799", "node/src/config/genesis.rs", "MAX_TIME_S: u64 = 253_402_300_799"),
            ("above 4,294,967,295", HEIGHT.0, HEIGHT.1),
            ("In signing order, 1 to 4,096", SET_MEMBERS.0, SET_MEMBERS.1),
            ("In rotation order, 1 to 4,096", SET_MEMBERS.0, SET_MEMBERS.1),
        ],
        &["and 0 is refused", "signature, at least 1", "in seconds since 1970"],
    ),
    page("proto/nakamoto/v1/block.proto", &[HASH, ("at most 2 MiB", BLOCK_BYTES.0, BLOCK_BYTES.1)], &[]),
    page("proto/nakamoto/v1/burnchain.proto", &[HASH], &[]),
    page(
        "proto/nakamoto/v1/common.proto",
        &[
            HASH,
            SIGNATURE,
            ("fields 1 to 9", "proto/nakamoto/v1/common.proto", "bytes producer_signature = 9"),
            ("20 bytes: RIPEMD160", IDS, "ConsensusHash, 20"),
            ("sortition hash, 80 bytes", "crates/stacks-types/src/vrf.rs", "VrfProof, 80"),
            ("Header version, 0", "crates/stacks-types/src/block.rs", "HEADER_VERSION: u8 = 0"),
            ("More than 2 MiB encoded", BLOCK_BYTES.0, BLOCK_BYTES.1),
            ("below 70 %, rounded up", THRESHOLD.0, THRESHOLD.1),
            (
                "status 415 (CONTENT_TYPE_INVALID)",
                "node/src/rpc/request_filter/kind.rs",
                "StatusCode::UNSUPPORTED_MEDIA_TYPE",
            ),
        ],
        &["Seconds since 1970", "boot block has 0"],
    ),
    page(
        "proto/nakamoto/v1/event.proto",
        &[
            HASH,
            AMOUNT,
            MOST_ON_PAGE,
            USUAL_ON_PAGE,
            ("newest first, at most 4,096", TIP, EVENT_BLOCKS),
            ("at most the newest 4,096", TIP, EVENT_BLOCKS),
            ("did not come within 5 s", LIMITS, "PERMIT_TIMEOUT: Duration = Duration::from_secs(5)"),
            ("Terms, at most 32", FILTER, "MAX_FILTER_TERMS: usize = 32"),
            ("at most 32 bytes", FILTER, "MAX_LABEL_BYTES: usize = 32"),
            ("Between 1 and 60 s; default 10 s", LIMITS, SHORTEST_HEARTBEAT),
            ("Between 1 and 60 s; default 10 s", LIMITS, LONGEST_HEARTBEAT),
            ("Between 1 and 60 s; default 10 s", LIMITS, USUAL_HEARTBEAT),
            ("Most events a frame, 1 to 256; default 1", LIMITS, "MAX_BATCH: u32 = 256"),
            ("to operators, at most 64 bytes", LIMITS, "MAX_CLIENT_NAME_BYTES: usize = 64"),
            ("Names the journal, 16 bytes", JOURNAL_ID.0, JOURNAL_ID.1),
            ("Up to 34 bytes", "crates/stacks-types/src/transaction/payload/mod.rs", "memo: [u8; 34]"),
        ],
        &[
            "Guarantees: (1)",
            "starts at 1 and has no gaps; (2)",
            "n + 1; (3)",
            "misses nothing; (4)",
            "in the journal, from 1",
            "in the block, from 0",
            "whole block, from 0",
            "From 1, +1 each frame",
        ],
    ),
    page(
        "proto/nakamoto/v1/node.proto",
        &[("Names the journal, 16 bytes", JOURNAL_ID.0, JOURNAL_ID.1)],
        &["kept; 0 when", "written; 0 when", "peer address; 0 = only"],
    ),
    page(
        "proto/nakamoto/v1/observer.proto",
        &[],
        &["delivered. 0 when", "of them; 0 when", "answered with 200", "send again; 0 is"],
    ),
    page(
        "proto/nakamoto/v1/operator.proto",
        &[MOST_ON_PAGE, USUAL_ON_PAGE, ("newest first, at most 64", SUBSCRIBERS, "RECENT_ENDS: usize = 64")],
        &[],
    ),
    page(
        "proto/nakamoto/v1/stackerdb.proto",
        &[
            HASH,
            SIGNATURE,
            ("(at most 4096)", MAX_SLOTS.0, MAX_SLOTS.1),
            ("keeps (at most 256)", MAX_INSTANCES.0, MAX_INSTANCES.1),
            ("(at most 254)", CONTRACTS.0, CONTRACTS.1),
            ("1 to 64 chunks", LIMITS, "MAX_CHUNKS: usize = 64"),
            ("1 to 64 chunks", "crates/client/src/slot.rs", "MAX_CHUNKS: usize = 64"),
        ],
        &["0 when never written"],
    ),
    page(
        "proto/nakamoto/v1/template.proto",
        &[
            HASH,
            ("10 ms to 30 s, default 5 s", LIMITS, SHORTEST_ASSEMBLY),
            ("10 ms to 30 s, default 5 s", LIMITS, LONGEST_ASSEMBLY),
            ("10 ms to 30 s, default 5 s", DEFAULT_ASSEMBLY.0, DEFAULT_ASSEMBLY.1),
            (
                "default and most 11,650",
                "crates/chainstate/src/assembly/fill/mod.rs",
                "MAX_TEMPLATE_TRANSACTIONS: u32 = 11_650",
            ),
            ("up to this long; at most 30 s", LIMITS, MAX_WAIT),
            ("left out, at most 100", "crates/chainstate/src/assembly/mod.rs", "SKIPPED_MAX: usize = 100"),
            ("this request, at most 64 bytes", LIMITS, "MAX_REQUEST_KEY_BYTES: usize = 64"),
        ],
        &["before this one; 0 for one that runs"],
    ),
    page(
        "proto/nakamoto/v1/transaction.proto",
        &[
            HASH,
            MOST_ON_PAGE,
            USUAL_ON_PAGE,
            ("a receipt of more than 8 MiB", LIMITS, "MAX_SIMULATED_RECEIPT_BYTES: usize = 8 << 20"),
            ("the newest 65,536", DROPPED, "MAX_DROPPED_KEPT: u32 = 65_536"),
            (
                "encoding, at most 2 MiB",
                "crates/stacks-types/src/limits.rs",
                "MAX_TRANSACTION_BYTES: usize = 2 * 1024 * 1024",
            ),
        ],
        &[],
    ),
    page(
        "proto/nakamoto/v1/validation.proto",
        &[
            ("up to this long, at most 30 s", LIMITS, MAX_WAIT),
            ("up to this long; at most 30 s", LIMITS, MAX_WAIT),
            ("this request, at most 64 bytes", LIMITS, "MAX_REQUEST_KEY_BYTES: usize = 64"),
        ],
        &["before this one; 0 for one that runs"],
    ),
];

/// Fields of type bytes whose comment gives a fixed length, with that length.
fn lengths() -> BTreeMap<String, usize> {
    let mut lengths = BTreeMap::new();
    for page in &PAGES {
        let mut comment = String::new();
        for line in text(page.document).lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("//") {
                comment += words;
                continue;
            }
            let words: Vec<_> = line.trim_start_matches("repeated ").split(' ').collect();
            if let ["bytes", name, "=", ..] = words[..]
                && !comment.contains("at most")
            {
                let length =
                    [(" 32 bytes", 32), (" 80 bytes", 80), (" 65 bytes", 65), (" 20 bytes", 20), (" 16 bytes", 16)];
                for (_, length) in length.into_iter().filter(|(words, _)| comment.contains(words)) {
                    let known = lengths.insert(name.to_owned(), length);
                    assert!(known.is_none_or(|known| known == length), "{name}: {known:?} and {length}");
                }
            } else if !comment.contains("at most") {
                assert!(!comment.contains(" 32 bytes"), "{}: no bytes: {line}", page.document);
            }
            comment.clear();
        }
    }
    lengths
}

/// One name has one length: a field that is a hash in one message is one in all.
#[test]
fn fields_of_a_fixed_length_are_bytes_of_the_length_that_the_code_has() {
    let lengths = lengths();
    let ids = text(IDS) + &text(KEYS) + &text("crates/stacks-types/src/vrf.rs");
    for (field, declared) in [
        ("block_id", "StacksBlockId, 32"),
        ("parent_block_id", "StacksBlockId, 32"),
        ("block_hash", "BlockHash, 32"),
        ("burn_block_hash", "BurnBlockHash, 32"),
        ("consensus_hash", "ConsensusHash, 20"),
        ("txid", "Txid, 32"),
        ("sortition_hash", "SortitionHash, 32"),
        ("tx_merkle_root", "MerkleRoot, 32"),
        ("state_index_root", "StateRoot, 32"),
        ("vrf_proof", "VrfProof, 80"),
        ("vrf_public_key", "VrfPublicKey, 32"),
        ("producer_signature", "MessageSignature, 65"),
    ] {
        let length = lengths.get(field).unwrap_or_else(|| panic!("{field} says no length: {lengths:?}"));
        assert!(declared.ends_with(&format!(", {length}")), "{field} says {length}, the code {declared}");
        assert!(ids.contains(declared), "{declared} is not declared");
    }
    assert!(lengths.len() > 25, "{lengths:?}");
}
