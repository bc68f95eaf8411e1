//! Read-only calls of clients, within the limits of the config.

use std::time::Instant;

use chainstate::chain::Snapshot;
use chainstate::execution::read_only::ReadOnlyCall;
use chainstate::read::call::{CallOutcome, read_only};
use chainstate::read::contract::ContractAt;
use clarity::principal::Principal;
use clarity::value::Value;
use stacks_types::value::decode_value;

use crate::config::CallLimits;
use crate::error::ApiError;

/// A read-only call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadOnlyRequest {
    /// Contract with the function.
    pub(crate) contract: ContractAt,
    /// Name of the function.
    pub(crate) function: String,
    /// Who calls.
    pub(crate) sender: Principal,
    /// Who sponsors.
    pub(crate) sponsor: Option<Principal>,
    /// Each argument in its consensus serialization.
    pub(crate) arguments: Vec<Vec<u8>>,
}

/// Arguments for which memory is reserved before they are decoded.
const ARGUMENTS_EXPECTED: usize = 256;

/// Evaluates a call. The inner error says why it failed, in the reference's words.
///
/// # Errors
/// [`ApiError::Invalid`] for arguments that are no values or too long, and for a call that takes too long; the errors
/// of [`read_only`].
pub(crate) fn call_read_only(
    snapshot: &Snapshot<'_>,
    request: &ReadOnlyRequest,
    limits: &CallLimits,
) -> Result<Result<Value, String>, ApiError> {
    let hex_bytes = request.arguments.iter().map(|argument| argument.len() * 2).sum::<usize>();
    let most = limits.argument_hex_bytes;
    if hex_bytes > most {
        return Err(ApiError::invalid("arguments", format!("{hex_bytes} bytes as hex, at most {most} are allowed")));
    }
    let mut arguments = Vec::with_capacity(request.arguments.len().min(ARGUMENTS_EXPECTED));
    for argument in &request.arguments {
        arguments.push(decode_value(argument).map_err(|error| ApiError::invalid("arguments", error))?);
    }
    let call = ReadOnlyCall {
        contract: &request.contract.contract,
        function: &request.function,
        arguments: &arguments,
        sender: &request.sender,
        sponsor: request.sponsor.as_ref(),
        limit: limits.cost,
    };
    let begun = Instant::now();
    match read_only(snapshot, &call, request.contract.at, &|| begun.elapsed() >= limits.time)? {
        CallOutcome::Returned(value) => Ok(Ok(value)),
        CallOutcome::Failed(cause) => Ok(Err(cause)),
        CallOutcome::OutOfTime => {
            let detail = format!("takes more than {:?} (read_only_max_execution_time_secs)", limits.time);
            Err(ApiError::invalid("call", detail))
        }
    }
}
