//! How cost grows with blocks, pending transactions, accounts, subscribers, and the size of a contract. Each is
//! measured once and drawn as SVG into a folder.
//!
//! # Not here
//! Drawing: `plot`.

mod accounts;
mod blocks;
mod contracts;
mod mempool;
mod subscribers;

use std::path::Path;

use super::Grown;
use super::plot::{Chart, Line};

/// Growths to measure: names for the command line.
pub const GROWTHS: [&str; 5] = ["blocks", "mempool", "accounts", "subscribers", "contracts"];

/// Measures how cost grows with one of [`GROWTHS`], and draws `growth-<name>*.svg` into `folder`. Returns the names of the files.
///
/// # Panics
/// When a process does not do what it must, a file cannot be written, or `what` is not one of [`GROWTHS`].
pub async fn draw(what: &str, grown: &Grown, folder: &Path) -> Vec<String> {
    let charts = match what {
        "blocks" => blocks::measure(grown).await,
        "mempool" => mempool::measure(grown).await,
        "accounts" => accounts::measure(grown).await,
        "subscribers" => subscribers::measure(grown).await,
        "contracts" => contracts::measure(grown).await,
        other => panic!("nothing that grows is called {other}; there are {}", GROWTHS.join(", ")),
    };
    std::fs::create_dir_all(folder).expect("a folder for the charts");
    let mut written = Vec::new();
    for (ending, chart) in charts {
        let name = format!("growth-{what}{ending}.svg");
        std::fs::write(folder.join(&name), chart.to_svg()).expect("a file for the chart");
        written.push(name);
    }
    written
}

/// The end of a file's name, and the chart in it.
type Named = (&'static str, Chart);

fn line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line { name: name.to_owned(), points }
}

fn chart(title: &str, x: &str, y: &str, lines: Vec<Line>) -> Chart {
    Chart { title: title.to_owned(), x: x.to_owned(), y: y.to_owned(), by_factors: false, lines }
}
