//! `vrf.json`: the verifiable random function.

use stacks_types::ids::VrfSeed;
use stacks_types::vrf::{VrfError, VrfPrivateKey, VrfProof, VrfPublicKey};

use crate::support::{array, bytes, list, load, text};

#[test]
fn proofs_are_reproduced_and_verify() {
    for case in list(&load("vrf.json"), "cases") {
        let key = VrfPrivateKey::from_seed(&array(case, "private_key"));
        let public = VrfPublicKey(array(case, "public_key"));
        let proof = VrfProof(array(case, "proof"));
        let alpha = bytes(case, "alpha");
        assert_eq!(key.public_key(), public);
        assert!(public.is_valid());
        assert_eq!(key.prove(&alpha), proof, "alpha {}", text(case, "alpha"));
        assert_eq!(proof.verify(&public, &alpha), Ok(()));
        assert_eq!(proof.canonical(), Some(proof));
        assert_eq!(proof.seed(), VrfSeed(array(case, "vrf_seed")));
        // The byte goes in front: with an appended zero byte the point can be the same, as a counter of 1 appends no
        // byte (docs/CONSENSUS.md#vrf).
        let other = [&[1], alpha.as_slice()].concat();
        assert_eq!(proof.verify(&public, &other), Err(VrfError::Wrong));
    }
}

#[test]
fn bad_proofs_are_refused() {
    for case in list(&load("vrf.json"), "invalid") {
        let result = text(case, "result");
        let key = VrfPublicKey::try_from(bytes(case, "public_key").as_slice());
        let proof = VrfProof::try_from(bytes(case, "proof").as_slice());
        let blames_key = key.is_err();
        let (Ok(key), Ok(proof)) = (key, proof) else {
            // The types refuse a wrong length.
            let blamed = if blames_key { "bad_public_key" } else { "bad_proof_encoding" };
            assert_eq!(result, blamed, "{case}");
            continue;
        };
        assert_eq!(key.is_valid(), result != "bad_public_key", "{case}");
        assert_eq!(proof.canonical().is_some(), result != "bad_proof_encoding", "{case}");
        let expected = match result {
            "bad_public_key" => VrfError::PublicKey,
            "bad_proof_encoding" => VrfError::Encoding,
            "verify_false" | "verify_error" => VrfError::Wrong,
            other => panic!("result {other}"),
        };
        assert_eq!(proof.verify(&key, &bytes(case, "alpha")), Err(expected), "{case}");
    }
}
