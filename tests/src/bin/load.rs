//! Measures the processes from outside and prints one table: `cargo run --release -p tests --bin load`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table goes to the terminal")]

use std::path::PathBuf;

use clap::Parser;
use tests::figures::{Table, origin};
use tests::load::growth::{GROWTHS, draw};
use tests::load::{Grown, ROWS, Size, measure};

/// Starts node, producer and signers, drives them, and prints what was measured.
#[derive(Debug, Parser)]
#[command(name = "load", version, max_term_width = 110)]
struct Args {
    /// Do little, to see that it still runs; the figures mean nothing
    #[arg(long)]
    tiny: bool,

    /// Draw how cost grows into this folder, in place of the table
    #[arg(long, value_name = "FOLDER")]
    charts: Option<PathBuf>,

    /// Only these rows; with --charts only these charts
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    println!("load: {}{}", origin(), if args.tiny { ", TINY" } else { "" });
    let names = |all: &[&str]| match args.rows.is_empty() {
        true => all.iter().map(|name| (*name).to_owned()).collect(),
        false => args.rows.clone(),
    };
    let known = if args.charts.is_some() { GROWTHS.as_slice() } else { ROWS.as_slice() };
    if let Some(unknown) = args.rows.iter().find(|row| !known.contains(&row.as_str())) {
        eprintln!("load: nothing is called {unknown}; there are {}", known.join(", "));
        std::process::exit(2);
    }
    if let Some(folder) = &args.charts {
        let grown = if args.tiny { Grown::TINY } else { Grown::WHOLE };
        println!("{grown:?}");
        for name in names(known) {
            eprintln!("measuring how cost grows with {name}");
            println!("{}", draw(&name, &grown, folder).await.join(" "));
        }
        return;
    }
    let size = if args.tiny { Size::TINY } else { Size::WHOLE };
    println!("{size:?}");
    let mut all = Table::default();
    for row in names(known) {
        eprintln!("measuring {row}");
        let mut table = Table::default();
        measure(&row, &size, &mut table).await;
        // Printed now too, so that it is not lost if a later row fails.
        eprint!("{table}");
        all.append(table);
    }
    print!("{all}");
}
