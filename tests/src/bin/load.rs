//! Measures the processes from outside and prints one table: `cargo run --release -p tests --bin load`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table goes to the terminal")]

use clap::Parser;
use tests::figures::{Table, origin};
use tests::load::{ROWS, Size, measure};

/// Starts node, producer and signers, drives them, and prints what was measured.
#[derive(Debug, Parser)]
#[command(name = "load", version, max_term_width = 110)]
struct Args {
    /// Do little, to see that it still runs; the figures mean nothing
    #[arg(long)]
    tiny: bool,

    /// Only these rows
    #[arg(value_name = "ROW", value_parser = ROWS)]
    rows: Vec<String>,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let size = if args.tiny { Size::TINY } else { Size::WHOLE };
    println!("load: {}{}", origin(), if args.tiny { ", TINY" } else { "" });
    println!("{size:?}");
    let mut table = Table::default();
    let rows: Vec<&str> = match args.rows.is_empty() {
        true => ROWS.to_vec(),
        false => args.rows.iter().map(String::as_str).collect(),
    };
    for row in rows {
        eprintln!("measuring {row}");
        measure(row, &size, &mut table).await;
    }
    print!("{table}");
}
