//! The node as a program of its own.

use std::io::Write as _;
use std::process::ExitCode;

/// Gives memory back when a burst is over: whoever asks decides how much the node holds for a moment, not for good. Without huge
/// pages, which hold a third more for nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match mockamoto_node::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last words of the program, also when no log is set up. Where they do not fit, it ends without them.
            let _ = writeln!(std::io::stderr(), "mockamoto-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}
