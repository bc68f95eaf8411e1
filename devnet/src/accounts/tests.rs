//! Checks that each account's key, address, name and mnemonic belong together.

use secp256k1::{Keypair, Scalar};
use sha2::{Digest as _, Sha512};
use stacks_types::address::StacksAddress;
use stacks_types::keys::PrivateKey;

use super::*;

#[test]
fn each_key_is_its_address_and_names_are_unique() {
    for account in ACCOUNTS {
        let key = PrivateKey::from_hex(account.private_key).unwrap();
        assert_eq!(StacksAddress::p2pkh(&key.public_key(), false).to_string(), account.address);
        assert_eq!(ACCOUNTS.iter().filter(|other| other.name == account.name).count(), 1);
    }
}

#[test]
fn they_are_the_accounts_of_the_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/stacksjs_transactions.json");
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let balance = vectors["opening_balance_ustx"].to_string();
    assert_eq!(balance.trim_matches('"'), OPENING_BALANCE_USTX.to_string());
    let accounts = vectors["accounts"].as_object().unwrap();
    assert_eq!(accounts.len(), ACCOUNTS.len());
    for account in ACCOUNTS {
        assert_eq!(accounts[account.name]["address"], account.address);
        assert_eq!(accounts[account.name]["private_key"], account.private_key);
    }
}

#[test]
fn each_mnemonic_is_its_key() {
    for account in ACCOUNTS {
        let seed = pbkdf2(account.mnemonic.as_bytes(), b"mnemonic", 2048);
        assert_eq!(format!("{}01", hex::encode(derived(&seed))), account.private_key, "{}", account.name);
    }
}

/// The key at m/44'/5757'/0'/0/0 (BIP-32).
fn derived(seed: &[u8; 64]) -> [u8; 32] {
    const HARD: u32 = 1 << 31;
    let mut node = hmac(b"Bitcoin seed", seed);
    for index in [HARD | 44, HARD | 5757, HARD, 0, 0] {
        let (key, chain) = node.split_at(32);
        let pair = Keypair::from_secret_bytes(key.try_into().unwrap()).unwrap();
        let parent = if index & HARD == 0 { pair.public_key().serialize().to_vec() } else { [&[0], key].concat() };
        let mut child = hmac(chain, &[parent, index.to_be_bytes().to_vec()].concat());
        let tweak = Scalar::from_be_bytes(child[..32].try_into().unwrap()).unwrap();
        let sum = pair.secret_key().add_tweak(&tweak).unwrap();
        child[..32].copy_from_slice(&sum.to_secret_bytes());
        node = child;
    }
    node[..32].try_into().unwrap()
}

/// The first block of PBKDF2-HMAC-SHA512.
fn pbkdf2(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 64] {
    let mut last = hmac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut sum = last;
    for _ in 1..rounds {
        last = hmac(password, &last);
        sum.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// HMAC-SHA512.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 64] {
    let mut block = [0; 128];
    if key.len() > block.len() {
        block[..64].copy_from_slice(&Sha512::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha512::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha512::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}
