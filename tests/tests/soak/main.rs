//! The soak test: a chain at full speed, while processes are killed at random, the mocked bitcoin reorganizes at
//! random, peers send requests and do not read, and deep contracts are offered.
//!
//! At the end it checks: the event stream had no gap and no duplicate over all reconnects and was consistent (each tip
//! change fits the reported blocks); every accepted transaction is in a canonical block, once; a second chain that gets
//! only the burn blocks and the canonical blocks has the same state roots; no process logged an error. It prints memory
//! and rates.
//!
//! By default it runs for some seconds. `SOAK_SECONDS=1800 cargo test --release -p tests --test soak -- --nocapture` is
//! the long run; it also asserts that the node's memory is flat. `SOAK_SEED` repeats the choices (not the timing) of a
//! run.

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod deep;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod follower;
#[cfg(test)]
mod offers;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod replay;

#[cfg(test)]
mod soak {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use tests::processes::{Cluster, Plan, run, stacksjs};

    use super::chaos::Chaos;
    use super::figures::Memory;
    use super::follower::{Follower, Reported};
    use super::offers::{Offers, offer};
    use super::replay;

    /// Length of the default run: enough for some kills of each kind.
    const SHORT: Duration = Duration::from_secs(25);
    /// Shortest run that says something about memory.
    const LONG: Duration = Duration::from_secs(600);
    /// Number of accounts that send.
    const SENDERS: usize = 8;

    fn number(variable: &str) -> Option<u64> {
        std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
    }

    fn length() -> Duration {
        number("SOAK_SECONDS").map_or(SHORT, Duration::from_secs)
    }

    #[test]
    fn the_chain_survives_kills_and_reorganizations() {
        run(async {
            let (length, seed) = (length(), number("SOAK_SEED").unwrap_or_else(|| u64::from(std::process::id())));
            println!("soak: {length:?}, SOAK_SEED={seed}");
            let plan = Plan {
                producers: 2,
                weights: vec![1; 4],
                running_signers: 4,
                block_interval: "5ms",
                ..Plan::default()
            };
            let cluster = Cluster::start_plan(plan);
            let follower = Follower::start(cluster.client());
            let (stop, offers) = (Arc::new(AtomicBool::new(false)), Arc::new(Offers::default()));
            let senders: Vec<_> = sender_keys()
                .into_iter()
                .map(|key| tokio::spawn(offer(cluster.client(), key, Arc::clone(&stop), Arc::clone(&offers))))
                .collect();

            let begun = Instant::now();
            let mut chaos = Chaos::new(cluster, seed);
            let mut memory = Memory::default();
            follower.until("the chain starts", |reported| reported.tip_length() >= 3).await;
            while begun.elapsed() < length {
                let what = chaos.act().await;
                memory.note(begun.elapsed(), chaos.node_pid());
                let goal = follower.look(Reported::tip_changes) + 3;
                follower.until(&what, |reported| reported.tip_changes() >= goal).await;
                memory.note(begun.elapsed(), chaos.node_pid());
            }
            stop.store(true, Ordering::Relaxed);
            for sender in senders {
                sender.await.expect("no panic");
            }
            let accepted = offers.accepted();
            follower.until("every accepted transaction is mined", |reported| reported.misses_none_of(&accepted)).await;

            let (cluster, deep) = chaos.end();
            let reported = follower.stop().await;
            reported.check_dropped(&deep);
            replay::check(&cluster, &reported).await;
            cluster.check_logs(chaos_errors);
            println!("soak: {}", reported.summary(begun.elapsed(), accepted.len()));
            memory.report(length >= LONG);
        });
    }

    /// Errors that a kill explains: none so far, as consequences of a kill are logged as warnings.
    fn chaos_errors(_line: &str) -> bool {
        false
    }

    fn sender_keys() -> Vec<stacks_types::keys::PrivateKey> {
        let vectors = stacksjs();
        let accounts = vectors["accounts"].as_object().expect("accounts").values().take(SENDERS);
        let key = |account: &serde_json::Value| {
            stacks_types::keys::PrivateKey::from_hex(account["private_key"].as_str().expect("a key"))
        };
        accounts.map(|account| key(account).expect("a key")).collect()
    }
}
