//! Signatures of sponsors and of multi-sig accounts (docs/CONSENSUS.md#signing-hashes).

use crate::address::{AccountError, HashMode};
use crate::ids::SigHash;
use crate::keys::{KeyEncoding, PrivateKey, PublicKey};
use crate::transaction::{
    AuthField, AuthRole, MultiSigCondition, MultiSigHashMode, SignError, SpendingCondition, StacksTransaction,
    postsign, presign,
};

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

    /// The hash after this condition's signatures, given the one before them. Does not check the signatures.
    #[must_use]
    pub fn hand_on(&self, start: &SigHash, role: AuthRole) -> SigHash {
        match self {
            Self::SingleSig(condition) => {
                let signed = presign(start, role, condition.fee, condition.nonce);
                postsign(&signed, condition.key_encoding, &condition.signature)
            }
            // When the order does not matter, all signers sign the starting hash, and the chain goes on from it
            // (docs/CONSENSUS.md#signing-hashes).
            Self::MultiSig(condition) if HashMode::from(condition.hash_mode).is_order_independent() => *start,
            Self::MultiSig(condition) => condition.fields.iter().fold(*start, |current, field| match field {
                AuthField::PublicKey { .. } => current,
                AuthField::Signature { encoding, signature } => {
                    postsign(&presign(&current, role, condition.fee, condition.nonce), *encoding, signature)
                }
            }),
        }
    }

    /// Adds the signatures, given their starting hash and all keys of the account in order.
    fn sign(&mut self, start: &SigHash, role: AuthRole, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        match (self, keys) {
            (Self::SingleSig(condition), [KeyUse::Signs(key)]) => condition.sign(start, role, key),
            (Self::SingleSig(condition), _) => Err(SignError { role, signer: condition.signer }),
            (Self::MultiSig(condition), _) => condition.sign(start, role, keys),
        }
    }
}

impl MultiSigCondition {
    fn sign(&mut self, start: &SigHash, role: AuthRole, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let mode = HashMode::from(self.hash_mode);
        let public_keys: Vec<_> = keys.iter().map(KeyUse::public_key).collect();
        let wrong = SignError { role, signer: self.signer };
        if mode.account_hash(&public_keys, self.signatures_required) != Ok(self.signer) {
            return Err(wrong);
        }
        let mut current = *start;
        let mut fields = Vec::with_capacity(keys.len());
        for key in keys {
            match key {
                KeyUse::Named(key, encoding) => fields.push(AuthField::PublicKey { encoding: *encoding, key: *key }),
                KeyUse::Signs(key) => {
                    let signed = presign(&current, role, self.fee, self.nonce);
                    let (encoding, signature) = (key.encoding(), key.sign(&signed.0));
                    if !mode.is_order_independent() {
                        current = postsign(&signed, encoding, &signature);
                    }
                    fields.push(AuthField::Signature { encoding, signature });
                }
            }
        }
        let signed = Self { fields, ..self.clone() };
        if !signed.has_enough_signatures() {
            return Err(wrong);
        }
        *self = signed;
        Ok(())
    }
}

impl StacksTransaction {
    /// The hash that the sponsor starts from, after the origin's signatures.
    #[must_use]
    pub fn sponsor_sighash(&self) -> SigHash {
        self.auth.origin().hand_on(&self.initial_sighash(), AuthRole::Origin)
    }

    /// Signs for an origin, given all its keys in order.
    ///
    /// # Errors
    /// [`SignError`] when the keys are not the origin's, or the wrong number of them signs.
    pub fn sign_origin_with(&mut self, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let start = self.initial_sighash();
        self.auth.origin_mut().sign(&start, AuthRole::Origin, keys)
    }

    /// Signs for a sponsor with one key, after the origin has signed.
    ///
    /// # Errors
    /// As [`Self::sign_sponsor_with`].
    pub fn sign_sponsor(&mut self, key: &PrivateKey) -> Result<(), SignError> {
        self.sign_sponsor_with(&[KeyUse::Signs(key)])
    }

    /// Signs for a sponsor, given all its keys in order, after the origin has signed.
    ///
    /// # Errors
    /// [`SignError`] when the keys are not the sponsor's, or the wrong number of them signs.
    ///
    /// # Panics
    /// If there is no sponsor.
    pub fn sign_sponsor_with(&mut self, keys: &[KeyUse<'_>]) -> Result<(), SignError> {
        let start = self.sponsor_sighash();
        let sponsor = self.auth.sponsor_mut().expect("a sponsor");
        sponsor.sign(&start, AuthRole::Sponsor, keys)
    }
}
