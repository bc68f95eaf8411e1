//! Entry point of the devnet and of each of its processes.

use std::io::Write as _;
use std::process::ExitCode;

/// Gives memory back after a burst, so that a caller decides how much the node holds for a moment, not for good. Without huge
/// pages: they hold a third more and bring nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match mockamoto::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        // The node has said why on standard error.
        Err(error) if error.is::<mockamoto::processes::SaidAlready>() => ExitCode::FAILURE,
        Err(error) => {
            // Said even when no log is set up. When the write fails there is nothing left to do.
            let _ = writeln!(std::io::stderr(), "mockamoto: {error:#}");
            ExitCode::FAILURE
        }
    }
}
