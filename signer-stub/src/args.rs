//! The command line of `mockamoto-signer-stub`.

use std::path::PathBuf;

use clap::{ArgAction, Parser};
use client::LogFormat;

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
    /// Where the node listens
    #[arg(long, value_name = "URL", env = "MOCKAMOTO_NODE", default_value = "http://127.0.0.1:20443")]
    pub node: String,

    /// Certificates (PEM) that an https:// node is trusted by: its own, or the one that signed it
    #[arg(long, value_name = "FILE", env = "MOCKAMOTO_TLS_CA")]
    pub tls_ca: Option<PathBuf>,

    /// Folder for the record of what was signed, one for each key. Keep it: without it the signer could sign two blocks in one
    /// place
    #[arg(long, value_name = "DIR", required = true)]
    pub data_dir: Vec<PathBuf>,

    /// Write each signature's record to the disk before the signature is sent. If false, a power cut may lose the record, while
    /// a killed process loses nothing. Use false only for a folder that is never used again
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        default_value_t = true, action = ArgAction::Set)]
    pub durable: bool,

    /// Begin a new record although this key has signed on the chain before: only when the old one is lost for good
    #[arg(long)]
    pub new_record: bool,

    /// File with the signing key or keys, hex, in place of MOCKAMOTO_PRIVATE_KEY
    #[arg(long, value_name = "FILE")]
    pub private_key_file: Option<PathBuf>,

    /// Token that the node asks for
    #[arg(long, value_name = "TOKEN", env = "MOCKAMOTO_AUTH_TOKEN", hide_env_values = true)]
    pub auth_token: Option<String>,

    /// What to log: error, warn, info, debug, trace, or a filter as in RUST_LOG
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info")]
    pub log: String,

    /// How a line of the log looks: text, json
    #[arg(long, value_name = "FORMAT", default_value_t)]
    pub log_format: LogFormat,

    /// Stop when standard input ends: for a parent process that holds the other end
    #[arg(long, hide = true)]
    pub stop_on_stdin_eof: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_has_no_flag_for_a_key() {
        Args::command().debug_assert();
        assert!(Args::parse_from(["s", "--data-dir", "x"]).durable);
        assert!(!Args::parse_from(["s", "--data-dir", "x", "--durable=false"]).durable);
        assert!(Args::try_parse_from(["s", "--data-dir", "x", "--private-key", "11"]).is_err());
    }
}
