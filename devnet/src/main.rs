//! Entry point of the devnet, and of each of its processes.

use std::io::Write as _;
use std::process::ExitCode;

/// Gives memory back when a burst is over: whoever asks decides how much the node holds for a moment, not for good. Without huge
/// pages, which hold a third more for nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match mockamoto::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        // The node's own words stand above.
        Err(error) if error.is::<mockamoto::processes::SaidAlready>() => ExitCode::FAILURE,
        Err(error) => {
            // The last words of the program, also when no log is set up. Where they do not fit, it ends without them.
            let _ = writeln!(std::io::stderr(), "mockamoto: {error:#}");
            ExitCode::FAILURE
        }
    }
}
