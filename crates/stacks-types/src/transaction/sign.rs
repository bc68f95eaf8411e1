//! Making conditions and signatures: for producers, tests and tools (docs/CONSENSUS.md#signing-hashes).
//!
//! # Invariants
//! - Signatures are never put into a condition of another account than the keys make.

use crate::address::{AccountError, HashMode};
use crate::ids::{Hash160, SigHash};
use crate::keys::{KeyEncoding, MessageSignature, PrivateKey, PublicKey};

use super::auth::{
    AuthField, MultiSigCondition, MultiSigHashMode, SingleSigCondition, SingleSigHashMode, SpendingCondition,
};
use super::sighash::{AuthRole, postsign, presign};
use super::tx::StacksTransaction;

/// Why a transaction was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// There is no sponsor to sign for.
    #[error("transaction has no sponsor")]
    NoSponsor,
    /// The keys make another account than the condition names.
    #[error("the {role} is {expected}, but the keys make {got}")]
    WrongKey {
        /// Whether of the origin or the sponsor.
        role: AuthRole,
        /// Account hash in the condition.
        expected: Hash160,
        /// Account hash of the keys.
        got: Hash160,
    },
    /// The keys cannot make an account of this mode.
    #[error("keys of the {role} make no account")]
    Account {
        /// Whether of the origin or the sponsor.
        role: AuthRole,
        /// What is wrong with the keys.
        source: AccountError,
    },
    /// A key is hashed in another form than the condition says.
    #[error("the {role}'s key is hashed in another form than its condition says")]
    KeyEncoding {
        /// Whether of the origin or the sponsor.
        role: AuthRole,
    },
    /// The number of keys that sign is not what the hash mode needs.
    #[error("{got} keys sign for the {role}, {required} are required")]
    SignatureCount {
        /// Whether of the origin or the sponsor.
        role: AuthRole,
        /// Number of keys that sign.
        got: usize,
        /// Number of signatures that the condition needs.
        required: u16,
    },
}

/// A key of an account, and whether it signs.
#[derive(Debug, Clone)]
pub enum KeyUse<'a> {
    /// The key signs.
    Signs(&'a PrivateKey),
    /// The key does not sign, and is only named in the condition.
    Named(PublicKey, KeyEncoding),
}

impl KeyUse<'_> {
    fn public_key(&self) -> (PublicKey, KeyEncoding) {
        match self {
            Self::Signs(key) => (key.public_key(), key.encoding()),
            Self::Named(key, encoding) => (*key, *encoding),
        }
    }
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

    /// The unsigned condition of a multi-sig account; nonce and fee are 0.
    ///
    /// # Errors
    /// [`AccountError`] when the keys make no account of this mode.
    pub fn multisig_of(
        hash_mode: MultiSigHashMode,
        keys: &[(PublicKey, KeyEncoding)],
        signatures_required: u16,
    ) -> Result<Self, AccountError> {
        Ok(Self::MultiSig(MultiSigCondition {
            hash_mode,
            signer: HashMode::from(hash_mode).account_hash(keys, signatures_required)?,
            nonce: 0,
            fee: 0,
            fields: Vec::new(),
            signatures_required,
        }))
    }

    /// Adds the signatures, given the hash they start from and all keys of the account in order.
    fn sign(&mut self, start: &SigHash, role: AuthRole, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let public_keys: Vec<_> = keys.iter().map(KeyUse::public_key).collect();
        let required = match self {
            Self::SingleSig(_) => 1,
            Self::MultiSig(condition) => condition.signatures_required,
        };
        let got = self
            .hash_mode()
            .account_hash(&public_keys, required)
            .map_err(|source| SignError::Account { role, source })?;
        if got != self.signer() {
            return Err(SignError::WrongKey { role, expected: self.signer(), got });
        }
        match self {
            Self::SingleSig(condition) => condition.sign(start, role, keys),
            Self::MultiSig(condition) => condition.sign(start, role, keys),
        }
    }
}

impl SingleSigCondition {
    fn sign(&mut self, start: &SigHash, role: AuthRole, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let [KeyUse::Signs(key)] = keys else {
            return Err(SignError::SignatureCount { role, got: 0, required: 1 });
        };
        if key.encoding() != self.key_encoding {
            return Err(SignError::KeyEncoding { role });
        }
        self.signature = key.sign(&presign(start, role, self.fee, self.nonce).0);
        Ok(())
    }
}

impl MultiSigCondition {
    fn sign(&mut self, start: &SigHash, role: AuthRole, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let order_independent = HashMode::from(self.hash_mode).is_order_independent();
        let mut current = *start;
        let mut fields = Vec::with_capacity(keys.len());
        for key in keys {
            match key {
                KeyUse::Named(key, encoding) => fields.push(AuthField::PublicKey { encoding: *encoding, key: *key }),
                KeyUse::Signs(key) => {
                    let signed = presign(&current, role, self.fee, self.nonce);
                    let (encoding, signature) = (key.encoding(), key.sign(&signed.0));
                    if !order_independent {
                        current = postsign(&signed, encoding, &signature);
                    }
                    fields.push(AuthField::Signature { encoding, signature });
                }
            }
        }
        let signed = Self { fields, ..self.clone() };
        if !signed.has_enough_signatures() {
            let (got, required) = (signed.signature_count(), self.signatures_required);
            return Err(SignError::SignatureCount { role, got, required });
        }
        *self = signed;
        Ok(())
    }
}

impl StacksTransaction {
    /// Signs for an origin with one key. Everything else must be set before, as it is signed too.
    ///
    /// # Errors
    /// [`SignError`] when the key is not the origin's.
    pub fn sign_origin(&mut self, key: &PrivateKey) -> Result<(), SignError> {
        self.sign_origin_with(&[KeyUse::Signs(key)])
    }

    /// Signs for a sponsor with one key, after the origin has signed.
    ///
    /// # Errors
    /// [`SignError`] when there is no sponsor or the key is not the sponsor's.
    pub fn sign_sponsor(&mut self, key: &PrivateKey) -> Result<(), SignError> {
        self.sign_sponsor_with(&[KeyUse::Signs(key)])
    }

    /// Signs for an origin, given all its keys in order.
    ///
    /// # Errors
    /// [`SignError`] when the keys are not the origin's, or the wrong number of them signs.
    pub fn sign_origin_with(&mut self, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let start = self.initial_sighash();
        self.auth.origin_mut().sign(&start, AuthRole::Origin, keys)
    }

    /// Signs for a sponsor, given all its keys in order, after the origin has signed.
    ///
    /// # Errors
    /// [`SignError`] when there is no sponsor, the keys are not the sponsor's, or the wrong number of them signs.
    pub fn sign_sponsor_with(&mut self, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let start = self.sponsor_sighash();
        let sponsor = self.auth.sponsor_mut().ok_or(SignError::NoSponsor)?;
        sponsor.sign(&start, AuthRole::Sponsor, keys)
    }
}
