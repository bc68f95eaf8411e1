//! What read-only calls may use: keys of `[connection_options]`.

use std::time::Duration;

use clarity::vm::costs::ExecutionCost;

use super::file::ConnectionTable;
use crate::chain::CallLimits;
use crate::network::limits::MAX_MESSAGE_BYTES;

/// The limits of a file, or its key that is out of range with the reason.
pub(super) fn call_limits(table: &ConnectionTable) -> Result<CallLimits, (&'static str, String)> {
    let CallLimits { cost, argument_hex_bytes, time } = CallLimits::default();
    let argument_hex_bytes = table.maximum_call_argument_size.unwrap_or(argument_hex_bytes);
    if !(1..=MAX_MESSAGE_BYTES).contains(&argument_hex_bytes) {
        let detail = format!("not between 1 and {MAX_MESSAGE_BYTES}, the largest request");
        return Err(("connection_options.maximum_call_argument_size", detail));
    }
    let seconds = table.read_only_max_execution_time_secs.unwrap_or(time.as_secs());
    if !(1..=60).contains(&seconds) {
        return Err(("connection_options.read_only_max_execution_time_secs", "not between 1 and 60".to_owned()));
    }
    let cost = ExecutionCost {
        write_length: table.read_only_call_limit_write_length.unwrap_or(cost.write_length),
        write_count: table.read_only_call_limit_write_count.unwrap_or(cost.write_count),
        read_length: table.read_only_call_limit_read_length.unwrap_or(cost.read_length),
        read_count: table.read_only_call_limit_read_count.unwrap_or(cost.read_count),
        runtime: table.read_only_call_limit_runtime.unwrap_or(cost.runtime),
    };
    Ok(CallLimits { cost, argument_hex_bytes, time: Duration::from_secs(seconds) })
}
