//! Puts the devnet together: folder, node, producers, signers; then runs until Ctrl-C.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use client::{Node, Shutdown, start_log};
use mockamoto_node::limits::LEAST_CONNECTIONS;
use mockamoto_node::runtime::file_limit::raise_file_limit;

use crate::args::Args;
use crate::data_dir::{DataDir, Opening};
use crate::plan::{Access, Plan, access, duration_text, flag, text_of};
use crate::processes::{ChildProcesses, PARTS, ProcessSpec};
use crate::progress::ProgressFeed;
use crate::startup_message::{self, Address};
use crate::terminal::Terminal;

/// After this long the devnet says that it is still trying boot contracts, so that it does not seem to hang.
const NOTICE_AFTER: Duration = Duration::from_secs(1);

/// Runs the program with these arguments (the program's name first): one of its parts when the first argument is that part's name,
/// as in `mockamoto node ...`, else the devnet.
///
/// # Errors
/// Errors that keep the devnet from running, or the part's own errors.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let started = Instant::now();
    let args: Vec<OsString> = args.into_iter().collect();
    let part = args.get(1).and_then(|word| word.to_str()).filter(|word| PARTS.contains(word));
    // What a part calls itself in its help.
    let named = |part: &str| std::iter::once(format!("mockamoto {part}").into()).chain(args.iter().skip(2).cloned());
    match part {
        Some(part @ "node") => mockamoto_node::main_with_args(named(part)),
        Some(part @ "producer") => mockamoto_producer::main_with_args(named(part)),
        Some(part @ "signer-stub") => mockamoto_signer_stub::main_with_args(named(part)),
        Some(_) | None => devnet(Args::parse_from(args), started),
    }
}

fn devnet(args: Args, started: Instant) -> anyhow::Result<()> {
    let plan = Plan::new(&args)?;
    start_log(&plan.log, plan.log_format).context("--log")?;
    // The node raises the limit again, for all of its connections; by then there is a folder.
    raise_file_limit(LEAST_CONNECTIONS)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("async runtime")?;
    let terminal = Terminal::open().context("a thread for the terminal")?;
    let outcome = runtime.block_on(run(&args, &plan, &terminal, started));
    // Does not wait for a thread that still tries boot contracts.
    runtime.shutdown_background();
    outcome
}

/// Runs the devnet until something asks it to stop.
async fn run(args: &Args, plan: &Plan, terminal: &Terminal, started: Instant) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen(false).context("signal handlers")?;
    let mut children = ChildProcesses::new()?;
    let data_dir = tokio::select! {
        biased;
        cause = shutdown.requested() => {
            tracing::info!(cause, "stopping");
            return Ok(());
        }
        data_dir = open(args, plan, terminal) => data_dir?,
    };
    let outcome = tokio::select! {
        biased;
        cause = shutdown.requested() => {
            tracing::info!(cause, "stopping");
            Ok(())
        }
        outcome = serve((args, plan), &data_dir, &mut children, terminal, started) => outcome,
    };
    let killed = children.stop().await;
    if killed > 0 {
        tracing::warn!(killed, "processes did not stop in time and were killed");
    }
    outcome
}

/// Opens the devnet's folder, and prints a line when that takes long.
async fn open(args: &Args, plan: &Plan, terminal: &Terminal) -> anyhow::Result<DataDir> {
    let mut opened = std::pin::pin!(Opening::begin(args, plan.data_dir.as_deref())?.finish());
    match tokio::time::timeout(NOTICE_AFTER, &mut opened).await {
        Ok(opened) => opened,
        Err(_) => {
            terminal.show("trying the boot contracts, which takes a while (Ctrl-C stops)".to_owned());
            opened.await
        }
    }
}

/// Starts everything and watches it. Returns only with an error.
async fn serve(
    (args, plan): (&Args, &Plan),
    data_dir: &DataDir,
    children: &mut ChildProcesses,
    terminal: &Terminal,
    started: Instant,
) -> anyhow::Result<()> {
    let node_args = plan.node_args(args, data_dir)?;
    let access = access(&node_args, data_dir)?;
    let ready = children.start_node(node_spec(node_args, &access)).await?;
    let url = access.url(ready.address);
    let node = Node::new(&url, access.token.as_deref(), access.certificate.as_deref())?;
    let mut watch = {
        let mut opening = std::pin::pin!(ProgressFeed::open(node, started));
        loop {
            tokio::select! {
                biased;
                // A node that ends now is started again, and the stream opens then.
                line = children.next_change() => terminal.show(line?),
                watch = &mut opening => break watch?,
            }
        }
    };
    for spec in actor_specs(args, plan, data_dir, &access, &url)? {
        children.start_actor(spec)?;
    }
    let taken = ready.extra.is_none().then(|| plan.default_extra_port(args)).flatten();
    let address = Address { url, extra: ready.extra, taken, certificate: access.certificate };
    // Before the message: whoever has read that may read the file.
    if let Some(path) = &args.accounts_out {
        startup_message::write_json(data_dir, &address, path)?;
    }
    terminal.show(startup_message::text(data_dir, &address));
    loop {
        tokio::select! {
            biased;
            line = children.next_change() => terminal.show(line?),
            line = watch.next_line() => terminal.show(line?),
        }
    }
}

