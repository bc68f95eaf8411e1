//! The reading half of admission: in the order of docs/COMPATIBILITY.md#admission.

use super::advice;
use super::pending::PendingTransaction;
use super::refusal::Refusal;
use super::rows;
use super::view::{AccountView, AdmissionView};
use crate::params::ChainParams;
use clarity::principal::Standard;
use rusqlite::Connection;
use stacks_types::address::StacksAddress;
use stacks_types::keys::LowS;
use stacks_types::transaction::{
    BlockTransaction, CoinbaseRule, ContractCall, SpendingCondition, StacksTransaction, StaticRejection,
    TransactionPayload,
};

/// How far a nonce may be above the account's next but one: 26 transactions can wait for a missing one.
pub(crate) const MAX_NONCE_GAP: u64 = 25;

/// Most keys and signatures of one account of a transaction: each takes some 0.04 ms to check, before the transaction
/// has paid anything. Blocks may hold transactions with more.
pub(crate) const MAX_AUTH_FIELDS: usize = 256;

/// A transaction that passed every check of admission except the replacement rule. Only [`check`] makes one, so every
/// inserted transaction has good signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckedTransaction {
    transaction: BlockTransaction,
    pending: PendingTransaction,
}

impl CheckedTransaction {
    /// The transaction with the signatures that were verified.
    #[must_use]
    pub(crate) const fn transaction(&self) -> &BlockTransaction {
        &self.transaction
    }

    /// The part that is stored; it has no arrival number yet.
    #[must_use]
    pub(crate) const fn pending(&self) -> &PendingTransaction {
        &self.pending
    }

    /// A transaction from a block: its signatures were verified then.
    pub(super) fn from_block(transaction: BlockTransaction, mainnet: bool, now_s: u64) -> Option<Self> {
        let pending = pending_of(&transaction, mainnet, now_s).ok()?;
        Some(Self { transaction, pending })
    }

    /// Marks a transaction that a reorganization brings back.
    pub(super) fn restored(mut self) -> Self {
        self.pending.restored = true;
        self
    }
}

/// Result of [`check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckOutcome {
    /// It is pending already: a success, with nothing to do.
    AlreadyPending,
    /// It can be inserted.
    Checked(Box<CheckedTransaction>),
    /// Its signatures are good and its origin can pay; the remaining check is left for later, when this transaction is
    /// checked alone.
    Left {
        /// The account that waits for that check.
        origin: StacksAddress,
    },
}

/// Checks a transaction against the canonical tip. Verifies its signatures, the low-S rule included: takes a fraction of a
/// millisecond, and some ten with [`MAX_AUTH_FIELDS`] of them, so do not call it inside a write transaction.
///
/// # Errors
/// The first check that refuses it.
pub(crate) fn check(
    conn: &Connection,
    view: &dyn AdmissionView,
    params: &ChainParams,
    transaction: BlockTransaction,
    now_s: u64,
) -> Result<CheckOutcome, Refusal> {
    let txid = transaction.txid();
    if rows::get_pending(conn, &txid)?.is_some() {
        return Ok(CheckOutcome::AlreadyPending);
    }
    if rows::is_blacklisted(conn, &txid, now_s)? {
        return Err(Refusal::TemporarilyBlacklisted);
    }
    let pending = pending_of(&transaction, params.mainnet, now_s)?;
    check_stateless(&transaction, &pending, params)?;

    let origin = view.account(&pending.origin.to_principal())?;
    let payer = match pending.payer == pending.origin {
        true => origin,
        false => view.account(&pending.payer.to_principal())?,
    };
    check_nonce(pending.origin_nonce, &origin, pending.origin, true)?;
    check_nonce(pending.payer_nonce, &payer, pending.payer, false)?;
    check_network(&pending.origin.standard(), params)?;
    check_network(&pending.payer.standard(), params)?;
    check_funds(&transaction, &pending, &origin, &payer)?;
    if matches!(transaction.payload, TransactionPayload::ContractCall(_)) && view.leaves_calls() {
        return Ok(CheckOutcome::Left { origin: pending.origin });
    }
    check_payload(&transaction, view, params)?;
    Ok(CheckOutcome::Checked(Box::new(CheckedTransaction { transaction, pending })))
}

/// The stored part of a transaction; refuses one that sponsors itself with two different nonces.
fn pending_of(transaction: &BlockTransaction, mainnet: bool, now_s: u64) -> Result<PendingTransaction, Refusal> {
    let origin = transaction.origin_address(mainnet);
    let origin_nonce = transaction.origin_nonce();
    let payer = transaction.payer(mainnet);
    let payer_nonce = transaction.sponsor_nonce().unwrap_or(origin_nonce);
    if payer == origin && payer_nonce != origin_nonce {
        let (expected, actual) = (origin_nonce, payer_nonce);
        return Err(Refusal::BadNonce { expected, actual, principal: payer, is_origin: false });
    }
    // A decoded transaction has at most 2 MiB.
    let size_bytes = u32::try_from(transaction.length()).unwrap_or(u32::MAX);
    Ok(PendingTransaction {
        arrival: 0,
        txid: transaction.txid(),
        origin,
        origin_nonce,
        payer,
        payer_nonce,
        fee: transaction.fee(),
        size_bytes,
        accepted_s: now_s,
        restored: false,
    })
}

