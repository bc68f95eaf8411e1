//! What a payload did, as the receipt reports it, and whether post-conditions and failures let it stand.

use std::sync::Arc;

use clarity::analysis::Interface;
use clarity::costs::{CostError, MEMORY_LIMIT};
use clarity::error::{CheckError, Stop};
use clarity::principal::Principal;
use clarity::run::{Assets, Context, Event};
use clarity::value::Value;
use stacks_types::transaction::StacksTransaction;

use super::contract_store::Deployed;
use super::failure::Failure;
use super::post_conditions::{PostConditionFailure, check_post_conditions};
use crate::transactions::{ReceiptStatus, TransactionError};

/// The accounts on whose behalf a transaction acts.
pub(super) struct Origin<'t> {
    pub(super) principal: &'t Principal,
    pub(super) sponsor: Option<&'t Principal>,
}

impl Origin<'_> {
    /// The same as programs see it.
    pub(super) fn context(&self) -> Context {
        Context { sender: self.principal.clone(), sponsor: self.sponsor.cloned() }
    }
}

/// What a payload did, as the receipt reports it.
pub(super) struct Outcome {
    pub(super) status: ReceiptStatus,
    pub(super) result: Value,
    pub(super) events: Vec<Event>,
    /// Of the contract that it deployed or failed to deploy.
    pub(super) interface: Option<Arc<Interface>>,
    pub(super) vm_error: Option<String>,
    pub(super) stx_burned: u128,
    pub(super) deployed: Option<Deployed>,
}

impl Outcome {
    pub(super) const fn success(result: Value, events: Vec<Event>, stx_burned: u128) -> Self {
        Self {
            status: ReceiptStatus::Success,
            result,
            events,
            interface: None,
            vm_error: None,
            stx_burned,
            deployed: None,
        }
    }

    /// Only fee and nonces stay.
    pub(super) fn aborted(status: ReceiptStatus, result: Value, vm_error: Option<String>, stx_burned: u128) -> Self {
        Self { status, vm_error, ..Self::success(result, Vec::new(), stx_burned) }
    }

    /// The program failed: there is no result, and the receipt has `(err none)`.
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

fn too_large(fault: clarity::types::TypeFault) -> Failure {
    TransactionError::Rejected { error: format!("{fault:?}") }.into()
}

/// Checks the post-conditions against what was moved.
pub(super) fn judge(tx: &StacksTransaction, origin: &Origin<'_>, assets: &Assets) -> Result<(), PostConditionFailure> {
    check_post_conditions(&tx.post_conditions, tx.post_condition_mode, origin.principal, assets)
}

/// Micro-STX that all accounts together burned.
pub(super) fn burned(assets: &Assets) -> u128 {
    assets.burns.values().fold(0, |sum, amount| sum.saturating_add(*amount))
}

/// The result of a failed execution: it is mined if the contract is at fault. Exceeding this node's memory limit is not
/// the contract's fault.
pub(super) fn failed(stop: Stop) -> Result<Outcome, Failure> {
    let is_of_this_node = match &stop {
        Stop::Check(error) => {
            matches!(error.as_ref(), CheckError::Cost(CostError::Memory { limit, .. }) if *limit < MEMORY_LIMIT)
        }
        _ => false,
    };
    if stop.is_rejectable() || is_of_this_node { Err(stop.into()) } else { Outcome::failure(stop.to_string()) }
}
