//! What producers and signers have in common as programs: flags, start, and end.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ArgAction;
use nakamoto_proto::v1::GetServiceInfoResponse;
use stacks_types::keys::PrivateKey;
use tokio::runtime;

use super::log::{LogFormat, start_log};
use super::node::Node;
use super::shutdown::Shutdown;

/// Flags of every actor.
#[derive(Debug, clap::Args)]
pub struct ActorArgs {
    /// Where the node listens
    #[arg(long, value_name = "URL", env = "MOCKAMOTO_NODE", default_value = "http://127.0.0.1:20443")]
    pub node: String,

    /// Certificates (PEM) that an https:// node is trusted by: its own, or the one that signed it
    #[arg(long, value_name = "FILE", env = "MOCKAMOTO_TLS_CA")]
    pub tls_ca: Option<PathBuf>,

    /// Token that the node asks for
    #[arg(long, value_name = "TOKEN", env = "MOCKAMOTO_AUTH_TOKEN", hide_env_values = true)]
    pub auth_token: Option<String>,

    /// Write each signature's record to the disk before the signature is sent. If false, a power cut may lose the record, while
    /// a killed process loses nothing. Use false only for a folder that is never used again
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        default_value_t = true, action = ArgAction::Set)]
    pub durable: bool,

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

impl ActorArgs {
    /// Connects to the node as the owner of `key`'s slot, and waits until the node says what it is.
    ///
    /// # Errors
    /// The URL or a certificate is not one, or the node refuses the caller.
    pub async fn connect(&self, key: &PrivateKey) -> anyhow::Result<(Node, GetServiceInfoResponse)> {
        let node = Node::new(&self.node, self.auth_token.as_deref(), self.tls_ca.as_deref())?.as_owner_of_slot(key);
        let info = node.service_info_when_up().await.context("the node does not say what it is")?;
        Ok((node, info))
    }
}

/// Starts the log and runs an actor's work, until it ends or a signal stops it. `name` is for the log.
///
/// # Errors
/// Those of the work; and the log's filter, the runtime or the handlers of signals cannot be made.
pub fn run_actor(
    name: &'static str,
    args: &ActorArgs,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    start_log(&args.log, args.log_format).context("--log")?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context("async runtime")?;
    let outcome = runtime.block_on(async {
        let mut shutdown = Shutdown::listen(args.stop_on_stdin_eof).context("signal handlers")?;
        tokio::select! {
            biased;
            cause = shutdown.requested() => {
                tracing::info!(cause, "{name} stops");
                Ok(())
            }
            outcome = work => outcome,
        }
    });
    runtime.shutdown_background();
    outcome
}
