//! What a read-only call of a client may use.

use chainstate::clarity::read_only::READ_ONLY_LIMIT;
use clarity::vm::costs::ExecutionCost;

use crate::network::limits::MAX_MESSAGE_BYTES;

/// What a read-only call of a client may use. The defaults are those of the reference, but for the arguments: it takes
/// 80 MiB of them, here no request may be larger than [`MAX_MESSAGE_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// What it may spend.
    pub cost: ExecutionCost,
    /// Bytes of all its arguments, as hex digits, which is how the reference counts them.
    pub argument_hex_bytes: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { cost: READ_ONLY_LIMIT, argument_hex_bytes: MAX_MESSAGE_BYTES }
    }
}
