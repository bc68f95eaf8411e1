//! The node as a program of its own.

use std::io::Write as _;
use std::process::ExitCode;

/// mimalloc returns memory to the system after a burst, so a peak that a caller causes does not last. Huge pages are
/// off: with them the node holds a third more and gains nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match mockamoto_node::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error must appear even when no log is set up. If standard error takes nothing, the program ends
            // without it.
            let _ = writeln!(std::io::stderr(), "mockamoto-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}
