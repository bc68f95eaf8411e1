//! Every decoder of bytes and texts: none panics, and an accepted input encodes to the same bytes again.

use std::collections::BTreeMap;

use clarity::principal::Principal;
use clarity::value::Value;
use client::parse_duration;
use marf::{BlockId, Proof, TrieHash};
use mockamoto_node::config::EventKey;
use mockamoto_node::event_stream::cursor::Cursor;
use stacks_types::address::StacksAddress;
use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::ids::Hash160;
use stacks_types::keys::{MessageSignature, PrivateKey, PublicKey};
use stacks_types::proposal::SlotMessage;
use stacks_types::transaction::{BlockTransaction, ContractCall, StacksTransaction, TransactionPayload};
use stacks_types::value::decode_value;
use stacks_types::vrf::VrfProof;

use crate::bytes::mutant;
use crate::harness::{fuzz, vectors};
use chainstate::test_support::{address, deploy, key, signed, transfer, user, vrf_key};

type Decoder = fn(&[u8]) -> Option<Vec<u8>>;

/// Decodes and encodes again.
const DECODERS: [(&str, Decoder); 8] = [
    ("value", |bytes| decode_value(bytes).ok().map(|value| value.encode())),
    ("transaction", |bytes| StacksTransaction::decode(bytes).ok().map(|transaction| transaction.encode())),
    ("block transaction", |bytes| BlockTransaction::decode(bytes).ok().map(|transaction| transaction.raw().to_vec())),
    ("header", |bytes| NakamotoStacksBlockHeader::decode(bytes).ok().map(|header| header.encode())),
    ("block", |bytes| NakamotoStacksBlock::decode(bytes).ok().map(|block| block.encode())),
    ("slot message", |bytes| SlotMessage::decode(bytes).ok().map(|message| message.encode())),
    ("cursor", |bytes| Cursor::decode(bytes).ok().map(|cursor| cursor.encode())),
    ("marf proof", |bytes| Proof::decode(bytes).ok().map(|proof| proof.encode())),
];

fn call() -> StacksTransaction {
    let payload = TransactionPayload::ContractCall(ContractCall {
        address: address("user", 0),
        contract_name: "store".parse().unwrap(),
        function_name: "set-it".parse().unwrap(),
        arguments: values(),
    });
    signed(&key("user", 1), 3, 400, payload)
}

fn values() -> Vec<Value> {
    let tuple = Value::tuple(vec![("a".parse().unwrap(), Value::UInt(u128::MAX)), ("b".parse().unwrap(), Value::NONE)]);
    let list = Value::list(vec![Value::Int(-1), Value::Int(2)]).unwrap();
    vec![
        Value::Bool(true),
        Value::buffer(vec![1, 2, 3]),
        Value::ascii(b"abc".to_vec()).unwrap(),
        Value::utf8("h\u{e9}"),
        Value::okay(Value::some(list).unwrap()).unwrap(),
        Value::principal(user(1)),
        tuple.unwrap(),
    ]
}

/// Valid encodings of all kinds.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<_> = values().iter().map(Value::encode).collect();
    let transactions = [transfer(0, 0, 1, 5), deploy(0, 1, "store", "(define-data-var a int 1)"), call()];
    corpus.extend(transactions.iter().map(StacksTransaction::encode));
    let mut block = NakamotoStacksBlock::decode(&EMPTY_BLOCK).unwrap();
    block.txs = transactions.map(BlockTransaction::new).to_vec();
    block.header.vrf_proof = vrf_key(0).prove(b"sortition");
    block.header.sign_producer(&key("producer", 0));
    block.header.stacker_signatures = (0..3).map(|i| block.header.sign_stacker(&key("stacker", i))).collect();
    corpus.push(block.header.encode());
    corpus.push(block.encode());
    corpus.push(SlotMessage::BlockProposal { block: block.encode() }.encode());
    let signature = MessageSignature([1; 65]);
    let block_hash = block.header.block_hash();
    corpus.push(SlotMessage::SignatureAccept { block_hash, signature }.encode());
    corpus.push(SlotMessage::Reject { block_hash, reason_code: 7, reason: "late".to_owned() }.encode());
    corpus.push(Cursor { journal_id: [3; 16], sequence: 9, time_ms: None }.encode());
    corpus.push(Cursor { journal_id: [3; 16], sequence: 9, time_ms: Some(1_700_000_000_000) }.encode());
    corpus.extend(proofs().0.into_iter().map(|case| case.proof));
    corpus
}

