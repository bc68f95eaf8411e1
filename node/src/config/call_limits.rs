//! Limits of read-only calls: keys of `[connection_options]`.

use std::time::Duration;

use chainstate::execution::read_only::READ_ONLY_LIMIT;
use clarity::costs::Cost;

use super::file::ConnectionTable;
use crate::limits::MAX_MESSAGE_BYTES;

/// Default time of a call: eight at once ([`crate::limits::MAX_CONCURRENT_EVALUATIONS`]) leave the machine to the
/// chain.
const DEFAULT_TIME: Duration = Duration::from_secs(1);

/// Limits of a client's read-only call. The defaults are the reference's, except for the arguments (the reference takes
/// 80 MiB; here no request may exceed [`MAX_MESSAGE_BYTES`]) and the time (the reference gives 30 seconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// Cost that a call may spend, in the five dimensions of Clarity's costs.
    pub cost: Cost,
    /// Most bytes of all arguments as hex digits, as the reference counts them.
    pub argument_hex_bytes: usize,
    /// Longest time of a call.
    pub time: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { cost: READ_ONLY_LIMIT, argument_hex_bytes: MAX_MESSAGE_BYTES, time: DEFAULT_TIME }
    }
}

/// The limits in a config file. The error names the key that is out of range, and the reason.
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
    let cost = Cost {
        write_length: table.read_only_call_limit_write_length.unwrap_or(cost.write_length),
        write_count: table.read_only_call_limit_write_count.unwrap_or(cost.write_count),
        read_length: table.read_only_call_limit_read_length.unwrap_or(cost.read_length),
        read_count: table.read_only_call_limit_read_count.unwrap_or(cost.read_count),
        runtime: table.read_only_call_limit_runtime.unwrap_or(cost.runtime),
    };
    Ok(CallLimits { cost, argument_hex_bytes, time: Duration::from_secs(seconds) })
}
