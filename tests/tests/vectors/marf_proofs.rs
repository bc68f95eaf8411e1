//! Proofs of `marf_proofs.json`: ours are equal byte for byte, verify, and fail when anything is changed.
//!
//! # Not here
//! The roots that they prove: `marf`.

use std::collections::BTreeMap;

use marf::{BlockId, Leaf, Proof, TrieHash};
use serde_json::Value;

use super::marf::{array, build, bytes, id, text};
use crate::support::load;

type Roots = BTreeMap<TrieHash, BlockId>;

fn verify(proof: &[u8], path: &TrieHash, leaf: &Leaf, root: &TrieHash, roots: &Roots) -> Result<(), String> {
    let proof = Proof::decode(proof).map_err(|error| error.to_string())?;
    proof.verify(path, leaf, root, &|root| roots.get(root).copied()).map_err(|error| error.to_string())
}

fn named<'a>(list: &'a Value, name: &Value) -> &'a Value {
    array(list).iter().find(|item| item["name"] == *name).unwrap()
}

fn roots_of(chain: &Value) -> Roots {
    array(&chain["roots"]).iter().map(|root| (TrieHash(bytes(&root[0])), id(&root[1]))).collect()
}

#[test]
fn proofs_are_made_byte_for_byte() {
    let (marfs, vectors) = (load("marf.json"), load("marf_proofs.json"));
    let mut made = 0;
    for chain in array(&vectors["chains"]) {
        let (index, _) = build(named(&marfs["chains"], &chain["name"]));
        for case in array(&vectors["proofs"]).iter().filter(|case| case["chain"] == chain["name"]) {
            let key = text(&case["key"]);
            let (value, proof) = index.marf.get_with_proof(&id(&case["block_id"]), key).unwrap().unwrap();
            let leaf: Leaf = bytes(&case["marf_value"]);
            assert_eq!(value, case["value"].as_str().map_or(leaf.to_vec(), |value| value.as_bytes().to_vec()));
            assert!(hex::encode(proof.encode()) == text(&case["proof"]), "{key} in {}", chain["name"]);
            made += 1;
        }
        assert!(index.marf.get_with_proof(&id(&chain["roots"][0][1]), "an absent key").unwrap().is_none());
    }
    assert_eq!(made, array(&vectors["proofs"]).len());
}

#[test]
fn proofs_are_accepted_with_the_roots_they_need() {
    let vectors = load("marf_proofs.json");
    for case in array(&vectors["proofs"]) {
        let proof = hex::decode(text(&case["proof"])).unwrap();
        let (path, root) = (TrieHash(bytes(&case["path"])), TrieHash(bytes(&case["root_hash"])));
        let leaf: Leaf = bytes(&case["marf_value"]);
        assert_eq!(TrieHash::of_key(text(&case["key"])), path);
        assert_eq!(Proof::decode(&proof).unwrap().encode(), proof);
        let all = roots_of(named(&vectors["chains"], &case["chain"]));
        assert_eq!(verify(&proof, &path, &leaf, &root, &all), Ok(()));
        let needed: Roots = array(&case["needed_roots"])
            .iter()
            .map(|root| (TrieHash(bytes(&root["root_hash"])), id(&root["block_id"])))
            .collect();
        assert_eq!(verify(&proof, &path, &leaf, &root, &needed), Ok(()));
        for missing in needed.keys() {
            let fewer =
                needed.iter().filter(|(root, _)| *root != missing).map(|(root, block)| (*root, *block)).collect();
            assert!(verify(&proof, &path, &leaf, &root, &fewer).is_err(), "without {missing}");
        }
    }
}

#[test]
fn changed_proofs_are_refused() {
    let vectors = load("marf_proofs.json");
    let cases = array(&vectors["must_fail"]);
    assert!(!cases.is_empty());
    for change in cases {
        let case = &vectors["proofs"][usize::try_from(change["proof"].as_u64().unwrap()).unwrap()];
        let mut proof = hex::decode(text(&case["proof"])).unwrap();
        let field = |name: &str| change.get(name).unwrap_or(&case[name]);
        let (path, root) = (TrieHash(bytes(field("path"))), TrieHash(bytes(field("root_hash"))));
        let leaf: Leaf = bytes(field("marf_value"));
        if let Some(offset) = change.get("offset") {
            proof[usize::try_from(offset.as_u64().unwrap()).unwrap()] ^= 1;
        }
        let roots = roots_of(named(&vectors["chains"], &case["chain"]));
        assert!(verify(&proof, &path, &leaf, &root, &roots).is_err(), "{}", change["change"]);
    }
}