fn node_spec(args: Vec<String>, access: &Access) -> ProcessSpec {
    ProcessSpec { name: "the node".to_owned(), part: "node", args, secrets: token_of(access).collect() }
}

/// The token, as the environment variable that all parts read.
fn token_of(access: &Access) -> impl Iterator<Item = (&'static str, String)> {
    access.token.iter().map(|token| ("MOCKAMOTO_AUTH_TOKEN", token.clone()))
}

/// One process for each producer, and one for all signers: a proposal is validated once for them, and they follow one stream.
fn actor_specs(
    args: &Args,
    plan: &Plan,
    data_dir: &DataDir,
    access: &Access,
    url: &str,
) -> anyhow::Result<Vec<ProcessSpec>> {
    let format = plan.log_format.to_string();
    let mut common = vec![flag("--node", url), flag("--log", &plan.log), flag("--log-format", &format)];
    common.push(plan.durable_arg());
    if let Some(certificate) = &access.certificate {
        common.push(flag("--tls-ca", &text_of(certificate)?));
    }
    let in_folder =
        |name: String| -> anyhow::Result<String> { Ok(flag("--data-dir", &text_of(&data_dir.path.join(name))?)) };
    let secrets = |keys: Vec<(&'static str, String)>| keys.into_iter().chain(token_of(access)).collect();
    let mut specs = Vec::new();
    for (i, producer) in data_dir.devnet.producers.iter().enumerate() {
        let mut arguments = common.clone();
        arguments.push(in_folder(format!("producer-{i}"))?);
        arguments.push(flag("--block-interval", &duration_text(args.block_interval)));
        specs.push(ProcessSpec {
            name: format!("producer {i}"),
            part: "producer",
            args: arguments,
            secrets: secrets(vec![
                ("MOCKAMOTO_PRIVATE_KEY", producer.private_key.clone()),
                ("MOCKAMOTO_VRF_PRIVATE_KEY", producer.vrf_private_key.clone()),
            ]),
        });
    }
    let mut arguments = common;
    for i in 0..data_dir.devnet.signers.len() {
        arguments.push(in_folder(format!("signer-{i}"))?);
    }
    let keys: Vec<_> = data_dir.devnet.signers.iter().map(|signer| signer.private_key.as_str()).collect();
    specs.push(ProcessSpec {
        name: "the signers' process".to_owned(),
        part: "signer-stub",
        args: arguments,
        secrets: secrets(vec![("MOCKAMOTO_PRIVATE_KEY", keys.join(","))]),
    });
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use client::{LogFormat, parse_duration};

    use super::*;

    #[test]
    fn the_actors_understand_what_they_are_given() {
        let args =
            ["mockamoto", "--port", "0", "--block-interval", "250ms", "--producers", "2", "--log-format", "json"];
        let args = Args::parse_from(args);
        let (plan, data_dir) = (Plan::new(&args).unwrap(), DataDir::open(&args, None).unwrap());
        let access = Access { token: Some("a-token-of-the-node".to_owned()), certificate: Some("c.pem".into()) };
        let actors = actor_specs(&args, &plan, &data_dir, &access, "https://127.0.0.1:1").unwrap();
        assert_eq!(actors.len(), 3, "two producers and the signers");
        for spec in actors {
            let shown = format!("{spec:?}");
            assert!(spec.secrets.iter().all(|(_, secret)| !shown.contains(secret)), "{shown}");
            assert!(spec.secrets.contains(&("MOCKAMOTO_AUTH_TOKEN", "a-token-of-the-node".to_owned())));
            let arguments = [spec.part.to_owned()].into_iter().chain(spec.args);
            let (node, ca, format, folders) = if spec.part == "producer" {
                let parsed = mockamoto_producer::args::Args::parse_from(arguments);
                assert_eq!((parsed.block_interval, spec.secrets.len()), (Duration::from_millis(250), 3));
                (parsed.actor.node, parsed.actor.tls_ca, parsed.actor.log_format, vec![parsed.data_dir])
            } else {
                let parsed = mockamoto_signer_stub::args::Args::parse_from(arguments);
                assert_eq!((parsed.data_dir.len(), spec.secrets.len()), (4, 2));
                (parsed.actor.node, parsed.actor.tls_ca, parsed.actor.log_format, parsed.data_dir)
            };
            assert_eq!((node.as_str(), ca, format), ("https://127.0.0.1:1", Some("c.pem".into()), LogFormat::Json));
            assert!(folders.iter().all(|folder| folder.starts_with(&data_dir.path)));
        }
    }

    #[test]
    fn the_actors_are_as_durable_as_the_folder() {
        for (flags, expected) in [(&["mockamoto", "--port", "0"][..], false), (&["mockamoto", "--durable"], true)] {
            let args = Args::parse_from(flags);
            let (plan, data_dir) = (Plan::new(&args).unwrap(), DataDir::open(&args, None).unwrap());
            let access = Access { token: None, certificate: None };
            for spec in actor_specs(&args, &plan, &data_dir, &access, "http://127.0.0.1:1").unwrap() {
                let arguments = [spec.part.to_owned()].into_iter().chain(spec.args);
                let found = if spec.part == "producer" {
                    mockamoto_producer::args::Args::parse_from(arguments).actor.durable
                } else {
                    mockamoto_signer_stub::args::Args::parse_from(arguments).actor.durable
                };
                assert_eq!(found, expected, "{flags:?}, {}", spec.name);
            }
        }
    }

    #[test]
    fn observers_reach_the_node_with_their_keys() {
        let observers = ["--event-observer", "localhost:3700", "--event-observer", "127.0.0.1:9,*,stackerdb"];
        let args = ["mockamoto", "--port", "0"].into_iter().chain(observers);
        let args = Args::parse_from(args);
        let data_dir = DataDir::open(&args, None).unwrap();
        let node_args = Plan::new(&args).unwrap().node_args(&args, &data_dir).unwrap();
        let arguments = ["node".to_owned()].into_iter().chain(node_args);
        let flags = mockamoto_node::config::Flags::parse_from(arguments);
        let settings = mockamoto_node::config::Settings::load(&flags).unwrap();
        let endpoints: Vec<_> = settings.observers.iter().map(|observer| observer.endpoint.as_str()).collect();
        assert_eq!(endpoints, ["localhost:3700", "127.0.0.1:9"]);
        assert_eq!(settings.observers.iter().map(|observer| observer.events_keys.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn durations_are_handed_on_exactly() {
        let year = "31536000s";
        for text in ["0", "0.000001ms", "0.4ms", "1ms", "1.9ms", "250ms", "0.1s", "1.1s", "100s", "364.999999m", year] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration_text(duration)), Ok(duration), "{text}");
        }
        for (text, said) in [("0", "0s"), ("0.4ms", "0.0004s"), ("250ms", "0.25s"), ("100s", "100s")] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), said);
        }
    }

    #[test]
    fn a_value_that_looks_like_a_flag_is_none() {
        let args = Args::parse_from(["mockamoto", "--port", "0", "--log=-x", "--event-observer=-x:1"]);
        let (plan, mut data_dir) = (Plan::new(&args).unwrap(), DataDir::open(&args, None).unwrap());
        let node_args = plan.node_args(&args, &data_dir).unwrap();
        // Only the folder's own name, without its parents.
        data_dir.path = "-x".into();
        let access = Access { token: None, certificate: Some("-c.pem".into()) };
        for spec in actor_specs(&args, &plan, &data_dir, &access, "https://127.0.0.1:1").unwrap() {
            let arguments = [spec.part.to_owned()].into_iter().chain(spec.args);
            let (folder, ca, log) = if spec.part == "producer" {
                let parsed = mockamoto_producer::args::Args::try_parse_from(arguments).unwrap();
                (parsed.data_dir, parsed.actor.tls_ca, parsed.actor.log)
            } else {
                let parsed = mockamoto_signer_stub::args::Args::try_parse_from(arguments).unwrap();
                (parsed.data_dir[0].clone(), parsed.actor.tls_ca, parsed.actor.log)
            };
            assert_eq!((ca, log.as_str()), (Some("-c.pem".into()), "-x"));
            assert!(folder.starts_with("-x"), "{}", folder.display());
        }
        let parse = |args: Vec<String>| {
            mockamoto_node::config::Flags::try_parse_from(["node".to_owned()].into_iter().chain(args)).unwrap()
        };
        assert_eq!(parse(node_args).event_observer, ["-x:1"]);
        assert_eq!(parse(plan.node_args(&args, &data_dir).unwrap()).data_dir, Some("-x/node".into()));
    }
}
