//! docs/ACTORS.md. Its formats are compared with the code's encoding; `docs/actors.rs` tests its VRF proof.

use std::collections::BTreeMap;

use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::BlockHash;
use stacks_types::keys::MessageSignature;
use stacks_types::proposal::SlotMessage;

use super::{BLOCK_BYTES, CHUNK_BYTES, MAX_INSTANCES, MAX_SLOTS, Page, THRESHOLD, text};

const KEYS: &str = "crates/stacks-types/src/keys/mod.rs";
const VRF: &str = "crates/stacks-types/src/vrf.rs";
const PROPOSAL: &str = "crates/stacks-types/src/proposal.rs";
const JOBS: &str = "node/src/jobs/kinds.rs";

pub(super) const PAGE: Page = Page {
    document: "docs/ACTORS.md",
    rows: &[
        ("call: 65 bytes as hex", KEYS, "MessageSignature, 65"),
        ("signatures 65 bytes: recovery id, r, s", KEYS, "MessageSignature, 65"),
        ("over a 32-byte digest", KEYS, "pub fn sign(&self, digest: &[u8; 32]) -> MessageSignature"),
        ("transactions; 2 MiB at most", BLOCK_BYTES.0, BLOCK_BYTES.1),
        ("text (1 KiB at most)", "crates/stacks-types/src/limits.rs", "MAX_REASON_BYTES: usize = 1024"),
        ("three must sign", "devnet/src/data_dir/mod.rs", "DEFAULT_SIGNERS: u8 = 4"), // With the threshold below.
        ("At 70 %, rounded up", THRESHOLD.0, THRESHOLD.1),
        ("At 70 %, rounded up", "producer/src/collect.rs", "THRESHOLD_TENTHS: u64 = 7"),
        ("seed` is the 32-byte VRF private key", VRF, "pub fn from_seed(seed: &[u8; 32])"),
        ("of SHA512(03 ‖ 01 ‖ public key", VRF, "HASH_TO_CURVE: u8 = 0x01"),
        ("of SHA512(03 ‖ 02 ‖ H", VRF, "HASH_POINTS: u8 = 0x02"),
        ("of SHA512(03 ‖ 02 ‖ H", VRF, "SUITE: u8 = 0x03"),
        ("SHA512/256 of these 80 bytes", VRF, "VrfProof, 80"),
        ("keeps 256 StackerDBs", MAX_INSTANCES.0, MAX_INSTANCES.1),
        ("of 4,096 slots each", MAX_SLOTS.0, MAX_SLOTS.1),
        ("a chunk has 16 MiB at most", CHUNK_BYTES.0, CHUNK_BYTES.1),
        ("by id for ten minutes", JOBS, "result_age: Duration::from_secs(600)"),
        ("| 1 ‖ 1 ‖ length (4) ‖ block |", PROPOSAL, "KIND_PROPOSAL: u8 = 1"),
        ("| 1 ‖ 2 ‖ `block_hash` (32) ‖ signature (65) |", PROPOSAL, "KIND_ACCEPTED: u8 = 2"),
        ("| 1 ‖ 3 ‖ `block_hash` (32) ‖ reason code (4) ‖ length (4) ‖", PROPOSAL, "KIND_REJECTED: u8 = 3"),
        (
            "payload 4 ‖ any 32 bytes, fee 0",
            "crates/stacks-types/src/transaction/payload/mod.rs",
            "COINBASE: u8 = 0x04",
        ),
    ],
    names: &[
        // Compared with the code's encoding below.
        "version 0 (1) ‖ chain_length (8) ‖ burn_spent (8) ‖ bitcoin_block_hash (32) ‖ parent_block_id (32) ‖ tx_merkle_root (32) \
         ‖ state_index_root (32) ‖ vrf_proof (80) ‖ producer_signature (65) ‖ count (4) and stacker signatures (65 each)",
        "header ‖ count (4) and SIP-005",
        "Gamma (32) ‖ c (16) ‖ s (32)",
        "SHA512/256(slot_id (4) ‖ slot_version (4) ‖",
        "anchor mode 1",
        // Steps of the proof: its examples are computed.
        "draft-irtf-cfrg-vrf-02, suite 03",
        "RFC 9381",
        "(byte 0 & 248, byte 31 & 63 | 64)",
        "For the counters 0, 1, 2, ...: decompress the first 32 bytes",
        "times 8, are H",
        "The tail of 0 is one byte `00`",
        "i = 0, 1, ... (lowest first)",
        "2^(8i)",
        "the tail of 1 is *empty*, of 2 it is `02`, of 256 `00`, of 257 `0101`",
        "the first 16 bytes",
        "reference's code, 0 to 4", // A test of the StackerDB paths checks them.
    ],
    is_whole: true,
};

