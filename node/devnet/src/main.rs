//! Entry point of the devnet, and of each of its processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of the program, also when no log is set up")]
            {
                eprintln!("mockamoto: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
