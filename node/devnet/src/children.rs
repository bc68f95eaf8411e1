//! The processes of the devnet: this program again, each as one of its parts.
//!
//! # Invariants
//! - A child ends when its standard input does, and only this process holds the other end: a devnet that is killed
//!   leaves no child behind.
//! - Children are in process groups of their own: Ctrl-C reaches this process only, which then stops them in order.
//! - A private key reaches its own child only, through the environment.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Words that make this program one of its parts; the rest of the arguments is the part's own.
pub const PARTS: [&str; 3] = ["node", "producer", "signer-stub"];

/// Variables that hold keys: removed from the environment of every child that does not get its own.
pub const KEY_VARIABLES: [&str; 2] = ["MOCKAMOTO_PRIVATE_KEY", "MOCKAMOTO_VRF_PRIVATE_KEY"];

/// Variables that would change a part's settings behind the devnet's back.
const SETTING_VARIABLES: [&str; 4] = ["MOCKAMOTO_NODE", "MOCKAMOTO_AUTH_TOKEN", "MOCKAMOTO_LOG", "RUST_LOG"];

/// From the wish to stop to the end of all children.
const STOP_DEADLINE: Duration = Duration::from_millis(1900);

/// Head start of producers and signers, so that they do not see the node go.
const ACTORS_HEAD_START: Duration = Duration::from_millis(300);

/// What to run.
#[derive(Debug)]
pub struct Spec {
    /// For messages.
    pub name: String,
    /// One of [`PARTS`].
    pub part: &'static str,
    /// The part's arguments.
    pub args: Vec<String>,
    /// Its keys: variable and value.
    pub keys: Vec<(&'static str, String)>,
}

/// A child that ended.
#[derive(Debug)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub how: String,
}

/// The running children.
#[derive(Debug, Default)]
pub struct Children {
    waits: JoinSet<(String, std::io::Result<ExitStatus>)>,
    node_input: Option<ChildStdin>,
    actor_inputs: Vec<ChildStdin>,
}

impl Children {
    /// Starts the node and waits until it serves. Returns its address.
    ///
    /// # Errors
    /// When it cannot be started or ends before.
    pub async fn start_node(&mut self, spec: Spec) -> anyhow::Result<String> {
        let name = spec.name.clone();
        let mut child = spawn(spec, Stdio::piped())?;
        let output = child.stdout.take().context("no pipe from the node")?;
        self.node_input = child.stdin.take();
        self.wait_for(name, child);
        tokio::select! {
            biased;
            address = ready_address(output) => match address {
                Ok(address) => Ok(address),
                // It closed its output: it is about to end, and its end says more.
                Err(error) => match tokio::time::timeout(STOP_DEADLINE, self.next_end()).await {
                    Ok(ended) => bail!("{} ended before it served: {}", ended.name, ended.how),
                    Err(_) => Err(error),
                },
            },
            ended = self.next_end() => bail!("{} ended before it served: {}", ended.name, ended.how),
        }
    }

    /// Starts a producer or signer.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start_actor(&mut self, spec: Spec) -> anyhow::Result<()> {
        let name = spec.name.clone();
        let mut child = spawn(spec, Stdio::null())?;
        self.actor_inputs.extend(child.stdin.take());
        self.wait_for(name, child);
        Ok(())
    }

    fn wait_for(&mut self, name: String, mut child: Child) {
        self.waits.spawn(async move { (name, child.wait().await) });
    }

    /// The next child that ends. Never resolves when there is none.
    pub async fn next_end(&mut self) -> Ended {
        match self.waits.join_next().await {
            Some(Ok((name, Ok(status)))) => Ended { name, how: status.to_string() },
            Some(Ok((name, Err(error)))) => Ended { name, how: error.to_string() },
            Some(Err(error)) => Ended { name: "a child".to_owned(), how: error.to_string() },
            None => std::future::pending().await,
        }
    }

    /// Stops producers and signers, then the node; kills what does not end in time and returns how many that were.
    pub async fn stop(mut self) -> usize {
        let deadline = Instant::now() + STOP_DEADLINE;
        self.actor_inputs.clear();
        let head_start = Instant::now() + ACTORS_HEAD_START;
        while self.waits.len() > 1 {
            if tokio::time::timeout_at(head_start, self.waits.join_next()).await.is_err() {
                break;
            }
        }
        self.node_input = None;
        while !self.waits.is_empty() {
            if tokio::time::timeout_at(deadline, self.waits.join_next()).await.is_err() {
                break;
            }
        }
        let left = self.waits.len();
        // A child whose wait is dropped is killed (`kill_on_drop`).
        self.waits.shutdown().await;
        left
    }
}

fn spawn(spec: Spec, stdout: Stdio) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("this program's own file is not known")?;
    let mut command = Command::new(program);
    command.arg(spec.part).args(&spec.args).arg("--stop-on-stdin-eof");
    for variable in KEY_VARIABLES.iter().chain(&SETTING_VARIABLES) {
        command.env_remove(variable);
    }
    command.envs(spec.keys);
    command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::inherit());
    command.process_group(0).kill_on_drop(true);
    command.spawn().with_context(|| format!("{} cannot be started", spec.name))
}

/// Reads the line that the node writes when it serves: JSON with its address.
async fn ready_address(output: ChildStdout) -> anyhow::Result<String> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await.context("the node's output")?;
    address_in(&line)
}

fn address_in(line: &str) -> anyhow::Result<String> {
    let ready: serde_json::Value = serde_json::from_str(line).context("the node did not say where it serves")?;
    let address = ready.get("address").and_then(serde_json::Value::as_str);
    Ok(address.context("the node did not say where it serves")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_names_the_address() {
        assert_eq!(address_in("{\"address\":\"127.0.0.1:1\",\"pid\":2}\n").unwrap(), "127.0.0.1:1");
        for bad in ["", "{}", "{\"address\":1}", "hello"] {
            assert!(address_in(bad).is_err(), "{bad}");
        }
    }
}
