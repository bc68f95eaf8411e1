//! The command line of `mockamoto-producer`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use client::{ActorArgs, parse_duration};

/// Shortest and longest assembly of a template; the node accepts the same range.
pub(crate) const ASSEMBLY_TIME: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));
/// Shortest and longest pause before a proposal is made again.
const PROPOSAL_TIMEOUT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(600));

/// Produces blocks for a Mockamoto node.
///
/// It reads the node's event stream and, whenever its turn comes, has a block assembled, signs it, gathers the
/// stackers' signatures through StackerDB and pushes it. All over gRPC; it needs nothing else from the node's machine.
///
/// Keys come from the environment (MOCKAMOTO_PRIVATE_KEY: 32 or 33 bytes hex, MOCKAMOTO_VRF_PRIVATE_KEY: 32 bytes hex)
/// or from files, never from the command line.
#[derive(Debug, Parser)]
#[command(name = "mockamoto-producer", version)]
pub struct Args {
    /// The flags that all actors have
    #[command(flatten)]
    pub actor: ActorArgs,

    /// Folder for the record of what was signed. Keep it: without it the producer could sign two blocks in one place
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,

    /// File with the block signing key, hex, in place of MOCKAMOTO_PRIVATE_KEY
    #[arg(long, value_name = "FILE")]
    pub private_key_file: Option<PathBuf>,

    /// File with the VRF key seed, hex, in place of MOCKAMOTO_VRF_PRIVATE_KEY
    #[arg(long, value_name = "FILE")]
    pub vrf_private_key_file: Option<PathBuf>,

    /// Time between blocks without transactions; 0 = make none. Transactions never wait for it
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub block_interval: Duration,

    /// Longest time in which the node fills a block with transactions (10ms to 30s)
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_assembly_time)]
    pub assembly_time: Duration,

    /// Pause before the same proposal is made again when signers do not answer (100ms to 10m)
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_proposal_timeout)]
    pub proposal_timeout: Duration,
}

/// The node refuses any other time with each template; the producer refuses it at its start.
fn parse_assembly_time(text: &str) -> Result<Duration, String> {
    parse_between(text, ASSEMBLY_TIME)
}

/// Each repeated proposal writes the slot, and an event into the journal.
fn parse_proposal_timeout(text: &str) -> Result<Duration, String> {
    parse_between(text, PROPOSAL_TIMEOUT)
}

fn parse_between(text: &str, (least, most): (Duration, Duration)) -> Result<Duration, String> {
    let time = parse_duration(text).map_err(|error| error.to_string())?;
    if (least..=most).contains(&time) {
        Ok(time)
    } else {
        Err(format!("{time:?} is not between {least:?} and {most:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_has_no_flag_for_a_key() {
        Args::command().debug_assert();
        let args = Args::parse_from(["mockamoto-producer", "--data-dir", "x", "--block-interval", "250ms"]);
        assert_eq!(args.block_interval, Duration::from_millis(250));
        assert!(args.actor.durable && !Args::parse_from(["p", "--data-dir", "x", "--durable=false"]).actor.durable);
        assert!(Args::try_parse_from(["p", "--data-dir", "x", "--private-key", "11"]).is_err());
        assert!(Args::try_parse_from(["p", "--data-dir", "x", "--block-interval", "1"]).is_err());
    }

    #[test]
    fn an_assembly_time_that_the_node_refuses_is_refused_at_the_start() {
        let time = |text: &str| {
            let args = Args::try_parse_from(["p", "--data-dir", "x", "--assembly-time", text]);
            args.map(|args| args.assembly_time).map_err(|error| error.to_string())
        };
        assert_eq!((time("10ms"), time("30s")), (Ok(Duration::from_millis(10)), Ok(Duration::from_secs(30))));
        for text in ["1m", "9ms", "0"] {
            let error = time(text).unwrap_err();
            assert!(error.contains("is not between 10ms and 30s"), "{error}");
        }
        let timeout = Args::try_parse_from(["p", "--data-dir", "x", "--proposal-timeout", "0"]);
        let error = timeout.unwrap_err().to_string();
        assert!(error.contains("0ns is not between 100ms and 600s"), "{error}");
        assert!(time("5").unwrap_err().contains("--assembly-time"));
    }
}
