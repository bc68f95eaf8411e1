//! Rule 6, transactions: static checks of each of them, signatures apart.
//!
//! Signatures are verified when a block is executed, before any of its transactions runs: assembly and validation share
//! their execution with the append, so they are verified once.

use stacks_types::transaction::BlockTransaction;

use crate::blocks::Rejection;
use crate::params::ChainParams;
use crate::transactions::check_static;

pub(super) fn check_transactions(params: &ChainParams, transactions: &[BlockTransaction]) -> Result<(), Rejection> {
    for transaction in transactions {
        check_static(transaction, params)
            .map_err(|error| Rejection::BadTransaction { txid: transaction.txid(), cause: error.to_string() })?;
    }
    Ok(())
}
