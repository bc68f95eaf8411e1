//! The stack that the engine needs.

use crate::execution::STACK_BYTES;

/// Runs a part of a test on a thread with as large a stack as the node's threads have: evaluation recurses.
///
/// # Panics
/// If the part panics, or no thread can be started.
pub fn on_a_large_stack<T: Send>(part: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, part).expect("a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
