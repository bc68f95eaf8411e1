//! What each payload does (docs/COMPATIBILITY.md#outcomes): transfers, calls, deployments, coinbases.
//!
//! # Invariants
//! - A failure that a block holds becomes an [`Outcome`] with `(err none)`; only what docs/COMPATIBILITY.md#outcomes
//!   calls not mined is an error.
//! - Events of anything but a success are left out.
//!
//! # Not here
//! Fee and nonces: `process`. Which payloads are allowed: `transactions::rules`. Deployments: `deployment`.

use std::sync::Arc;

use engine::costs::MEMORY_LIMIT;
use engine::error::{CheckError, CostError, InternalError, Stop};
use engine::run::{Assets, Context, Event, Machine};
use engine::state::Contract;
use engine::value::{Principal, Value};
use stacks_types::transaction::{ContractCall, StacksTransaction, TransactionPayload};

use super::convert;
use super::deployment::{Deployment, deploy};
use super::post_conditions::{PostConditionFailure, check_post_conditions};
use super::session::Failure;
use crate::params::ChainParams;
use crate::transactions::{ReceiptStatus, TransactionError};

/// Who a transaction acts for.
pub(super) struct Origin<'t> {
    pub(super) principal: &'t Principal,
    pub(super) sponsor: Option<&'t Principal>,
}

impl Origin<'_> {
    /// As programs see it.
    pub(super) fn context(&self) -> Context {
        Context { sender: self.principal.clone(), sponsor: self.sponsor.cloned() }
    }
}

/// What a payload did, as far as the receipt tells it.
pub(super) struct Outcome {
    pub(super) status: ReceiptStatus,
    pub(super) result: Value,
    pub(super) events: Vec<Event>,
    pub(super) contract_interface: Option<String>,
    pub(super) vm_error: Option<String>,
    pub(super) stx_burned: u128,
    pub(super) deployed: Option<Arc<Contract>>,
}

impl Outcome {
    pub(super) const fn success(result: Value, events: Vec<Event>, stx_burned: u128) -> Self {
        Self {
            status: ReceiptStatus::Success,
            result,
            events,
            contract_interface: None,
            vm_error: None,
            stx_burned,
            deployed: None,
        }
    }

    /// Only fee and nonce stay.
    pub(super) fn aborted(status: ReceiptStatus, result: Value, vm_error: Option<String>, stx_burned: u128) -> Self {
        Self { status, vm_error, ..Self::success(result, Vec::new(), stx_burned) }
    }

    /// The program failed: there is no result, so `(err none)` stands for it.
    pub(super) fn failure(vm_error: String) -> Result<Self, Failure> {
        let result = err_none()?;
        Ok(Self::aborted(ReceiptStatus::AbortByResponse, result, Some(vm_error), 0))
    }
}

fn err_none() -> Result<Value, Failure> {
    Value::error(Value::NONE).map_err(too_large)
}

/// `(ok true)`
pub(super) fn ok_true() -> Result<Value, Failure> {
    Value::okay(Value::Bool(true)).map_err(too_large)
}

fn too_large(fault: engine::types::TypeFault) -> Failure {
    TransactionError::Rejected { error: format!("{fault:?}") }.into()
}

/// Does what the payload says.
pub(super) fn run_payload(
    machine: &mut Machine<'_>,
    params: &ChainParams,
    tx: &StacksTransaction,
    origin: &Origin<'_>,
) -> Result<Outcome, Failure> {
    match &tx.payload {
        TransactionPayload::TokenTransfer { recipient, amount, memo } => {
            transfer(machine, origin.principal, &convert::principal(recipient)?, *amount, memo)
        }
        TransactionPayload::ContractCall(call) => run_call(machine, tx, origin, call),
        TransactionPayload::SmartContract { name, code } => {
            let version = default_version(params);
            deploy(machine, tx, origin, &Deployment { name: name.as_str(), code, version })
        }
        TransactionPayload::VersionedSmartContract { version, name, code } => {
            deploy(machine, tx, origin, &Deployment { name: name.as_str(), code, version: version.to_byte() })
        }
        // Whether a block may hold one, and who is rewarded, is the block rules' business.
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
    let contract = convert::contract_id(&call.contract_id())?;
    let arguments = call.arguments.iter().map(convert::value).collect::<Result<Vec<_>, _>>()?;
    let level = machine.begin();
    let result = match machine.call(&origin.context(), &contract, call.function_name.as_str(), arguments) {
        Ok(result) => result,
        Err(stop) => {
            machine.roll_back(level);
            return failed(stop);
        }
    };
    let assets = Assets::of(&machine.movements);
    let stx_burned = burned(&assets);
    if let Err(broken) = judge(tx, origin, &assets)? {
        machine.roll_back(level);
        let status = ReceiptStatus::AbortByPostCondition;
        return Ok(Outcome::aborted(status, result, Some(broken.to_string()), stx_burned));
    }
    Ok(match &result {
        Value::Err(_) => Outcome::aborted(ReceiptStatus::AbortByResponse, result, None, stx_burned),
        _ => Outcome::success(result, std::mem::take(&mut machine.events), stx_burned),
    })
}

/// Whether the post-conditions hold for what was moved.
pub(super) fn judge(
    tx: &StacksTransaction,
    origin: &Origin<'_>,
    assets: &Assets,
) -> Result<Result<(), PostConditionFailure>, Failure> {
    Ok(check_post_conditions(&tx.post_conditions, tx.post_condition_mode, origin.principal, assets)?)
}

/// Micro-STX that all together burned.
pub(super) fn burned(assets: &Assets) -> u128 {
    assets.burns.values().fold(0, |sum, amount| sum.saturating_add(*amount))
}

/// Execution failed: in a block, if the failure is the contract's. Holding more than this node allows is not.
pub(super) fn failed(stop: Stop) -> Result<Outcome, Failure> {
    let is_of_this_node = match &stop {
        Stop::Check(error) => {
            matches!(error.as_ref(), CheckError::Cost(CostError::Memory { limit, .. }) if *limit < MEMORY_LIMIT)
        }
        _ => false,
    };
    if stop.is_rejectable() || is_of_this_node { Err(stop.into()) } else { Outcome::failure(stop.to_string()) }
}

/// Version of contracts whose payload names none.
const fn default_version(params: &ChainParams) -> u8 {
    match params.default_clarity_version {
        ::clarity::vm::ClarityVersion::Clarity1 => 1,
        ::clarity::vm::ClarityVersion::Clarity2 => 2,
    }
}
