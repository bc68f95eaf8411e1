//! The proof that a transaction's signatures are good, so that a node verifies them only once.
//!
//! # Invariants
//! - A [`VerifiedTransaction`] is made by verifying, or by a caller that remembers having done so.
//!
//! # Not here
//! How signatures are verified: the wire types.

use stacks_types::keys::LowS;
use stacks_types::transaction::{BlockTransaction, Epoch};

use super::TransactionError;
use super::rules::check_static;
use crate::params::ChainParams;

/// A transaction whose signatures fit its accounts and that passes the chain's stateless rules.
#[derive(Clone, Copy)]
pub struct VerifiedTransaction<'t>(&'t BlockTransaction);

impl<'t> VerifiedTransaction<'t> {
    /// Checks the stateless rules, then the signatures as blocks of this epoch do: high S is allowed before 4.0
    /// (docs/CONSENSUS.md#keys-and-addresses).
    ///
    /// # Errors
    /// The rule that the transaction breaks.
    pub fn verify(tx: &'t BlockTransaction, params: &ChainParams) -> Result<Self, TransactionError> {
        check_static(tx, params)?;
        let low_s = if params.epoch() < Epoch::Epoch40 { LowS::Lax } else { LowS::Strict };
        tx.verify(low_s).map_err(|error| TransactionError::Signature { reason: error.to_string() })?;
        Ok(Self(tx))
    }

    /// For a caller that has verified these very bytes before, on this chain, and recorded it: the mempool's table.
    #[must_use]
    pub const fn remembered(tx: &'t BlockTransaction) -> Self {
        Self(tx)
    }

    /// The transaction with the signatures that were verified.
    #[must_use]
    pub(crate) const fn transaction(&self) -> &'t BlockTransaction {
        self.0
    }
}
