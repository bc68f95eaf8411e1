//! Proofs from outside: any bytes are decoded or refused, and a changed proof proves nothing.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use marf::{BlockId, DecodeError, MAX_PROOF_BYTES, Proof, SENTINEL, TrieHash};
use proptest::prelude::*;

use crate::support::{Home, id};

/// Offset of the leaf's path byte, which is in the format but in no hash.
const LEAF_CHR_AT: usize = 5;

struct Case {
    roots: BTreeMap<TrieHash, BlockId>,
    root: TrieHash,
    proof: Vec<u8>,
}

const KEY: &str = "key 3";
const VALUE: &str = "value 3";

/// A proof through three tries: the key's own, one that copied the node above it, and the tip.
fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let mut home = Home::new();
        let first: Vec<_> = (0..3_000).map(|number| (format!("key {number}"), format!("value {number}"))).collect();
        let first: Vec<_> = first.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        home.append(SENTINEL, id(0), &[]);
        home.append(id(0), id(1), &first);
        for number in 2..20 {
            // A neighbour is a key whose path has the same first byte.
            let byte = TrieHash::of_key(KEY).0[0];
            let neighbour = (0..).map(|try_| format!("neighbour {number} {try_}"));
            let neighbour = neighbour.into_iter().find(|key| TrieHash::of_key(key).0[0] == byte).unwrap();
            let writes = if number == 7 { vec![(neighbour.as_str(), "x")] } else { vec![("other", "y")] };
            home.append(id(number - 1), id(number), &writes);
        }
        let roots = (0..20).map(|number| (home.marf.root_of(&id(number)).unwrap(), id(number))).collect();
        let root = home.marf.root_of(&id(19)).unwrap();
        let proof = home.marf.get_with_proof(&id(19), KEY).unwrap().unwrap().1.encode();
        Case { roots, root, proof }
    })
}

fn verifies(case: &Case, bytes: &[u8]) -> bool {
    let known = |root: &TrieHash| case.roots.get(root).copied();
    Proof::decode(bytes).is_ok_and(|proof| proof.verify_text(KEY, VALUE, &case.root, &known).is_ok())
}

#[test]
fn the_proof_holds_as_it_is() {
    let case = case();
    assert!(verifies(case, &case.proof));
    assert!(case.proof.len() < 200_000);
}

#[test]
fn each_cut_is_refused() {
    let proof = &case().proof;
    for length in (0..proof.len()).step_by(41) {
        assert!(Proof::decode(&proof[..length]).is_err());
    }
    let longer = [proof.as_slice(), &[0]].concat();
    assert_eq!(Proof::decode(&longer), Err(DecodeError::TrailingBytes(1)));
    let too_long = vec![0; MAX_PROOF_BYTES + 1];
    assert!(matches!(Proof::decode(&too_long), Err(DecodeError::TooLong { .. })));
}

#[test]
fn a_claimed_count_reserves_nothing() {
    assert_eq!(Proof::decode(&[0xff; 4]), Err(DecodeError::Truncated { at: 4 }));
    assert_eq!(Proof::decode(&[0; 4]).map(|proof| proof.encode()), Ok(vec![0; 4]));
    let case = case();
    assert!(!verifies(case, &[0; 4]), "an empty proof proves nothing");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..600)) {
        if let Ok(proof) = Proof::decode(&bytes) {
            prop_assert_eq!(proof.encode(), bytes.clone());
            prop_assert!(!verifies(case(), &bytes));
        }
    }

    #[test]
    fn a_changed_byte_proves_nothing(at in any::<prop::sample::Index>(), change in 1..=u8::MAX) {
        let mut proof = case().proof.clone();
        let at = at.index(proof.len());
        proof[at] ^= change;
        prop_assert_eq!(verifies(case(), &proof), at == LEAF_CHR_AT, "byte {}", at);
    }

    #[test]
    fn moved_bytes_prove_nothing(from in any::<prop::sample::Index>(), length in 1..2_000_usize, copy in any::<bool>()) {
        let mut proof = case().proof.clone();
        let from = from.index(proof.len());
        let to = (from + length).min(proof.len());
        let part = proof[from..to].to_vec();
        if copy { proof.splice(from..from, part); } else { proof.drain(from..to); }
        prop_assert!(!verifies(case(), &proof));
    }
}
