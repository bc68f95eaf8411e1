//! What each payload does (docs/COMPATIBILITY.md#outcomes): transfers, calls, deployments, coinbases.
//!
//! # Invariants
//! - A failure that is mined becomes an [`Outcome`] with `(err none)`; only what docs/COMPATIBILITY.md#outcomes calls
//!   not mined is an error.
//! - Only a success keeps its events.
//!
//! # Not here
//! Fee and nonces: `process`. Which payloads are allowed: `transactions::rules`. Deployments: `deployment`.

use clarity::error::{InternalError, Stop};
use clarity::principal::Principal;
use clarity::run::{Assets, Machine};
use clarity::value::Value;
use stacks_types::transaction::{ContractCall, StacksTransaction, TransactionPayload};

use super::deployment::{Deployment, deploy};
use super::failure::Failure;
use super::outcome::{Origin, Outcome, burned, failed, judge, ok_true};
use crate::params::ChainParams;
use crate::transactions::{ReceiptStatus, TransactionError};

/// Executes the payload.
pub(super) fn run_payload(
    machine: &mut Machine<'_>,
    params: &ChainParams,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
) -> Result<Outcome, Failure> {
    match &tx.payload {
        TransactionPayload::TokenTransfer { recipient, amount, memo } => {
            transfer(machine, origin.principal, recipient, *amount, memo)
        }
        TransactionPayload::ContractCall(call) => run_call(machine, tx, origin, call),
        TransactionPayload::SmartContract { name, code } => {
            let version = params.default_version();
            deploy(machine, tx, origin, &Deployment { name, code, version })
        }
        TransactionPayload::VersionedSmartContract { version, name, code } => {
            deploy(machine, tx, origin, &Deployment { name, code, version: version.to_byte() })
        }
        // The block rules decide whether a block may hold one, and who is rewarded.
        TransactionPayload::Coinbase { .. } | TransactionPayload::CoinbaseToAltRecipient { .. } => {
            Ok(Outcome::success(ok_true()?, Vec::new(), 0))
        }
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => {
            Err(TransactionError::PayloadNotAllowed { name: tx.payload.name() }.into())
        }
    }
}

fn transfer(
    machine: &mut Machine<'_>,
    origin: &Principal,
    recipient: &Principal,
    amount: u64,
    memo: &[u8; 34],
) -> Result<Outcome, Failure> {
    if recipient == origin {
        return Err(TransactionError::SelfTransfer.into());
    }
    match machine.transfer(origin, recipient, amount.into(), memo.to_vec()) {
        Ok(()) => Ok(Outcome::success(ok_true()?, std::mem::take(&mut machine.events), 0)),
        Err(Stop::Internal(error)) if *error == InternalError::InsufficientBalance => {
            let available = machine.balance(origin)?.amount;
            Err(TransactionError::TransferAmount { amount, available }.into())
        }
        Err(stop) => Err(stop.into()),
    }
}

fn run_call(
    machine: &mut Machine<'_>,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    call: &ContractCall,
) -> Result<Outcome, Failure> {
    let level = machine.begin();
    let (contract, arguments) = (call.contract_id(), call.arguments.clone());
    let result = match machine.call(&origin.context(), &contract, call.function_name.as_str(), arguments) {
        Ok(result) => result,
        Err(stop) => {
            machine.roll_back(level);
            return failed(stop);
        }
    };
    let assets = Assets::of(&machine.movements);
    let stx_burned = burned(&assets);
    if let Err(broken) = judge(tx, origin, &assets) {
        machine.roll_back(level);
        let status = ReceiptStatus::AbortByPostCondition;
        return Ok(Outcome::aborted(status, result, Some(broken.to_string()), stx_burned));
    }
    Ok(match &result {
        Value::Err(_) => Outcome::aborted(ReceiptStatus::AbortByResponse, result, None, stx_burned),
        _ => Outcome::success(result, std::mem::take(&mut machine.events), stx_burned),
    })
}
