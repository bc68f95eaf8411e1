//! Composes the devnet: folder, node, producers, signers; then runs until Ctrl-C or until one of them ends.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use nakamoto_proto::client::{Node, Shutdown};

use crate::args::Args;
use crate::banner;
use crate::children::{Children, PARTS, Spec};
use crate::home::Home;
use crate::watch::Watch;

/// Runs the program with these arguments (the program's name first). As `mockamoto node ...` and so on it is one of its
/// own parts; else it is the devnet.
///
/// # Errors
/// What keeps the devnet from running, or the part's own errors.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let started = Instant::now();
    let args: Vec<OsString> = args.into_iter().collect();
    let part = args.get(1).and_then(|word| word.to_str()).filter(|word| PARTS.contains(word));
    // A part sees its own name as the program's.
    let rest = || args.iter().skip(1).cloned();
    match part {
        Some("node") => mockamoto_node::main_with_args(rest()),
        Some("producer") => mockamoto_producer::main_with_args(rest()),
        Some("signer-stub") => mockamoto_signer_stub::main_with_args(rest()),
        Some(_) | None => devnet(Args::parse_from(args), started),
    }
}

fn devnet(args: Args, started: Instant) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&args.log).context("--log")?;
    let subscriber =
        tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr);
    let _ = subscriber.with_ansi(std::io::stderr().is_terminal()).try_init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("async runtime")?;
    runtime.block_on(async {
        let mut shutdown = Shutdown::listen(false).context("signal handlers")?;
        let home = Home::open(&args)?;
        let mut children = Children::default();
        let outcome = tokio::select! {
            biased;
            cause = shutdown.requested() => {
                tracing::info!(cause, "stopping");
                Ok(())
            }
            outcome = serve(&args, &home, &mut children, started) => outcome,
        };
        let killed = children.stop().await;
        if killed > 0 {
            tracing::warn!(killed, "processes did not stop in time and were killed");
        }
        outcome
    })
}

/// Starts everything and watches it. Only returns with an error.
async fn serve(args: &Args, home: &Home, children: &mut Children, started: Instant) -> anyhow::Result<()> {
    let address = children.start_node(node_spec(args, home)?).await?;
    let url = format!("http://{address}");
    let mut watch = Watch::open(Node::new(&url, None, None)?, started).await?;
    for spec in actor_specs(args, home, &url)? {
        children.start_actor(spec)?;
    }
    show(&banner::text(home, &address));
    if let Some(path) = &args.accounts_out {
        banner::write_json(home, &address, path)?;
    }
    loop {
        tokio::select! {
            biased;
            ended = children.next_end() => {
                bail!("{} ended ({}); without it there is no devnet", ended.name, ended.how);
            }
            line = watch.next_line() => show(&line?),
        }
    }
}

