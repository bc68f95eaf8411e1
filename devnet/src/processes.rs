//! The processes of the devnet: the same program, started again as each of its parts.
//!
//! # Invariants
//! - A child ends when its standard input does, and only this process holds the other end: a devnet that is killed
//!   leaves no child behind.
//! - Children are in process groups of their own: Ctrl-C reaches this process only, which then stops them in order.
//! - A private key reaches its own child only, through the environment.
//! - A child that ends is started again after a pause, with the same arguments, and so is one whose start failed; see
//!   `restarts`.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::program::Program;
use crate::restarts::{NODE_TRIES, Restarts};

/// First arguments that make this program one of its parts; the other arguments are the part's own.
pub const PARTS: [&str; 3] = ["node", "producer", "signer-stub"];

/// Variables that hold keys: removed from the environment of every child that does not get its own.
pub const KEY_VARIABLES: [&str; 2] = ["MOCKAMOTO_PRIVATE_KEY", "MOCKAMOTO_VRF_PRIVATE_KEY"];

/// Variables that would change a part's settings unseen: removed from every child's environment.
const SETTING_VARIABLES: [&str; 5] =
    ["MOCKAMOTO_NODE", "MOCKAMOTO_AUTH_TOKEN", "MOCKAMOTO_TLS_CA", "MOCKAMOTO_LOG", "RUST_LOG"];

/// Time for all children to end; then they are killed.
const STOP_DEADLINE: Duration = Duration::from_millis(1900);

/// Head start of producers and signers, so that they end before the node does.
const ACTORS_HEAD_START: Duration = Duration::from_millis(300);

/// How to start one process.
pub struct ProcessSpec {
    /// Name in messages, as in "producer 0".
    pub name: String,
    /// One of [`PARTS`].
    pub part: &'static str,
    /// Arguments after the part's name.
    pub args: Vec<String>,
    /// Environment variables with the process's keys and token: name and value.
    pub secrets: Vec<(&'static str, String)>,
}

impl std::fmt::Debug for ProcessSpec {
    /// Leaves out the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProcessSpec({}: {:?})", self.name, self.args)
    }
}

/// A child process that ended.
#[derive(Debug)]
struct Ended {
    /// Index in [`ChildProcesses::parts`].
    place: usize,
    name: String,
    /// Exit status as text, or the error of waiting for it.
    how: String,
    /// Whether it exited by itself, after printing the reason to standard error; false after a signal.
    has_said_why: bool,
}

/// The node did not start, and has already printed the reason to standard error.
#[derive(Debug, thiserror::Error)]
#[error("the node did not start")]
pub struct AlreadyReported;

/// A process and the state of its restarts.
#[derive(Debug)]
struct ChildProcess {
    spec: ProcessSpec,
    input: Option<ChildStdin>,
    started: Instant,
    restarts: Restarts,
    /// When it is to be started again; `None` while it runs.
    due: Option<Instant>,
}

/// The running processes. The first is the node.
#[derive(Debug)]
pub struct ChildProcesses {
    program: Program,
    waits: JoinSet<(usize, std::io::Result<ExitStatus>)>,
    parts: Vec<ChildProcess>,
}