/// A block with all header fields zero, no signatures and no transactions.
const EMPTY_BLOCK: [u8; 1 + 8 + 8 + 32 * 4 + 80 + 65 + 4 + 4] = [0; 298];

#[test]
fn bytes() {
    let corpus = corpus();
    fuzz("bytes", |rng| {
        let bytes = mutant(rng, &corpus);
        for (what, decode) in DECODERS {
            let Some(encoded) = decode(&bytes) else { continue };
            assert!(encoded.len() <= bytes.len(), "{what}: encoding makes it longer");
            assert_eq!(decode(&encoded), Some(encoded), "{what}: encoding it once does not normalize it");
        }
    });
}

/// A proof from the vectors.
struct Proven {
    proof: Vec<u8>,
    path: TrieHash,
    leaf: marf::Leaf,
    root: TrieHash,
}

fn proofs() -> (Vec<Proven>, BTreeMap<TrieHash, BlockId>) {
    let vectors = vectors("marf_proofs.json");
    let list = |value: &serde_json::Value| value.as_array().unwrap().clone();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap().trim_start_matches("0x")).unwrap();
    let hash = |value: &serde_json::Value| <[u8; 32]>::try_from(bytes(value)).unwrap();
    let cases = list(&vectors["proofs"]);
    let proven = cases.iter().map(|case| Proven {
        proof: bytes(&case["proof"]),
        path: TrieHash(hash(&case["path"])),
        leaf: bytes(&case["marf_value"]).try_into().unwrap(),
        root: TrieHash(hash(&case["root_hash"])),
    });
    let chains = list(&vectors["chains"]);
    let roots = chains.iter().flat_map(|chain| list(&chain["roots"]));
    (proven.collect(), roots.map(|root| (TrieHash(hash(&root[0])), BlockId(hash(&root[1])))).collect())
}

#[test]
fn no_bytes_prove_what_is_not_there() {
    let (proofs, roots) = proofs();
    let corpus: Vec<_> = proofs.iter().map(|case| case.proof.clone()).collect();
    fuzz("proofs", |rng| {
        let case = rng.pick(&proofs);
        let bytes = mutant(rng, &corpus);
        let Ok(proof) = Proof::decode(&bytes) else { return };
        let known = |root: &TrieHash| roots.get(root).copied();
        let mut leaf = case.leaf;
        leaf[rng.below(leaf.len())] ^= 1 << rng.below(8);
        assert!(proof.verify(&case.path, &leaf, &case.root, &known).is_err(), "{}", hex::encode(&bytes));
    });
}

#[test]
fn texts() {
    let address = StacksAddress::of_key_hash(Hash160([7; 20]), false).to_string();
    let contract = format!("{address}.some-contract");
    let texts = [
        address.clone(),
        contract.clone(),
        format!("{contract}::print"),
        format!("{contract}.token"),
        "1h30m".to_owned(),
        "250ms".to_owned(),
        hex::encode(key("user", 0).to_bytes()),
        Principal::parse(&contract).unwrap().to_string(),
    ];
    let corpus: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
    fuzz("texts", |rng| {
        let bytes = mutant(rng, &corpus);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(address) = StacksAddress::parse(&text) {
            assert_eq!(StacksAddress::parse(&address.to_string()), Ok(address));
        }
        let _ = parse_duration(&text);
        let _ = EventKey::parse(&text);
        let _ = PrivateKey::from_hex(&text);
        let _ = PublicKey::from_sec1(&bytes);
        let _ = VrfProof::try_from(bytes.as_slice());
    });
}
