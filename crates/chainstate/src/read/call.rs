//! Calls that do not write.

use clarity::value::Value;
use stacks_types::ids::StacksBlockId;

use super::contract::ContractAt;
use super::{LookupError, at_state};
use crate::chain::Snapshot;
use crate::execution::Expired;
use crate::execution::read_only::{ReadError, ReadOnlyCall};

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub enum CallOutcome {
    /// It returned this value.
    Returned(Value),
    /// It failed, in the reference's words.
    Failed(String),
    /// Its time ended before it did.
    OutOfTime,
}

/// Evaluates a call at a processed block (`None` means the canonical tip), for as long as `expired` allows.
///
/// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
///
/// # Errors
/// [`super::Unknown::Block`], [`super::Unknown::Contract`].
pub fn read_only(
    snapshot: &Snapshot<'_>,
    call: &ReadOnlyCall<'_>,
    at: Option<StacksBlockId>,
    expired: Expired<'_>,
) -> Result<CallOutcome, LookupError> {
    let exists = at_state(snapshot, at.as_ref(), |state| Ok(state.contract_exists(call.contract)?))?;
    if !exists {
        return Err(ContractAt { contract: call.contract.clone(), at }.unknown());
    }
    let result = snapshot.state_until(at.as_ref(), expired, |state| Ok(state.call_read_only(call)))?;
    match result {
        Ok(value) => Ok(CallOutcome::Returned(value)),
        Err(error @ ReadError::NotReadOnly) => Ok(CallOutcome::Failed(error.to_string())),
        Err(ReadError::Vm(cause)) => Ok(CallOutcome::Failed(cause)),
        Err(ReadError::DeadlinePassed) => Ok(CallOutcome::OutOfTime),
        Err(error) => Err(error.into()),
    }
}
