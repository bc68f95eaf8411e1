//! Entry point of the producer.

use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_producer::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last words of the program, also when no log is set up")]
            {
                eprintln!("mockamoto-producer: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
