//! `ecdsa.json`: keys and recoverable signatures.

use serde_json::Value;
use stacks_types::keys::{KeyEncoding, LowS, MessageSignature, PrivateKey, PublicKey};

use crate::support::{array, bytes, flag, list, load, text};

fn recovered(signature: &MessageSignature, digest: &[u8; 32], low_s: LowS) -> Option<Vec<u8>> {
    signature.recover(digest, low_s).ok().map(|key| key.to_compressed().to_vec())
}

fn expected_key(case: &Value, key: &str) -> Option<Vec<u8>> {
    case[key].as_str().map(|text| hex::decode(text).expect("hex"))
}

#[test]
fn signatures_are_reproduced_and_verify() {
    for case in list(&load("ecdsa.json"), "cases") {
        let key = PrivateKey::from_bytes(&bytes(case, "private_key")).expect("private key");
        let public = PublicKey::from_sec1(&bytes(case, "public_key")).expect("public key");
        let digest: [u8; 32] = array(case, "digest");
        let signature = MessageSignature(array(case, "signature"));
        assert_eq!(key.public_key(), public);
        assert_eq!(key.sign(&digest), signature, "digest {}", text(case, "digest"));
        // Clarity puts the recovery id last.
        assert_eq!([&signature.0[1..], &signature.0[..1]].concat(), bytes(case, "rsv"));
        assert!(public.verify(&digest, &signature));
        for low_s in [LowS::Strict, LowS::Lax] {
            assert_eq!(signature.recover(&digest, low_s), Ok(public));
        }
        let high = MessageSignature(array(case, "high_s_signature"));
        assert!(!public.verify(&digest, &high));
        assert!(high.recover(&digest, LowS::Strict).is_err());
        assert_eq!(high.recover(&digest, LowS::Lax), Ok(public));
    }
}

#[test]
fn bad_signatures_are_refused_as_the_reference_does() {
    for case in list(&load("ecdsa.json"), "invalid") {
        let digest = bytes(case, "digest");
        let public = PublicKey::from_sec1(&bytes(case, "public_key")).expect("public key");
        let signature = MessageSignature::try_from(bytes(case, "signature").as_slice());
        let (Ok(digest), Ok(signature)) = (<[u8; 32]>::try_from(digest.as_slice()), signature) else {
            // The types fix the length, so digests and signatures of another length are impossible.
            assert_eq!(expected_key(case, "recover_lax"), None, "{case}");
            assert_eq!(expected_key(case, "recover_strict"), None, "{case}");
            continue;
        };
        assert_eq!(recovered(&signature, &digest, LowS::Lax), expected_key(case, "recover_lax"), "{case}");
        assert_eq!(recovered(&signature, &digest, LowS::Strict), expected_key(case, "recover_strict"), "{case}");
        assert!(!public.verify(&digest, &signature), "{case}");
    }
}

#[test]
fn bad_keys_are_refused() {
    let file = load("ecdsa.json");
    for case in list(&file, "invalid_private_keys") {
        assert!(PrivateKey::from_bytes(&bytes(case, "private_key")).is_err(), "{case}");
    }
    for case in list(&file, "invalid_public_keys") {
        assert!(PublicKey::from_sec1(&bytes(case, "public_key")).is_err(), "{case}");
    }
}

#[test]
fn both_forms_of_a_private_key_are_read_and_written() {
    for case in list(&load("ecdsa.json"), "private_key_forms") {
        let encoded = bytes(case, "encoded");
        let key = PrivateKey::from_bytes(&encoded).expect("private key");
        let compressed = flag(case, "compressed_public_key");
        assert_eq!(key.encoding() == KeyEncoding::Compressed, compressed);
        assert_eq!(key.public_key().to_bytes(key.encoding()), bytes(case, "public_key"));
        assert_eq!(key.to_bytes(), encoded);
    }
}