/// The widths, in bytes, of the fields in a table row: "name (N)"; a bare number is one byte.
fn widths(row: &str) -> Vec<usize> {
    let document = text(PAGE.document);
    let line = document.lines().find(|line| line.starts_with(&format!("| {row} |"))).expect(row);
    let cell = line.split('|').nth(2).expect("a second column");
    let fields = cell.split('‖').map(str::trim);
    let width = |field: &str| {
        let inside = field.split('(').nth(1).and_then(|rest| rest.split(')').next());
        inside.and_then(|digits| digits.parse().ok()).or_else(|| field.parse::<u8>().ok().map(|_| 1))
    };
    fields.filter_map(width).collect()
}

/// Position of the first byte that differs between two encodings, and the number of bytes that differ.
fn changed(before: &[u8], after: &[u8]) -> (usize, usize) {
    let differs: Vec<_> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    (*differs.first().expect("it changes"), differs.len())
}

#[test]
fn the_blocks_header_is_laid_out_as_the_table_says() {
    let widths = widths("block header");
    let empty = NakamotoStacksBlockHeader {
        version: 0,
        chain_length: 0,
        burn_spent: 0,
        bitcoin_block_hash: Default::default(),
        parent_block_id: Default::default(),
        tx_merkle_root: Default::default(),
        state_index_root: Default::default(),
        vrf_proof: Default::default(),
        producer_signature: MessageSignature::default(),
        stacker_signatures: Vec::new(),
    };
    let mut all: Vec<_> = (0..10).map(|_| empty.clone()).collect();
    all[1].chain_length = u64::MAX;
    all[2].burn_spent = u64::MAX;
    all[3].bitcoin_block_hash.0 = [255; 32];
    all[4].parent_block_id.0 = [255; 32];
    all[5].tx_merkle_root.0 = [255; 32];
    all[6].state_index_root.0 = [255; 32];
    all[7].vrf_proof.0 = [255; 80];
    all[8].producer_signature.0 = [255; 65];
    assert_eq!(widths.len(), all.len(), "the last is the count");
    let mut at = widths[0];
    for (field, header) in all.iter().enumerate().take(9).skip(1) {
        assert_eq!(changed(&empty.encode(), &header.encode()), (at, widths[field]), "field {field}");
        at += widths[field];
    }
    assert_eq!((empty.encode().len(), empty.encode()[0]), (at + widths[9], 0));
    all[9].stacker_signatures = vec![MessageSignature([7; 65]); 2];
    assert_eq!(all[9].encode().len(), empty.encode().len() + 2 * 65);
}

#[test]
fn slots_hold_what_the_table_says() {
    let (block_hash, signature) = (BlockHash([7; 32]), MessageSignature([8; 65]));
    let reject = SlotMessage::Reject { block_hash, reason_code: 1, reason: "no".to_owned() };
    let messages: BTreeMap<&str, (SlotMessage, usize)> = [
        ("slot: a proposal", (SlotMessage::BlockProposal { block: vec![9; 5] }, 5)),
        ("slot: a signature", (SlotMessage::SignatureAccept { block_hash, signature }, 0)),
        ("slot: a refusal", (reject, 2)),
    ]
    .into();
    for (row, (message, content)) in messages {
        assert_eq!(message.encode().len(), widths(row).iter().sum::<usize>() + content, "{row}");
    }
}
