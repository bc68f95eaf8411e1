//! Attacks by peers that try to hold up a chain, and their effect: the same number of blocks is timed with and without
//! them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::net::Counter;
use crate::figures::resident_bytes;
use crate::processes::Cluster;
use crate::processes::unread::{get, send_and_leave};

/// Path of an account proof that is asked for.
const ACCOUNT: &str = "/v2/accounts/ST000000000000000000002AMW42H?proof=1";

/// Number of peers of each kind.
#[derive(Debug, Clone, Copy)]
pub struct Attackers {
    /// Streams that begin at the earliest event and are not read.
    pub subscribers: usize,
    /// Connections that request the metrics and do not read the answer.
    pub scrapers: usize,
    /// Connections that request account proofs, one after another.
    pub askers: usize,
    /// Connections that request templates, one after another, each a different one.
    pub template_askers: usize,
}

/// A kind of attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Event streams that nobody reads.
    Subscribers,
    /// Answers that nobody reads.
    Scrapers,
    /// Requests for account proofs without end.
    Askers,
    /// Requests for templates that nobody uses.
    TemplateAskers,
}

/// All kinds of attack.
pub const ATTACKS: [Attack; 4] = [Attack::Subscribers, Attack::Scrapers, Attack::Askers, Attack::TemplateAskers];

/// A chain whose undisturbed rate is measured before each attack.
pub struct Undisturbed<'c> {
    cluster: &'c Cluster,
    counter: Counter,
    blocks: u64,
}

/// The effect of an attack.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Time of the blocks without the attack.
    pub before: Duration,
    /// Time of the same number of blocks under the attack.
    pub under: Duration,
    /// Longest wait for one of these blocks.
    pub longest_gap: Duration,
    /// Largest resident memory of the node, in bytes.
    pub most_bytes: u64,
}

impl Attack {
    /// Name of the attack in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subscribers => "streams replay and are not read",
            Self::Scrapers => "metrics are asked for and not read",
            Self::Askers => "account proofs are asked for",
            Self::TemplateAskers => "templates are asked for",
        }
    }
}

impl Found {
    /// Rate under attack in percent of the undisturbed one.
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * self.before.as_secs_f64() / self.under.as_secs_f64()
    }

    /// As [`Self::longest_gap`], in milliseconds.
    #[must_use]
    pub fn longest_gap_ms(&self) -> u64 {
        u64::try_from(self.longest_gap.as_millis()).unwrap_or(u64::MAX)
    }
}

impl<'c> Undisturbed<'c> {
    /// Waits for the chain's first blocks. Each later measurement takes `blocks` blocks.
    ///
    /// # Panics
    /// When no blocks come.
    pub async fn start(cluster: &'c Cluster, blocks: u64) -> Self {
        let mut counter = Counter::start(cluster).await;
        counter.until("the first blocks", |progress| progress.blocks >= 3).await;
        Self { cluster, counter, blocks }
    }

    /// Measures undisturbed, and then under an attack, which has ended when this returns.
    ///
    /// # Panics
    /// When no blocks come.
    pub async fn under(&mut self, attack: Attack, attackers: &Attackers) -> Found {
        let (before, ..) = self.measure().await;
        let address: SocketAddr = self.cluster.address().parse().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let (mut unread, mut asking) = (Vec::new(), JoinSet::new());
        match attack {
            Attack::Subscribers => {
                unread = send_and_leave(address, &get("/v3/events?start=earliest"), attackers.subscribers).await;
            }
            Attack::Scrapers => unread = send_and_leave(address, &get("/metrics"), attackers.scrapers).await,
            Attack::Askers => {
                for _ in 0..attackers.askers {
                    asking.spawn(ask(address, Arc::clone(&stop), |_| get(ACCOUNT)));
                }
            }
            Attack::TemplateAskers => {
                for asker in 0..attackers.template_askers {
                    asking.spawn(ask(address, Arc::clone(&stop), move |number| template(asker, number)));
                }
            }
        }
        let (under, longest_gap, most_bytes) = self.measure().await;
        stop.store(true, Ordering::Relaxed);
        asking.shutdown().await;
        drop(unread);
        Found { before, under, longest_gap, most_bytes }
    }

    /// Measures the time of the blocks, the longest wait for one of them, and the node's largest memory.
    async fn measure(&mut self) -> (Duration, Duration, u64) {
        let begun = Instant::now();
        let (mut last, mut longest, mut most_bytes) = (begun, Duration::ZERO, 0);
        let first = self.counter.now().blocks;
        for block in 1..=self.blocks {
            self.counter.until("blocks under attack", |progress| progress.blocks >= first + block).await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
            most_bytes = most_bytes.max(resident_bytes(self.cluster.node.id()).unwrap_or(0));
        }
        (begun.elapsed(), longest, most_bytes)
    }
}

/// A template request that joins no other for a long time.
fn template(asker: usize, number: usize) -> Vec<u8> {
    let body = format!("{{\"allow_empty\":true,\"max_transactions\":{}}}", 1 + (asker * 100 + number) % 11_000);
    let head = "POST /v3/block_template HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Sends requests on one connection and reads the answers, until `stop`. `request` makes each request from its number.
async fn ask(address: SocketAddr, stop: Arc<AtomicBool>, request: impl Fn(usize) -> Vec<u8>) {
    let mut number = 0;
    let mut answer = vec![0; 64 << 10];
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address).await else { return };
        while !stop.load(Ordering::Relaxed) && stream.write_all(&request(number)).await.is_ok() {
            number += 1;
            match stream.read(&mut answer).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    }
}
