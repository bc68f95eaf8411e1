//! `addresses.json`: account hashes and c32 addresses.

use clarity::principal::c32;
use serde_json::Value;
use stacks_types::address::{HashMode, StacksAddress};
use stacks_types::ids::Hash160;
use stacks_types::keys::{KeyEncoding, PrivateKey, PublicKey};

use crate::support::{array, bytes, flag, items, list, load, number, text};

fn version(case: &Value) -> u8 {
    u8::try_from(number(case, "version")).expect("version")
}

#[test]
fn addresses_of_single_keys() {
    for case in list(&load("addresses.json"), "single") {
        let key = PrivateKey::from_bytes(&bytes(case, "private_key")).expect("private key").public_key();
        assert_eq!(key.to_compressed().to_vec(), bytes(case, "public_key_compressed"));
        assert_eq!(key.to_uncompressed().to_vec(), bytes(case, "public_key_uncompressed"));
        assert_eq!(Hash160::digest(&key.to_compressed()), Hash160(array(case, "p2pkh_hash160_compressed")));
        assert_eq!(Hash160::digest(&key.to_uncompressed()), Hash160(array(case, "p2pkh_hash160_uncompressed")));
        let p2wpkh = HashMode::P2wpkh.account_hash(&[(key, KeyEncoding::Compressed)], 1).expect("account");
        assert_eq!(p2wpkh, Hash160(array(case, "p2wpkh_p2sh_hash160")));
        for (network, mainnet) in [("mainnet", true), ("testnet", false)] {
            let expected = |kind: &str| text(case, &format!("address_{network}_{kind}")).to_owned();
            let of_key = |encoding| StacksAddress::of_key(&key, encoding, mainnet).to_string();
            assert_eq!(of_key(KeyEncoding::Compressed), expected("p2pkh_compressed"));
            assert_eq!(of_key(KeyEncoding::Uncompressed), expected("p2pkh_uncompressed"));
            let address = HashMode::P2wpkh.address(p2wpkh, mainnet);
            assert_eq!(address.to_string(), expected("p2wpkh"));
        }
    }
}

#[test]
fn addresses_of_several_keys() {
    for case in list(&load("addresses.json"), "multi") {
        let encoding = match flag(case, "compressed") {
            true => KeyEncoding::Compressed,
            false => KeyEncoding::Uncompressed,
        };
        let mode = match text(case, "hash_mode") {
            "p2sh" => HashMode::P2sh,
            "p2wsh_p2sh" => HashMode::P2wsh,
            mode => panic!("hash mode {mode}"),
        };
        let (private_keys, public_keys) = (items(case, "private_keys"), items(case, "public_keys"));
        assert_eq!(public_keys.len() as u64, number(case, "num_keys"));
        assert_eq!(private_keys.len(), public_keys.len());
        let mut keys: Vec<(PublicKey, KeyEncoding)> = Vec::new();
        for (private, public) in private_keys.iter().zip(public_keys) {
            let key = PublicKey::from_hex(public.as_str().expect("text")).expect("public key");
            let made = PrivateKey::from_hex(private.as_str().expect("text")).expect("private key").public_key();
            assert_eq!(made, key);
            assert_eq!(hex::encode(key.to_bytes(encoding)), public.as_str().expect("text"));
            keys.push((key, encoding));
        }
        let required = u16::try_from(number(case, "signatures_required")).expect("u16");
        let made = mode.account_hash(&keys, required);
        if case["hash160"].is_null() {
            assert!(made.is_err(), "{case}");
            continue;
        }
        let hash160 = made.expect("account");
        assert_eq!(hash160, Hash160(array(case, "hash160")));
        for (key, mainnet) in [("address_mainnet", true), ("address_testnet", false)] {
            let address = mode.address(hash160, mainnet);
            assert_eq!(address.to_string(), text(case, key));
        }
    }
}

#[test]
fn every_version_is_written_and_read() {
    for case in list(&load("addresses.json"), "encode") {
        let address = StacksAddress::new(version(case), Hash160(array(case, "hash160"))).expect("a version");
        assert_eq!(address.to_string(), text(case, "address"));
        assert_eq!(StacksAddress::parse(text(case, "address")), Ok(address));
    }
}

#[test]
fn odd_but_tolerated_text_is_read() {
    for case in list(&load("addresses.json"), "decode_ok") {
        let address = StacksAddress::new(version(case), Hash160(array(case, "hash160"))).expect("a version");
        assert_eq!(StacksAddress::parse(text(case, "input")), Ok(address), "{case}");
        assert_eq!(address.to_string(), text(case, "canonical"));
    }
}

#[test]
fn text_that_is_no_address_is_refused() {
    for case in list(&load("addresses.json"), "decode_fail") {
        let input = text(case, "input");
        assert!(StacksAddress::parse(input).is_err(), "{case}");
        assert_eq!(c32::check_decode(input).is_ok(), flag(case, "c32check_decodes"), "{case}");
    }
}
