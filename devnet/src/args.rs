//! The command line of `mockamoto`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use client::{LogFormat, parse_duration};
use mockamoto_node::config::Signing;

/// Upper bound of `--producers`, each of which is a process, and of `--signers`, which share one.
const ACTORS_MAX: i64 = 64;

/// What [`crate::main_with_args`] makes of a first argument that names a process.
const PARTS: &str = "To run one of its processes alone: mockamoto node, mockamoto producer, mockamoto signer-stub; each has \
                     --help of its own.";

/// A whole Stacks devnet by Nakamoto rules in one command: a node, block producers and signers, with bitcoin mocked.
///
/// Prints accounts with money and the addresses to talk to, then makes blocks until Ctrl-C. Without --data-dir
/// everything is gone at the end.
#[derive(Debug, Clone, Parser)]
#[command(name = "mockamoto", version, max_term_width = 110, after_help = PARTS)]
pub struct Args {
    /// Folder to keep the chain and its keys in; when it holds a devnet, that one goes on
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Make each commit wait for the disk in a temporary folder, too; a folder named by --data-dir always does
    #[arg(long)]
    pub durable: bool,

    /// Config file: the node's, with every key but the genesis. Flags override it, and so does the environment variable
    /// MOCKAMOTO_AUTH_TOKEN, unless it is empty: the token that the devnet then asks for
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Port for gRPC and HTTP on 127.0.0.1; 0 takes a free one [default: 20443]
    #[arg(long)]
    pub port: Option<u16>,

    /// A second port on 127.0.0.1, for HTTP [default: 3999, where stacks.js looks for a devnet, when it is free; none with
    /// --port 0]
    #[arg(long)]
    pub api_port: Option<u16>,

    /// Time between blocks without transactions; 0 = make none. Transactions never wait for it
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub block_interval: Duration,

    /// Time between blocks of the mocked bitcoin; 0 = only on demand [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub burn_block_interval: Option<Duration>,

    /// Also mine a block of the mocked bitcoin when this long has passed since the last mined transaction: for clients that wait
    /// for one, as Clarinet does; 0 = no [default: 1s; 0 with --burn-block-interval 0]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub burn_block_after_transactions: Option<Duration>,

    /// Block producers, who take turns [default: 1, or as in the folder]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=ACTORS_MAX))]
    pub producers: Option<u8>,

    /// Stackers, who sign blocks; of 4 one may be down [default: 4, or as in the folder]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(1..=ACTORS_MAX))]
    pub signers: Option<u8>,

    /// Epoch of the network whose rules apply; newer epochs have newer Clarity versions [default: 4.0, or as in the folder]
    #[arg(long, value_name = "EPOCH", value_parser = ["3.0", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1"])]
    pub epoch: Option<String>,

    /// Folder of contracts to deploy in block 0: NAME.clar at the boot address, ADDRESS.NAME.clar at ADDRESS. Contracts that
    /// others call or take traits from come first, the rest by name. NAME.clarity2.clar uses Clarity 2, others the epoch's
    /// newest version [default: none, or as in the folder]
    #[arg(long, value_name = "DIR")]
    pub boot_contracts: Option<PathBuf>,

    /// How blocks are signed: ecdsa = real signatures, well-known = one published constant [default: ecdsa, or as in
    /// the folder]
    #[arg(long, value_name = "MODE", value_parser = signing())]
    pub signing: Option<Signing>,

    /// POST events to this observer (the Hiro API, ...): HOST:PORT for all but StackerDB chunks and validation results,
    /// HOST:PORT,KEY,... for these keys of events_observer; may be given more than once
    #[arg(long, value_name = "HOST:PORT[,KEY...]")]
    pub event_observer: Vec<String>,

    /// Write accounts, addresses and URLs to this file as JSON too
    #[arg(long, value_name = "FILE")]
    pub accounts_out: Option<PathBuf>,

    /// What to log to standard error: error, warn, info, debug, trace, or a filter as in RUST_LOG. With info: every block
    /// [default: warn]
    #[arg(long, value_name = "LEVEL")]
    pub log: Option<String>,

    /// How a line of the log looks: text, json [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Parser of `--signing`, with the words of the genesis file.
fn signing() -> impl TypedValueParser<Value = Signing> {
    PossibleValuesParser::new(Signing::WORDS.iter().copied()).try_map(Signing::try_from)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
        let args = Args::parse_from(["mockamoto", "--port", "0", "--producers", "2", "--block-interval", "0"]);
        assert_eq!((args.port, args.producers, args.block_interval), (Some(0), Some(2), Duration::ZERO));
        for bad in
            [["--producers", "0"], ["--signers", "65"], ["--signing", "none"], ["--epoch", "2.5"], ["--port", "65536"]]
        {
            assert!(Args::try_parse_from(["mockamoto"].iter().chain(&bad)).is_err(), "{bad:?}");
        }
    }
}
