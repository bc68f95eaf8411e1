//! Entry point of the signer.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_signer_stub::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Printed even when no log is set up. A failed write leaves nothing else to do.
            let _ = writeln!(std::io::stderr(), "mockamoto-signer-stub: {error:#}");
            ExitCode::FAILURE
        }
    }
}
