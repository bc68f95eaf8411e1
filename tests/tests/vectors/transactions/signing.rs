//! `valid[].sighash`: the hash chain step by step, and the signatures, made again from the private keys.

use serde_json::Value;
use stacks_types::address::HashMode;
use stacks_types::ids::SigHash;
use stacks_types::keys::{KeyEncoding, MessageSignature, PrivateKey, PublicKey};
use stacks_types::test_support::KeyUse;
use stacks_types::transaction::{AuthField, AuthRole, SpendingCondition, StacksTransaction, postsign, presign};

use crate::support::{array, bytes, items, list, load, number, text};

fn role(step: &Value) -> AuthRole {
    match (text(step, "role"), number(step, "auth_flag")) {
        ("origin", 4) => AuthRole::Origin,
        ("sponsor", 5) => AuthRole::Sponsor,
        (role, flag) => panic!("{role} with flag {flag}"),
    }
}

fn condition(transaction: &StacksTransaction, role: AuthRole) -> &SpendingCondition {
    match role {
        AuthRole::Origin => transaction.auth.origin(),
        AuthRole::Sponsor => transaction.auth.sponsor().expect("a sponsor"),
    }
}

/// Form and signature of the signer whose key has this index in the account.
fn signature_at(condition: &SpendingCondition, key_index: usize) -> (KeyEncoding, MessageSignature) {
    match condition {
        SpendingCondition::SingleSig(single) => (single.key_encoding, single.signature),
        SpendingCondition::MultiSig(multi) => match &multi.fields[key_index] {
            AuthField::Signature { encoding, signature } => (*encoding, *signature),
            AuthField::PublicKey { .. } => panic!("key {key_index} has not signed"),
        },
    }
}

#[test]
fn the_hash_chain_is_as_described_step_by_step() {
    for case in list(&load("transactions.json"), "valid") {
        let name = text(case, "name");
        let transaction = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        let sighash = &case["sighash"];
        let initial = SigHash(array(sighash, "initial"));
        assert_eq!(transaction.initial_sighash(), initial, "{name}");
        let mut current = initial;
        for step in list(sighash, "steps") {
            let role = role(step);
            let condition = condition(&transaction, role);
            assert_eq!(current, SigHash(array(step, "current_sighash")), "{name}");
            let signed = presign(&current, role, condition.fee(), condition.nonce());
            assert_eq!(signed, SigHash(array(step, "presign")), "{name}");
            let index = usize::try_from(number(step, "key_index")).expect("usize");
            let (encoding, signature) = signature_at(condition, index);
            assert_eq!(signature, MessageSignature(array(step, "signature")), "{name}");
            let key = PrivateKey::from_hex(text(step, "private_key")).expect("private key");
            assert_eq!(key.sign(&signed.0), signature, "{name}");
            let after = postsign(&signed, encoding, &signature);
            assert_eq!(after, SigHash(array(step, "postsign")), "{name}");
            if !condition.hash_mode().is_order_independent() {
                current = after;
            }
            assert_eq!(current, SigHash(array(step, "next_sighash")), "{name}");
        }
        assert_eq!(current, SigHash(array(sighash, "final")), "{name}");
        let from_origin = transaction.auth.origin().hand_on(&initial, AuthRole::Origin);
        assert_eq!(transaction.sponsor_sighash(), from_origin, "{name}");
        let last = match transaction.auth.sponsor() {
            Some(sponsor) => sponsor.hand_on(&from_origin, AuthRole::Sponsor),
            None => from_origin,
        };
        assert_eq!(last, current, "{name}");
    }
}

/// All keys of the described condition, in order, with the forms that are hashed.
fn keys(condition: &SpendingCondition, described: &Value) -> Vec<PrivateKey> {
    let encoding_of = |index: usize| match condition {
        SpendingCondition::SingleSig(single) => single.key_encoding,
        SpendingCondition::MultiSig(multi) => multi.fields[index].encoding(),
    };
    let private_keys = items(described, "private_keys").iter().enumerate();
    private_keys
        .map(|(index, text)| {
            let key = PrivateKey::from_hex(text.as_str().expect("text")).expect("private key");
            key.with_encoding(encoding_of(index))
        })
        .collect()
}

/// The condition without signatures.
fn unsigned(condition: &SpendingCondition) -> SpendingCondition {
    match condition.clone() {
        SpendingCondition::SingleSig(mut single) => {
            single.signature = MessageSignature::default();
            SpendingCondition::SingleSig(single)
        }
        SpendingCondition::MultiSig(mut multi) => {
            multi.fields.clear();
            SpendingCondition::MultiSig(multi)
        }
    }
}

/// For each key of the condition, whether it signs or is only listed.
fn uses<'a>(condition: &SpendingCondition, keys: &'a [PrivateKey]) -> Vec<KeyUse<'a>> {
    let signs = |index: usize| match condition {
        SpendingCondition::SingleSig(_) => true,
        SpendingCondition::MultiSig(multi) => matches!(multi.fields[index], AuthField::Signature { .. }),
    };
    let key_use = |(index, key): (usize, &'a PrivateKey)| match signs(index) {
        true => KeyUse::Signs(key),
        false => KeyUse::Named(key.public_key(), key.encoding()),
    };
    keys.iter().enumerate().map(key_use).collect()
}

fn check_account(condition: &SpendingCondition, described: &Value, keys: &[PrivateKey], name: &str) {
    let public: Vec<(PublicKey, KeyEncoding)> = keys.iter().map(|key| (key.public_key(), key.encoding())).collect();
    let written: Vec<String> = public.iter().map(|(key, encoding)| hex::encode(key.to_bytes(*encoding))).collect();
    let described: Vec<&str> = items(described, "public_keys").iter().filter_map(Value::as_str).collect();
    assert_eq!(written, described, "{name}");
    let required = match condition {
        SpendingCondition::SingleSig(_) => 1,
        SpendingCondition::MultiSig(multi) => multi.signatures_required,
    };
    let mode: HashMode = condition.hash_mode();
    assert_eq!(mode.account_hash(&public, required), Ok(condition.signer()), "{name}");
}

#[test]
fn transactions_are_signed_again_to_the_same_bytes() {
    for case in list(&load("transactions.json"), "valid") {
        let name = text(case, "name");
        let signed = StacksTransaction::decode(&bytes(case, "raw")).expect("decodes");
        let origin_keys = keys(signed.auth.origin(), &case["auth"]["origin"]);
        check_account(signed.auth.origin(), &case["auth"]["origin"], &origin_keys, name);

        let mut again = signed.clone();
        *again.auth.origin_mut() = unsigned(signed.auth.origin());
        if let Some(sponsor) = again.auth.sponsor_mut() {
            *sponsor = unsigned(sponsor);
        }
        assert_ne!(again, signed, "{name}");
        again
            .sign_origin_with(&uses(signed.auth.origin(), &origin_keys))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(sponsor) = signed.auth.sponsor() {
            let sponsor_keys = keys(sponsor, &case["auth"]["sponsor"]);
            check_account(sponsor, &case["auth"]["sponsor"], &sponsor_keys, name);
            again.sign_sponsor_with(&uses(sponsor, &sponsor_keys)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(again, signed, "{name}");
    }
}
