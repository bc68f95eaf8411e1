//! Makes conditions and signatures of accounts with one key (docs/CONSENSUS.md#signing-hashes).
//!
//! # Invariants
//! - A signature is never put into the condition of an account that is not the key's.
//!
//! # Not here
//! How sponsors and accounts with several keys sign: no product does, see `test_support`.

use crate::address::HashMode;
use crate::ids::{Hash160, SigHash};
use crate::keys::{KeyEncoding, MessageSignature, PrivateKey, PublicKey};

use super::auth::{SingleSigCondition, SingleSigHashMode, SpendingCondition};
use super::sighash::{AuthRole, presign};
use super::tx::StacksTransaction;

/// Why a transaction was not signed: its account belongs to other keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {role} is {signer}, which is of other keys")]
pub struct SignError {
    /// Origin or sponsor.
    pub role: AuthRole,
    /// Account hash in the condition.
    pub signer: Hash160,
}

impl SpendingCondition {
    /// The unsigned condition of a P2PKH account, which hashes the key in the key's own form.
    #[must_use]
    pub fn p2pkh(key: &PrivateKey, nonce: u64, fee: u64) -> Self {
        Self::p2pkh_of(&key.public_key(), key.encoding(), nonce, fee)
    }

    /// As [`SpendingCondition::p2pkh`], when only the public key is known.
    #[must_use]
    pub fn p2pkh_of(key: &PublicKey, key_encoding: KeyEncoding, nonce: u64, fee: u64) -> Self {
        Self::SingleSig(SingleSigCondition {
            hash_mode: SingleSigHashMode::P2pkh,
            signer: Hash160::digest(&key.to_bytes(key_encoding)),
            nonce,
            fee,
            key_encoding,
            signature: MessageSignature::default(),
        })
    }
}

impl SingleSigCondition {
    /// Adds the signature, given its starting hash.
    pub(crate) fn sign(&mut self, start: &SigHash, role: AuthRole, key: &PrivateKey) -> Result<(), SignError> {
        let account = HashMode::from(self.hash_mode).account_hash(&[(key.public_key(), key.encoding())], 1);
        // A condition may name the account of one form of the key and have the other form in its field.
        if account != Ok(self.signer) || key.encoding() != self.key_encoding {
            return Err(SignError { role, signer: self.signer });
        }
        self.signature = key.sign(&presign(start, role, self.fee, self.nonce).0);
        Ok(())
    }
}

impl StacksTransaction {
    /// Signs for an origin with one key. All other fields must be set before: the signature covers them.
    ///
    /// # Errors
    /// [`SignError`] when the origin is not this key's account.
    pub fn sign_origin(&mut self, key: &PrivateKey) -> Result<(), SignError> {
        let (start, role) = (self.initial_sighash(), AuthRole::Origin);
        match self.auth.origin_mut() {
            SpendingCondition::SingleSig(origin) => origin.sign(&start, role, key),
            SpendingCondition::MultiSig(origin) => Err(SignError { role, signer: origin.signer }),
        }
    }
}
