//! Entry point of the signer.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_signer_stub::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of the program, also when no log is set up")]
            {
                eprintln!("mockamoto-signer-stub: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
