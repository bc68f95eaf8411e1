//! The command line of `mockamoto-signer-stub`.

use std::path::PathBuf;

use clap::Parser;
use client::ActorArgs;

/// Signs blocks as a stacker of a Mockamoto node, or as several.
///
/// It reads the proposals in the producers' StackerDB slots from the node's event stream, has the node validate each, and
/// puts its signature or its reason for refusing into its own slot. All over gRPC; it needs nothing else from the
/// node's machine.
///
/// The key comes from the environment (MOCKAMOTO_PRIVATE_KEY: 32 or 33 bytes hex) or from a file, never from the
/// command line. With several keys, separated by commas or white space, a proposal is validated once for all of them; each
/// has a --data-dir of its own, in their order.
#[derive(Debug, Parser)]
#[command(name = "mockamoto-signer-stub", version)]
pub struct Args {
    /// The flags that all actors have
    #[command(flatten)]
    pub actor: ActorArgs,

    /// Folder for the record of what was signed, one for each key. Keep it: without it the signer could sign two blocks in one
    /// place
    #[arg(long, value_name = "DIR", required = true)]
    pub data_dir: Vec<PathBuf>,

    /// Begin a new record although this key has signed on the chain before: only when the old one is lost for good
    #[arg(long)]
    pub new_record: bool,

    /// File with the signing key or keys, hex, in place of MOCKAMOTO_PRIVATE_KEY
    #[arg(long, value_name = "FILE")]
    pub private_key_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_has_no_flag_for_a_key() {
        Args::command().debug_assert();
        assert!(Args::parse_from(["s", "--data-dir", "x"]).actor.durable);
        assert!(!Args::parse_from(["s", "--data-dir", "x", "--durable=false"]).actor.durable);
        assert!(Args::try_parse_from(["s", "--data-dir", "x", "--private-key", "11"]).is_err());
    }
}
