//! The stack that the engine needs.

use crate::execution::STACK_BYTES;

/// Runs a test on a thread with the stack that the node's threads have: evaluation recurses.
///
/// # Panics
/// As the test does, and when there is no thread to be had.
#[expect(clippy::expect_used, reason = "a test without a thread has failed")]
pub fn on_a_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(test).expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
