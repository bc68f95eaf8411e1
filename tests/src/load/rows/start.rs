//! Time from starting `mockamoto` in a new folder to its log line that the first block is processed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::processes::binary;

pub(in crate::load) fn measure(size: &Size, table: &mut Table) {
    let mut samples = Samples::default();
    let program = binary("mockamoto");
    for _ in 0..size.starts {
        let begun = Instant::now();
        let mut command = Command::new(&program);
        command.args(["--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut devnet = command.spawn().expect("it starts");
        let lines = BufReader::new(devnet.stdout.take().expect("a pipe")).lines();
        let found = lines.map_while(Result::ok).any(|line| line.contains("first block processed"));
        let took = begun.elapsed();
        assert!(found, "no line of a first block");
        stop(&mut devnet);
        samples.push(took.as_secs_f64() * 1e3);
    }
    table.samples("process start to first processed block", "ms", &samples);
}

fn stop(devnet: &mut Child) {
    let status = Command::new("kill").args(["-INT", &devnet.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
    devnet.wait().expect("it ends");
}