/// Rows 1 to 6: checks that need no account.
fn check_stateless(
    transaction: &StacksTransaction,
    pending: &PendingTransaction,
    params: &ChainParams,
) -> Result<(), Refusal> {
    if transaction.version.is_mainnet() != params.mainnet {
        return Err(Refusal::BadTransactionVersion { mainnet: params.mainnet });
    }
    if let TransactionPayload::TokenTransfer { recipient, amount, .. } = &transaction.payload {
        if *recipient == pending.origin.to_principal() {
            return Err(Refusal::TransferRecipientCannotEqualSender { recipient: recipient.clone() });
        }
        if *amount == 0 {
            return Err(Refusal::TransferAmountMustBePositive);
        }
        check_network(recipient.issuer(), params)?;
        if !transaction.post_conditions.is_empty() {
            return Err(Refusal::TransferWithPostConditions);
        }
    }
    if matches!(transaction.payload, TransactionPayload::PoisonMicroblock(_)) {
        return Err(Refusal::PayloadNotAllowed { name: transaction.payload_name() });
    }
    precheck(transaction, params)?;
    let expected = u64::from(pending.size_bytes.max(1));
    if pending.fee < expected {
        return Err(Refusal::FeeTooLow { expected, actual: pending.fee });
    }
    Ok(())
}

/// Row 4: the chain's stateless rules, then the signatures, low S only.
fn precheck(transaction: &StacksTransaction, params: &ChainParams) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::SignatureValidation { message });
    if transaction.chain_id != params.chain_id {
        return refused(advice::of_chain_id(transaction.chain_id, params.chain_id));
    }
    // Coinbases of all kinds pass here: row 13 has a reason of its own for them.
    let coinbase = match transaction.payload {
        TransactionPayload::NakamotoCoinbase { .. } => CoinbaseRule::WithVrfProof,
        _ => CoinbaseRule::Plain,
    };
    match transaction.epoch_rejects(params.epoch(), coinbase) {
        Some(StaticRejection::ClarityVersion { version, epoch }) => {
            return Err(Refusal::ClarityVersion { message: advice::of_clarity_version(version, epoch) });
        }
        Some(rejection) => return refused(advice::of_epoch(&rejection)),
        None => {}
    }
    let conditions = [Some(transaction.auth.origin()), transaction.auth.sponsor()];
    for condition in conditions.into_iter().flatten() {
        if let SpendingCondition::MultiSig(condition) = condition
            && condition.fields.len() > MAX_AUTH_FIELDS
        {
            let fields = condition.fields.len();
            return refused(format!(
                "{fields} keys and signatures of one account: the mempool takes at most {MAX_AUTH_FIELDS}"
            ));
        }
    }
    transaction.verify(LowS::Strict).or_else(|error| refused(advice::of_signature(transaction, &error)))
}

/// Row 7, for one account.
fn check_nonce(actual: u64, account: &AccountView, principal: StacksAddress, is_origin: bool) -> Result<(), Refusal> {
    let expected = account.nonce;
    if actual < expected {
        return Err(Refusal::BadNonce { expected, actual, principal, is_origin });
    }
    let expected = expected.saturating_add(1 + MAX_NONCE_GAP);
    if actual > expected {
        return Err(Refusal::TooMuchChaining { expected, actual, principal, is_origin });
    }
    Ok(())
}

fn check_network(account: &Standard, params: &ChainParams) -> Result<(), Refusal> {
    match account.is_of(params.mainnet) {
        true => Ok(()),
        false => Err(Refusal::BadAddressVersionByte { address: *account, mainnet: params.mainnet }),
    }
}

/// Rows 9 and 10: each account must have what this transaction takes from it. Other pending transactions are not
/// counted.
fn check_funds(
    transaction: &StacksTransaction,
    pending: &PendingTransaction,
    origin: &AccountView,
    payer: &AccountView,
) -> Result<(), Refusal> {
    let fee = u128::from(pending.fee);
    let enough = |expected: u128, account: &AccountView| match expected <= account.available_ustx {
        true => Ok(()),
        false => Err(Refusal::NotEnoughFunds { expected, actual: account.available_ustx }),
    };
    match &transaction.payload {
        TransactionPayload::TokenTransfer { amount, .. } if pending.payer == pending.origin => {
            enough(u128::from(*amount) + fee, origin)
        }
        TransactionPayload::TokenTransfer { amount, .. } => {
            enough(u128::from(*amount), origin)?;
            enough(fee, payer)
        }
        TransactionPayload::SmartContract { .. }
        | TransactionPayload::ContractCall(_)
        | TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. }
        | TransactionPayload::VersionedSmartContract { .. }
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => enough(fee, payer),
    }
}

/// Rows 11 to 13: what the payload needs on the chain.
fn check_payload(
    transaction: &StacksTransaction,
    view: &dyn AdmissionView,
    params: &ChainParams,
) -> Result<(), Refusal> {
    match &transaction.payload {
        TransactionPayload::TokenTransfer { .. } => Ok(()),
        TransactionPayload::ContractCall(call) => check_call(call, view, params),
        TransactionPayload::SmartContract { .. } | TransactionPayload::VersionedSmartContract { .. } => {
            match transaction.deployed_contract(params.mainnet) {
                Some(contract) if view.contract_exists(&contract)? => {
                    Err(Refusal::ContractAlreadyExists { contract_identifier: contract })
                }
                _ => Ok(()),
            }
        }
        TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. }
        | TransactionPayload::NakamotoCoinbase { .. } => Err(Refusal::NoCoinbaseViaMempool),
        TransactionPayload::TenureChange(_) => Err(Refusal::NoTenureChangeViaMempool),
        TransactionPayload::PoisonMicroblock(_) => Err(Refusal::PayloadNotAllowed { name: transaction.payload_name() }),
    }
}

fn check_call(call: &ContractCall, view: &dyn AdmissionView, params: &ChainParams) -> Result<(), Refusal> {
    check_network(&call.address.standard(), params)?;
    let contract = call.contract_id();
    if !view.contract_exists(&contract)? {
        return Err(Refusal::NoSuchContract { contract });
    }
    view.check_public_function(&contract, call.function_name.as_str(), &call.arguments)
}
