//! What a read-only call of a client may use.

use std::time::Duration;

use chainstate::clarity::read_only::READ_ONLY_LIMIT;
use clarity::vm::costs::ExecutionCost;

use crate::network::limits::MAX_MESSAGE_BYTES;

/// Of a call when the config does not say: eight of them at once leave the machine to the chain.
const DEFAULT_TIME: Duration = Duration::from_secs(1);

/// What a read-only call of a client may use. The defaults are those of the reference, but for the arguments (it takes
/// 80 MiB of them, here no request may be larger than [`MAX_MESSAGE_BYTES`]) and the time (it gives 30 seconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// What it may spend.
    pub cost: ExecutionCost,
    /// Bytes of all its arguments, as hex digits, which is how the reference counts them.
    pub argument_hex_bytes: usize,
    /// How long it may take.
    pub time: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { cost: READ_ONLY_LIMIT, argument_hex_bytes: MAX_MESSAGE_BYTES, time: DEFAULT_TIME }
    }
}
