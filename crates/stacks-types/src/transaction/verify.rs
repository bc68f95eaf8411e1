//! Checks that a transaction's signatures are by the accounts that it names (docs/CONSENSUS.md#signing-hashes).
//!
//! # Not here
//! Whether the accounts can pay: `chainstate`.

use crate::address::{AccountError, HashMode};
use crate::ids::{Hash160, SigHash};
use crate::keys::{KeyEncoding, KeyError, LowS, PublicKey};

use super::auth::{AuthField, MultiSigCondition, SpendingCondition};
use super::sighash::{AuthRole, postsign, presign};
use super::tx::StacksTransaction;

/// Why a transaction's signatures are not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key can be recovered from a signature.
    #[error("signature {index} of the {role} is not usable")]
    Signature {
        /// Origin or sponsor.
        role: AuthRole,
        /// Index among the condition's fields, from 0.
        index: usize,
        /// What is wrong with the signature.
        source: KeyError,
    },
    /// The number of signatures is wrong for the hash mode.
    #[error("the {role} has {got} signatures, {required} are required")]
    SignatureCount {
        /// Origin or sponsor.
        role: AuthRole,
        /// Number of signatures in the condition.
        got: usize,
        /// Number of signatures that the condition requires.
        required: u16,
    },
    /// The keys cannot make an account of this mode.
    #[error("keys of the {role} make no account")]
    Account {
        /// Origin or sponsor.
        role: AuthRole,
        /// What is wrong with the keys.
        source: AccountError,
    },
    /// The keys that signed make another account than the condition names.
    #[error("the {role} is {expected}, but its signatures are by {got}")]
    WrongSigner {
        /// Origin or sponsor.
        role: AuthRole,
        /// Account hash in the condition.
        expected: Hash160,
        /// Account hash of the keys that signed.
        got: Hash160,
    },
}

impl StacksTransaction {
    /// Checks the signatures of the origin and of the sponsor, if there is one.
    ///
    /// # Errors
    /// [`VerifyError`] about the first signature that is not valid.
    pub fn verify(&self, low_s: LowS) -> Result<(), VerifyError> {
        let handed_on = self.auth.origin().verify(&self.initial_sighash(), AuthRole::Origin, low_s)?;
        if let Some(sponsor) = self.auth.sponsor() {
            sponsor.verify(&handed_on, AuthRole::Sponsor, low_s)?;
        }
        Ok(())
    }

    /// Whether a signature has a high S, and so is valid only under [`LowS::Lax`].
    #[must_use]
    pub fn has_high_s(&self) -> bool {
        self.auth.origin().has_high_s() || self.auth.sponsor().is_some_and(SpendingCondition::has_high_s)
    }
}

impl SpendingCondition {
    /// Checks this condition's signatures, given the hash before them; returns the hash after them.
    ///
    /// # Errors
    /// [`VerifyError`] about the first signature that is not valid.
    pub fn verify(&self, start: &SigHash, role: AuthRole, low_s: LowS) -> Result<SigHash, VerifyError> {
        let (keys, required, handed_on) = match self {
            Self::SingleSig(condition) => {
                let signed = presign(start, role, condition.fee, condition.nonce);
                let key = condition.signature.recover(&signed.0, low_s).map_err(|source| VerifyError::Signature {
                    role,
                    index: 0,
                    source,
                })?;
                let handed_on = postsign(&signed, condition.key_encoding, &condition.signature);
                (vec![(key, condition.key_encoding)], 1, handed_on)
            }
            Self::MultiSig(condition) => {
                let (keys, handed_on) = recover_keys(condition, start, role, low_s)?;
                (keys, condition.signatures_required, handed_on)
            }
        };
        let got =
            self.hash_mode().account_hash(&keys, required).map_err(|source| VerifyError::Account { role, source })?;
        match self.signer() == got {
            true => Ok(handed_on),
            false => Err(VerifyError::WrongSigner { role, expected: self.signer(), got }),
        }
    }

    fn has_high_s(&self) -> bool {
        match self {
            Self::SingleSig(condition) => condition.signature.has_high_s(),
            Self::MultiSig(condition) => condition.fields.iter().any(|field| match field {
                AuthField::Signature { signature, .. } => signature.has_high_s(),
                AuthField::PublicKey { .. } => false,
            }),
        }
    }
}

/// All keys of a multi-sig account in order, given or recovered, and the hash after its signatures.
fn recover_keys(
    condition: &MultiSigCondition,
    start: &SigHash,
    role: AuthRole,
    low_s: LowS,
) -> Result<(Vec<(PublicKey, KeyEncoding)>, SigHash), VerifyError> {
    if !condition.has_enough_signatures() {
        let (got, required) = (condition.signature_count(), condition.signatures_required);
        return Err(VerifyError::SignatureCount { role, got, required });
    }
    let order_independent = HashMode::from(condition.hash_mode).is_order_independent();
    let mut current = *start;
    let mut keys = Vec::with_capacity(condition.fields.len());
    for (index, field) in condition.fields.iter().enumerate() {
        match field {
            AuthField::PublicKey { encoding, key } => keys.push((*key, *encoding)),
            AuthField::Signature { encoding, signature } => {
                let signed = presign(&current, role, condition.fee, condition.nonce);
                let key = signature.recover(&signed.0, low_s).map_err(|source| VerifyError::Signature {
                    role,
                    index,
                    source,
                })?;
                keys.push((key, *encoding));
                if !order_independent {
                    current = postsign(&signed, *encoding, signature);
                }
            }
        }
    }
    Ok((keys, current))
}