/// Prints to standard output. Nobody may listen any more: then there is nobody to tell.
fn show(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn node_spec(args: &Args, home: &Home) -> anyhow::Result<Spec> {
    let mut arguments = Vec::new();
    if let Some(config) = &args.config {
        let config = config.to_str().with_context(|| format!("{} is not UTF-8", config.display()))?;
        arguments.extend(["--config".to_owned(), config.to_owned()]);
    }
    arguments.extend([
        "--data-dir".to_owned(),
        path_text(home, "node")?,
        "--genesis".to_owned(),
        path_text(home, "genesis.json")?,
        "--bind".to_owned(),
        format!("127.0.0.1:{}", args.port),
        "--burn-block-interval".to_owned(),
        duration_text(args.burn_block_interval),
        "--log".to_owned(),
        args.log.clone(),
        "--admin".to_owned(),
        "--ready-stdout".to_owned(),
    ]);
    if let Some(port) = args.api_port {
        arguments.extend(["--http-extra-bind".to_owned(), format!("127.0.0.1:{port}")]);
    }
    arguments.extend(args.event_observer.iter().flat_map(|it| ["--event-observer".to_owned(), it.clone()]));
    Ok(Spec { name: "the node".to_owned(), part: "node", args: arguments, keys: Vec::new() })
}

fn actor_specs(args: &Args, home: &Home, url: &str) -> anyhow::Result<Vec<Spec>> {
    let common = |folder: &str| -> anyhow::Result<Vec<String>> {
        Ok(["--node", url, "--data-dir", &path_text(home, folder)?, "--log", &args.log].map(str::to_owned).to_vec())
    };
    let mut specs = Vec::new();
    for (i, producer) in home.devnet.producers.iter().enumerate() {
        let mut arguments = common(&format!("producer-{i}"))?;
        arguments.extend(["--block-interval".to_owned(), duration_text(args.block_interval)]);
        specs.push(Spec {
            name: format!("producer {i}"),
            part: "producer",
            args: arguments,
            keys: vec![
                ("MOCKAMOTO_PRIVATE_KEY", producer.private_key.clone()),
                ("MOCKAMOTO_VRF_PRIVATE_KEY", producer.vrf_private_key.clone()),
            ],
        });
    }
    for (i, signer) in home.devnet.signers.iter().enumerate() {
        specs.push(Spec {
            name: format!("signer {i}"),
            part: "signer-stub",
            args: common(&format!("signer-{i}"))?,
            keys: vec![("MOCKAMOTO_PRIVATE_KEY", signer.private_key.clone())],
        });
    }
    Ok(specs)
}

fn path_text(home: &Home, name: &str) -> anyhow::Result<String> {
    let path = home.path.join(name);
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not UTF-8", path.display()))
}

fn duration_text(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use nakamoto_proto::client::parse_duration;

    use super::*;

    #[test]
    fn the_parts_understand_what_they_are_told() {
        let args = Args::parse_from([
            "mockamoto",
            "--port",
            "0",
            "--block-interval",
            "250ms",
            "--producers",
            "2",
            "--api-port",
            "3999",
            "--config",
            "c.toml",
        ]);
        let home = Home::open(&args).unwrap();
        let node = node_spec(&args, &home).unwrap();
        let flags = mockamoto_node::config::Flags::parse_from(["node".to_owned()].into_iter().chain(node.args));
        assert_eq!(flags.bind.unwrap().port(), 0);
        assert_eq!(flags.http_extra_bind, Some("127.0.0.1:3999".parse().unwrap()));
        assert_eq!(flags.burn_block_interval, Some(Duration::from_secs(30)));
        assert_eq!(flags.config.as_deref(), Some(std::path::Path::new("c.toml")));
        assert!(flags.ready_stdout && node.keys.is_empty());
        let actors = actor_specs(&args, &home, "http://127.0.0.1:1").unwrap();
        assert_eq!(actors.len(), 5);
        for spec in actors {
            let arguments = [spec.part.to_owned()].into_iter().chain(spec.args);
            if spec.part == "producer" {
                let parsed = mockamoto_producer::args::Args::parse_from(arguments);
                assert_eq!(
                    (parsed.block_interval, parsed.node.as_str()),
                    (Duration::from_millis(250), "http://127.0.0.1:1")
                );
                assert_eq!(spec.keys.len(), 2);
            } else {
                let parsed = mockamoto_signer_stub::args::Args::parse_from(arguments);
                assert!(parsed.data_dir.starts_with(&home.path));
                assert_eq!(spec.keys.len(), 1);
            }
        }
    }

    #[test]
    fn observers_reach_the_node_with_their_keys() {
        let observers = ["--event-observer", "localhost:3700", "--event-observer", "127.0.0.1:9,*,stackerdb"];
        let args = ["mockamoto", "--port", "0"].into_iter().chain(observers);
        let args = Args::parse_from(args);
        let home = Home::open(&args).unwrap();
        let arguments = ["node".to_owned()].into_iter().chain(node_spec(&args, &home).unwrap().args);
        let flags = mockamoto_node::config::Flags::parse_from(arguments);
        let settings = mockamoto_node::config::Settings::load(&flags).unwrap();
        let endpoints: Vec<_> = settings.observers.iter().map(|observer| observer.endpoint.as_str()).collect();
        assert_eq!(endpoints, ["localhost:3700", "127.0.0.1:9"]);
        assert_eq!(settings.observers.iter().map(|observer| observer.events_keys.len()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn durations_are_handed_on_exactly() {
        for millis in [0, 1, 250, 30_000] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse_duration(&duration_text(duration)), Ok(duration));
        }
    }
}