impl ChildProcesses {
    /// No processes yet. All of them are started from the program that runs now.
    ///
    /// # Errors
    /// When the system does not tell the program's path.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self::of(Program::current()?))
    }

    fn of(program: Program) -> Self {
        Self { program, waits: JoinSet::new(), parts: Vec::new() }
    }

    /// Starts the node, waits until it serves, and returns its addresses.
    ///
    /// # Errors
    /// When it cannot be started or ends before it serves; [`AlreadyReported`] when it has printed the reason.
    pub async fn start_node(&mut self, spec: ProcessSpec) -> anyhow::Result<Ready> {
        let mut child = self.start(spec, Stdio::piped())?;
        let output = child.stdout.take().context("no pipe from the node")?;
        self.wait_for(0, child);
        let ready = tokio::select! {
            biased;
            ready = ready_line(output) => match ready {
                Ok(ready) => ready,
                // The node closed its output, so it is about to end, and its exit status says more than this error.
                Err(error) => match tokio::time::timeout(STOP_DEADLINE, self.next_end()).await {
                    Ok(ended) => return Err(ended.before_serving()),
                    Err(_) => return Err(error),
                },
            },
            ended = self.next_end() => return Err(ended.before_serving()),
        };
        // After a restart it must serve where the others expect it, even if the system chose the port.
        if let Some(node) = self.parts.first_mut() {
            node.spec.serve_at(&ready);
        }
        Ok(ready)
    }

    /// Starts a producer or signer.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start_actor(&mut self, spec: ProcessSpec) -> anyhow::Result<()> {
        let place = self.parts.len();
        let child = self.start(spec, Stdio::null())?;
        self.wait_for(place, child);
        Ok(())
    }

    fn start(&mut self, spec: ProcessSpec, stdout: Stdio) -> anyhow::Result<Child> {
        let mut child = spawn(&self.program, &spec, stdout)?;
        let input = child.stdin.take();
        self.parts.push(ChildProcess {
            spec,
            input,
            started: Instant::now(),
            restarts: Restarts::default(),
            due: None,
        });
        Ok(child)
    }

    fn wait_for(&mut self, place: usize, mut child: Child) {
        self.waits.spawn(async move { (place, child.wait().await) });
    }

    /// Waits for the next child to end. Never resolves when there is none.
    async fn next_end(&mut self) -> Ended {
        let Some(Ok((place, outcome))) = self.waits.join_next().await else { return std::future::pending().await };
        let has_said_why = outcome.as_ref().is_ok_and(|status| status.code().is_some());
        let how = outcome.map_or_else(|error| error.to_string(), |status| status.to_string());
        let name = self.parts.get(place).map_or_else(String::new, |part| part.spec.name.clone());
        Ended { place, name, how, has_said_why }
    }

    /// Waits until a child ends, or is started again, and returns a line for the terminal. Cancel safe.
    ///
    /// # Errors
    /// When the node ended, or could not be started again, too often: the devnet cannot work without it.
    pub async fn next_change(&mut self) -> anyhow::Result<String> {
        let waiting = self.parts.iter().enumerate().filter_map(|(place, part)| Some((part.due?, place)));
        let next = waiting.min();
        let pause = async {
            match next {
                Some((due, place)) => {
                    tokio::time::sleep_until(due).await;
                    place
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            ended = self.next_end() => self.start_after(&ended),
            place = pause => self.start_again(place),
        }
    }

    fn start_after(&mut self, ended: &Ended) -> anyhow::Result<String> {
        let part = self.parts.get_mut(ended.place).context("a child that nobody started")?;
        part.input = None;
        let ran = part.started.elapsed();
        self.start_later(ended.place, ran, &format!("{} ended ({})", ended.name, ended.how))
    }

    /// Schedules the next start after a run of `ran`, and returns a line for the terminal.
    fn start_later(&mut self, place: usize, ran: Duration, what: &str) -> anyhow::Result<String> {
        let part = self.parts.get_mut(place).context("a child that nobody started")?;
        let (times, pause) = part.restarts.ended(ran);
        if place == 0 && times >= NODE_TRIES {
            bail!("{what}, the last of {times} tries; without it there is no devnet");
        }
        part.due = Some(Instant::now() + pause);
        Ok(format!("{what}; it is started again in {pause:?}"))
    }

    fn start_again(&mut self, place: usize) -> anyhow::Result<String> {
        let part = self.parts.get_mut(place).context("a child that nobody started")?;
        part.due = None;
        // The node's first line is not needed again: it serves at the same addresses.
        let mut child = match spawn(&self.program, &part.spec, Stdio::null()) {
            Ok(child) => child,
            // Keep the devnet running: this start may succeed later, when there is room for a process again.
            Err(error) => return self.start_later(place, Duration::ZERO, &format!("{error:#}")),
        };
        part.input = child.stdin.take();
        part.started = Instant::now();
        let line = format!("{} is started again", part.spec.name);
        self.wait_for(place, child);
        Ok(line)
    }

    /// Stops producers and signers, then the node; kills those that do not end in time and returns their number.
    pub async fn stop(mut self) -> usize {
        let deadline = Instant::now() + STOP_DEADLINE;
        self.parts.iter_mut().skip(1).for_each(|actor| actor.input = None);
        let head_start = Instant::now() + ACTORS_HEAD_START;
        while self.waits.len() > 1 {
            if tokio::time::timeout_at(head_start, self.waits.join_next()).await.is_err() {
                break;
            }
        }
        self.parts.clear();
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

impl Ended {
    fn before_serving(&self) -> anyhow::Error {
        if self.has_said_why {
            return AlreadyReported.into();
        }
        anyhow!("{} ended before it served: {}", self.name, self.how)
    }
}

impl ProcessSpec {
    /// Fixes the addresses of a node that serves.
    fn serve_at(&mut self, ready: &Ready) {
        self.set("--bind", &ready.address.to_string());
        if let Some((_, address)) = ready.extra.as_deref().and_then(|url| url.split_once("://")) {
            self.set("--http-extra-bind", address);
        }
    }

    /// Sets a flag to this value, whether it had one or not.
    fn set(&mut self, flag: &str, value: &str) {
        self.args.retain(|arg| arg.split_once('=').is_none_or(|(name, _)| name != flag));
        self.args.push(crate::plan::flag(flag, value));
    }
}

fn spawn(program: &Program, spec: &ProcessSpec, stdout: Stdio) -> anyhow::Result<Child> {
    let mut command = program.command();
    command.arg(spec.part).args(&spec.args).arg("--stop-on-stdin-eof");
    for variable in KEY_VARIABLES.iter().chain(&SETTING_VARIABLES) {
        command.env_remove(variable);
    }
    command.envs(spec.secrets.iter().map(|(variable, value)| (*variable, value)));
    command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::inherit());
    command.process_group(0).kill_on_drop(true);
    command.spawn().with_context(|| format!("{} cannot be started", spec.name))
}

/// The node's addresses, from the line that it prints when it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Address of gRPC and HTTP.
    pub address: SocketAddr,
    /// URL of a second address for HTTP, if there is one.
    pub extra: Option<String>,
}

/// Reads the line that the node prints when it serves: JSON with its addresses.
async fn ready_line(output: ChildStdout) -> anyhow::Result<Ready> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await.context("the node's output")?;
    ready_in(&line)
}

