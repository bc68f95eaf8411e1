//! Entry point of the signer.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_signer_stub::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last words of the program, also when no log is set up. Where they do not fit, it ends without them.
            let _ = writeln!(std::io::stderr(), "mockamoto-signer-stub: {error:#}");
            ExitCode::FAILURE
        }
    }
}
