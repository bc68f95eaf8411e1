//! The chain of hashes that a transaction's signers sign (docs/CONSENSUS.md#signing-hashes).
//!
//! initial → presign → (signature) → postsign → the next signer's presign → ... → the sponsor's.

use crate::hashing::sha512_256;
use crate::ids::SigHash;
use crate::keys::{KeyEncoding, MessageSignature};

use super::auth::{AUTH_SPONSORED, AUTH_STANDARD, SpendingCondition, TransactionAuth, encoding_byte};
use super::tx::StacksTransaction;

/// The role of a condition in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthRole {
    /// The account that the transaction acts for; signs with flag 04, also when it is sponsored.
    Origin,
    /// The account that pays the fee for the origin; signs with flag 05.
    Sponsor,
}

impl AuthRole {
    const fn flag(self) -> u8 {
        match self {
            Self::Origin => AUTH_STANDARD,
            Self::Sponsor => AUTH_SPONSORED,
        }
    }
}

impl std::fmt::Display for AuthRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Origin => "origin",
            Self::Sponsor => "sponsor",
        })
    }
}

/// The hash that a key signs: H(current ‖ flag ‖ fee ‖ nonce), with fee and nonce of the condition that is being signed.
#[must_use]
pub fn presign(current: &SigHash, role: AuthRole, fee: u64, nonce: u64) -> SigHash {
    SigHash(sha512_256(&[&current.0, &[role.flag()], &fee.to_be_bytes(), &nonce.to_be_bytes()]))
}

/// The next hash of the chain after a signature: H(presign ‖ key encoding ‖ signature).
#[must_use]
pub fn postsign(presign: &SigHash, encoding: KeyEncoding, signature: &MessageSignature) -> SigHash {
    SigHash(sha512_256(&[&presign.0, &[encoding_byte(encoding)], &signature.0]))
}

impl StacksTransaction {
    /// First hash of the chain: the txid of the same transaction with its auth cleared.
    #[must_use]
    pub fn initial_sighash(&self) -> SigHash {
        let cleared = match &self.auth {
            TransactionAuth::Standard(origin) => TransactionAuth::Standard(origin.cleared()),
            TransactionAuth::Sponsored { origin, .. } => {
                TransactionAuth::Sponsored { origin: origin.cleared(), sponsor: SpendingCondition::sponsor_stand_in() }
            }
        };
        SigHash(sha512_256(&[&self.encode_with_auth(&cleared)]))
    }
}
