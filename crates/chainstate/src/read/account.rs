//! Accounts at any processed block.

use clarity::keys;
use clarity::principal::Principal;
use stacks_types::address::StacksAddress;
use stacks_types::ids::StacksBlockId;

use super::{LookupError, at_state};
use crate::chain::Snapshot;
use crate::execution::read_only::Account;

/// An account at a block, with its proofs when they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAt {
    /// Balance, lock, nonce; zeros when it was never used.
    pub account: Account,
    /// The block whose state this is.
    pub block_id: StacksBlockId,
    /// MARF proof of the balance, encoded; none for a key that was never written.
    pub balance_proof: Option<Vec<u8>>,
    /// MARF proof of the nonce, encoded; none for a key that was never written.
    pub nonce_proof: Option<Vec<u8>>,
}

/// An account's nonces, pending transactions included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountNonces {
    /// The next nonce at the tip.
    pub next: u64,
    /// Nonces of pending transactions from there on, rising.
    pub pending: Vec<u64>,
}

/// Most nonces that are listed: more than one account can have pending.
const NONCES_MAX: usize = 100;

/// An account at a processed block; `None` means the canonical tip.
///
/// # Errors
/// [`super::Unknown::Block`].
pub fn get(
    snapshot: &Snapshot<'_>,
    principal: &Principal,
    at: Option<StacksBlockId>,
    with_proofs: bool,
) -> Result<AccountAt, LookupError> {
    let block_id = match at {
        Some(id) => id,
        None => snapshot.tip()?.block_id,
    };
    at_state(snapshot, Some(&block_id), |state| {
        let prove = |key: &str| -> Result<Option<Vec<u8>>, LookupError> {
            let found = if with_proofs { state.value_with_proof(key)? } else { None };
            Ok(found.map(|(_, proof)| proof))
        };
        Ok(AccountAt {
            account: state.account(principal)?,
            block_id,
            balance_proof: prove(&keys::balance(principal))?,
            nonce_proof: prove(&keys::nonce(principal))?,
        })
    })
}

/// An account's nonces. Call it before any other read of the snapshot: a transaction that is mined meanwhile is then
/// counted, as pending or by the next nonce.
///
/// # Errors
/// The node's own failures only.
pub fn nonces(snapshot: &Snapshot<'_>, address: &StacksAddress) -> Result<AccountNonces, LookupError> {
    // The snapshot of the databases begins with the first read of them, below.
    let pending = snapshot.chain().pending_nonces(address, NONCES_MAX);
    let next = snapshot.account(&address.to_principal(), None)?.nonce;
    Ok(AccountNonces { next, pending: pending.into_iter().filter(|nonce| *nonce >= next).collect() })
}
