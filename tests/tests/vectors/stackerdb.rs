//! `stackerdb.json`: chunks, their digests and signatures. The file's wire form is not used here.

use serde_json::Value;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::keys::{MessageSignature, PrivateKey};
use stacks_types::stackerdb::{ChunkHash, StackerDbChunk, slot_digest};

use crate::support::{array, bytes, list, load, number, text};

fn chunk(case: &Value) -> StackerDbChunk {
    StackerDbChunk {
        slot_id: u32::try_from(number(case, "slot_id")).expect("u32"),
        slot_version: u32::try_from(number(case, "slot_version")).expect("u32"),
        signature: MessageSignature(array(case, "signature")),
        data: bytes(case, "data"),
    }
}

#[test]
fn chunks_are_reproduced_and_verify() {
    for case in list(&load("stackerdb.json"), "cases") {
        let chunk = chunk(case);
        let key = PrivateKey::from_bytes(&bytes(case, "private_key")).expect("private key");
        let signer = Hash160(array(case, "signer_hash160"));
        assert_eq!(key.public_key().to_compressed().to_vec(), bytes(case, "public_key"));
        assert_eq!(key.public_key().hash160(), signer);
        assert_eq!(StacksAddress::p2pkh(&key.public_key(), false).to_string(), text(case, "signer_address_testnet"));
        assert_eq!(chunk.data_hash(), ChunkHash(array(case, "data_hash")));
        assert_eq!(chunk.digest(), array::<32>(case, "auth_digest"));
        assert_eq!(slot_digest(chunk.slot_id, chunk.slot_version, &chunk.data_hash()), chunk.digest());
        assert_eq!(StackerDbChunk::signed(chunk.slot_id, chunk.slot_version, chunk.data.clone(), &key), chunk);
        assert_eq!(chunk.signer(), Ok(signer));
        check_json_forms(case, &chunk);
    }
}

/// The JSON forms belong to the HTTP layer; here only their fields are compared with the chunk's.
fn check_json_forms(case: &Value, chunk: &StackerDbChunk) {
    let (json, metadata) = (&case["chunk_json"], &case["metadata_json"]);
    for form in [json, metadata] {
        assert_eq!(number(form, "slot_id"), u64::from(chunk.slot_id));
        assert_eq!(number(form, "slot_version"), u64::from(chunk.slot_version));
    }
    assert_eq!(text(json, "sig"), chunk.signature.to_hex());
    assert_eq!(bytes(json, "data"), chunk.data);
    assert_eq!(text(metadata, "signature"), chunk.signature.to_hex());
    assert_eq!(text(metadata, "data_hash"), chunk.data_hash().to_hex());
}

#[test]
fn chunks_that_are_not_the_owners_are_refused() {
    for case in list(&load("stackerdb.json"), "must_fail") {
        let chunk = chunk(case);
        let owner = Hash160(array(case, "signer_hash160"));
        match text(case, "result") {
            "false" => assert_ne!(chunk.signer().expect("a key recovers"), owner, "{case}"),
            "error" => assert!(chunk.signer().is_err(), "{case}"),
            other => panic!("result {other}"),
        }
    }
}

#[test]
fn tolerated_chunks_verify() {
    for case in list(&load("stackerdb.json"), "tolerated") {
        let mut chunk = chunk(case);
        let owner = Hash160(array(case, "signer_hash160"));
        assert_eq!(text(case, "result"), "valid");
        assert_eq!(chunk.signer(), Ok(owner), "{case}");
        chunk.signature = MessageSignature(array(case, "low_s_signature"));
        assert_eq!(chunk.signer(), Ok(owner), "{case}");
    }
}
