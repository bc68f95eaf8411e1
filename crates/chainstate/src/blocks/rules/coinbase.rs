//! Rule 6, coinbase: the first block of a tenure carries exactly one, first, by the elected producer; others carry none.

use stacks_types::block::NakamotoStacksBlock;
use stacks_types::transaction::{BlockTransaction, StacksTransaction, TransactionPayload};

use crate::blocks::{BlockPlan, CheckError, Rejection};
use crate::burn::ProcessedBurnDb;
use crate::db::StoreError;
use crate::params::{ChainParams, Producer};

/// Whether a transaction claims a tenure's reward.
pub(crate) const fn is_coinbase(transaction: &StacksTransaction) -> bool {
    matches!(
        transaction.payload,
        TransactionPayload::Coinbase { .. } | TransactionPayload::CoinbaseToAltRecipient { .. }
    )
}

pub(super) fn check_coinbase(
    params: &ChainParams,
    burn: &ProcessedBurnDb,
    plan: &BlockPlan,
    block: &NakamotoStacksBlock,
) -> Result<(), CheckError> {
    let rest: &[BlockTransaction] = if plan.new_tenure {
        let Some((first, rest)) = block.txs.split_first() else {
            return Err(Rejection::BadCoinbase("the first block of a tenure has none".to_owned()).into());
        };
        let producer = burn.elected_producer(&plan.burn_view.hash).map_err(StoreError::from)?;
        check_tenure_coinbase(params, &producer, first)?;
        rest
    } else {
        &block.txs
    };
    match rest.iter().position(|transaction| is_coinbase(transaction)) {
        None => Ok(()),
        Some(index) if plan.new_tenure => {
            Err(Rejection::BadCoinbase(format!("transaction {} is an extra one", index + 1)).into())
        }
        Some(index) => {
            let text = format!("transaction {index} is one, but the block does not start a tenure");
            Err(Rejection::BadCoinbase(text).into())
        }
    }
}

/// Checks the transaction that stands where a new tenure's coinbase must.
pub(crate) fn check_tenure_coinbase(
    params: &ChainParams,
    producer: &Producer,
    transaction: &StacksTransaction,
) -> Result<(), Rejection> {
    if !is_coinbase(transaction) {
        return Err(Rejection::BadCoinbase("the first transaction of a tenure is none".to_owned()));
    }
    let signer = transaction.origin_address(params.mainnet);
    if signer != producer.address {
        let text = format!("signed by {signer}, elected is {}", producer.address);
        return Err(Rejection::BadCoinbase(text));
    }
    Ok(())
}
