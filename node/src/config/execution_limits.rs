//! Limits of transactions: keys of `[node]`.

use std::time::Duration;

use chainstate::execution::ExecutionLimits;

use super::file::NodeTable;

/// The limits in a config file. The error names the key that is out of range, and the reason.
pub(super) fn execution_limits(table: &NodeTable) -> Result<ExecutionLimits, (&'static str, String)> {
    let ExecutionLimits { time, memory_bytes } = ExecutionLimits::default();
    let seconds = table.max_execution_time_secs.unwrap_or(time.as_secs());
    if !(1..=3600).contains(&seconds) {
        return Err(("node.max_execution_time_secs", "not between 1 and 3600".to_owned()));
    }
    let most = table.max_memory_bytes.unwrap_or(memory_bytes);
    if !(1000..=memory_bytes).contains(&most) {
        return Err(("node.max_memory_bytes", format!("not between 1000 and {memory_bytes}")));
    }
    Ok(ExecutionLimits { time: Duration::from_secs(seconds), memory_bytes: most })
}
