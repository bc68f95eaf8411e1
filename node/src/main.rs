//! The node as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_node::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of the program, also when no log is set up")]
            {
                eprintln!("mockamoto-node: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
