//! Entry point of the devnet and of each of its processes.

use std::io::Write as _;
use std::process::ExitCode;

/// mimalloc returns memory to the system after a burst, so a peak that a caller causes does not last. Huge pages are
/// off: they hold a third more and gain nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match mockamoto::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        // The node has printed the reason to standard error.
        Err(error) if error.is::<mockamoto::processes::AlreadyReported>() => ExitCode::FAILURE,
        Err(error) => {
            // Printed even when no log is set up. A failed write leaves nothing else to do.
            let _ = writeln!(std::io::stderr(), "mockamoto: {error:#}");
            ExitCode::FAILURE
        }
    }
}
