//! Proofs that come over HTTP verify against the state roots of the headers.

use std::collections::BTreeMap;

use clarity::keys;
use clarity::principal::ContractId;
use clarity::value::Value as Clarity;
use marf::{BlockId, Proof, TrieHash};
use serde_json::{Value, json};
use stacks_types::block::NakamotoStacksBlock;

use super::bench::{Bench, JSON};
use chainstate::test_support::{address, deploy, transfer, user};

const CODE: &str = "
(define-data-var total uint u7)
(define-map owners uint bool)
(map-set owners u1 true)
";

/// What a verifier knows: the state roots in the headers, read over HTTP, and the boot block's.
struct Headers {
    roots: BTreeMap<TrieHash, BlockId>,
    tip_root: TrieHash,
}

impl Headers {
    fn read(bench: &Bench) -> Self {
        let boot = bench.core.read(|reader| reader.header(&stacks_types::ids::StacksBlockId::BOOT)).unwrap().unwrap();
        let mut tip_root = TrieHash(boot.state_root.0);
        let mut roots = BTreeMap::from([(tip_root, BlockId(boot.block_id.0))]);
        let height = bench.read("/v2/info")["stacks_tip_height"].as_u64().unwrap();
        for height in 1..=height {
            let block = NakamotoStacksBlock::decode(&bench.get(&format!("/v3/blocks/height/{height}")).body).unwrap();
            tip_root = TrieHash(block.header.state_index_root.0);
            roots.insert(tip_root, BlockId(block.block_id().0));
        }
        Self { roots, tip_root }
    }

    fn verify(&self, proof: &Value, key: &str, value: &str) -> bool {
        let text = proof.as_str().and_then(|text| text.strip_prefix("0x")).unwrap_or_else(|| panic!("{key}: {proof}"));
        let proof = Proof::decode(&hex::decode(text).unwrap()).unwrap();
        proof.verify_text(key, value, &self.tip_root, &|root| self.roots.get(root).copied()).is_ok()
    }

    /// The proof verifies for this value and for no other.
    fn check(&self, proof: &Value, key: &str, value: &str) {
        assert!(self.verify(proof, key, value), "{key} = {value}");
        assert!(!self.verify(proof, key, &format!("{value}0")), "{key} also proves another value");
        assert!(!self.verify(proof, &format!("{key}0"), value), "{key} also proves another key");
    }
}

#[test]
fn what_is_proven_over_http_holds_against_the_headers() {
    let bench = Bench::started();
    bench.send(&[deploy(0, 0, "c", CODE), transfer(0, 1, 9, 5)]);
    bench.grow();
    bench.mine();
    // Leaves of older blocks: the proofs lead through back pointers.
    for _ in 0..5 {
        bench.grow();
    }
    let headers = Headers::read(&bench);
    let owner = address("user", 0).to_string();

    let account = bench.read(&format!("/v2/accounts/{owner}"));
    let balance = &account["balance"].as_str().unwrap()[2..];
    headers.check(&account["balance_proof"], &keys::balance(&user(0)), &format!("{balance}{:032x}{:016x}", 0, 0));
    headers.check(&account["nonce_proof"], &keys::nonce(&user(0)), "2");
    assert_eq!(bench.read(&format!("/v2/accounts/{owner}?proof=1")), account);

    let contract = ContractId::parse(&format!("{owner}.c")).unwrap();
    let hex_of = |value: Clarity| value.encode_hex();
    let variable = bench.read(&format!("/v2/data_var/{owner}/c/total"));
    headers.check(&variable["proof"], &keys::variable(&contract, &"total".parse().unwrap()), &hex_of(Clarity::UInt(7)));
    let body = json!(format!("0x{}", hex_of(Clarity::UInt(1)))).to_string();
    let entry = bench.post(&format!("/v2/map_entry/{owner}/c/owners"), JSON, body).json();
    let key = keys::map_entry(&contract, &"owners".parse().unwrap(), &Clarity::UInt(1));
    headers.check(&entry["proof"], &key, &entry["data"].as_str().unwrap()[2..]);

    let source = bench.read(&format!("/v2/contracts/source/{owner}/c"));
    let commitment = format!("{}{:08x}", hex::encode(stacks_types::hashing::sha512_256(&[CODE.as_bytes()])), 2);
    headers.check(&source["proof"], &keys::contract(&contract), &commitment);

    let path = hex::encode(TrieHash::of_key(&keys::contract(&contract)).0);
    let leaf = bench.read(&format!("/v2/clarity/marf/{path}"));
    assert_eq!(leaf["data"], format!("0x{commitment}"));
    headers.check(&leaf["proof"], &keys::contract(&contract), &commitment);
    let bare = bench.read(&format!("/v2/clarity/marf/{path}?proof=false"));
    assert_eq!(bare, json!({ "data": leaf["data"] }));
}

#[test]
fn a_proof_at_an_older_tip_holds_against_that_tips_root() {
    let bench = Bench::started();
    bench.send(&[transfer(0, 0, 9, 5)]);
    let tip = bench.grow().to_hex();
    let headers = Headers::read(&bench);
    bench.send(&[transfer(0, 1, 9, 5)]);
    bench.grow();
    let account = bench.read(&format!("/v2/accounts/{}?tip={tip}", address("user", 0)));
    headers.check(&account["nonce_proof"], &keys::nonce(&user(0)), "1");
}