fn ready_in(line: &str) -> anyhow::Result<Ready> {
    let ready: serde_json::Value = serde_json::from_str(line).context("the node did not say where it serves")?;
    let address = ready.get("address").and_then(serde_json::Value::as_str);
    let address = address.and_then(|text| text.parse().ok()).context("the node did not say where it serves")?;
    let extra = ready.get("http_extra").and_then(serde_json::Value::as_str).map(str::to_owned);
    Ok(Ready { address, extra })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_names_the_addresses() {
        let ready = ready_in("{\"address\":\"127.0.0.1:1\",\"pid\":2}\n").unwrap();
        assert_eq!(ready, Ready { address: "127.0.0.1:1".parse().unwrap(), extra: None });
        let ready = ready_in("{\"address\":\"[::1]:1\",\"http_extra\":\"http://127.0.0.1:2\"}").unwrap();
        assert_eq!(ready.extra.as_deref(), Some("http://127.0.0.1:2"));
        for bad in ["", "{}", "{\"address\":1}", "{\"address\":\"x\"}", "hello"] {
            assert!(ready_in(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_node_that_comes_back_has_the_address_that_it_had() {
        let spec = |args: &[&str]| ProcessSpec {
            name: "the node".to_owned(),
            part: "node",
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            secrets: Vec::new(),
        };
        let ready =
            |extra: Option<&str>| Ready { address: "127.0.0.1:9".parse().unwrap(), extra: extra.map(str::to_owned) };
        let mut free = spec(&["--admin", "--bind=127.0.0.1:0", "--log=--bind=x"]);
        free.serve_at(&ready(None));
        assert_eq!(free.args, ["--admin", "--log=--bind=x", "--bind=127.0.0.1:9"]);
        let mut none = spec(&["--admin"]);
        none.serve_at(&ready(None));
        assert_eq!(none.args, ["--admin", "--bind=127.0.0.1:9"]);
        for url in ["http://127.0.0.1:8", "https://127.0.0.1:8"] {
            let mut two = spec(&["--bind=127.0.0.1:0", "--http-extra-bind=127.0.0.1:0"]);
            two.serve_at(&ready(Some(url)));
            assert_eq!(two.args, ["--bind=127.0.0.1:9", "--http-extra-bind=127.0.0.1:8"]);
        }
    }

    #[tokio::test]
    async fn a_start_that_fails_is_tried_again_and_counts_as_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::os::unix::fs::symlink("/bin/true", &program).unwrap();
        let mut children = ChildProcesses::of(Program::at(&program));
        for (name, part) in [("the node", "node"), ("producer 0", "producer")] {
            let spec = ProcessSpec { name: name.to_owned(), part, args: Vec::new(), secrets: Vec::new() };
            children.start_actor(spec).unwrap();
        }
        for _ in 0..2 {
            let line = children.next_change().await.unwrap();
            assert!(line.contains(" ended (") && line.ends_with("it is started again in 250ms"), "{line}");
        }
        std::fs::remove_file(&program).unwrap();
        for pause in ["500ms", "1s", "2s"] {
            for (place, name) in [(0, "the node"), (1, "producer 0")] {
                let line = children.start_again(place).unwrap();
                assert!(line.starts_with(&format!("{name} cannot be started: No such file")), "{line}");
                assert!(line.ends_with(&format!("it is started again in {pause}")), "{line}");
                assert!(children.parts[place].due.is_some());
            }
        }
        let last = children.start_again(0).unwrap_err().to_string();
        assert!(last.contains("the node cannot be started") && last.contains("5 tries"), "{last}");
        // An actor is tried for ever.
        assert!(children.start_again(1).unwrap().ends_with("4s"));
        std::os::unix::fs::symlink("/bin/true", &program).unwrap();
        assert_eq!(children.start_again(1).unwrap(), "producer 0 is started again");
    }
}
