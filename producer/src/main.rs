//! Entry point of the producer.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match mockamoto_producer::main_with_args(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Printed even when no log is set up. A failed write leaves nothing else to do.
            let _ = writeln!(std::io::stderr(), "mockamoto-producer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
