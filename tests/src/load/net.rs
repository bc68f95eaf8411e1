//! The processes under load, and a count of what they process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::subscribe_response::Body as Frame;
use tokio::sync::watch;

use super::accounts::{Account, OPENING_USTX};
use super::wire::Wire;
use crate::processes::{Cluster, Plan};

/// Number of connections that offer transactions at once.
pub(super) const CONNECTIONS: usize = 64;
/// Longest wait for anything.
const WAIT_TIMEOUT: Duration = Duration::from_secs(600);

/// Starts node, producers and signers with these accounts.
pub(super) fn start(accounts: &[Account], plan: Plan) -> Cluster {
    let balances = accounts.iter().map(|account| (account.address().to_string(), OPENING_USTX)).collect();
    Cluster::start_plan(Plan { balances, ..plan })
}

/// What was processed so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    pub(super) blocks: u64,
    pub(super) transactions: u64,
    /// When the first block with transactions (besides a coinbase) came, and how many it had.
    pub(super) first_at: Option<(Instant, u64)>,
    pub(super) last_at: Option<Instant>,
}

/// Counts the blocks and transactions of a node's stream.
pub(super) struct Counter {
    progress: watch::Receiver<Progress>,
    task: tokio::task::JoinHandle<()>,
}

impl Counter {
    /// Counts from the next event on.
    pub(super) async fn start(cluster: &Cluster) -> Self {
        let request = v1::SubscribeRequest {
            filter: Some(v1::EventFilter {
                terms: vec![v1::EventTerm { kinds: vec![v1::EventKind::BlockProcessed.into()], ..Default::default() }],
                ..Default::default()
            }),
            max_batch: 64,
            client_name: "load".to_owned(),
            ..Default::default()
        };
        let client = EventServiceClient::new(cluster.client().channel).max_decoding_message_size(64 << 20);
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(24 * 3600));
        let mut stream = client.clone().subscribe(request).await.expect("a stream").into_inner();
        let started = stream.message().await.expect("a frame").expect("a frame");
        assert!(matches!(started.body, Some(Frame::Started(_))), "{started:?}");
        let (sender, progress) = watch::channel(Progress::default());
        let task = tokio::spawn(async move {
            let mut seen = Progress::default();
            while let Ok(Some(frame)) = stream.message().await {
                let Some(Frame::Events(batch)) = frame.body else { continue };
                for event in batch.events {
                    let Some(Body::BlockProcessed(block)) = event.body else { continue };
                    let coinbase = usize::from(block.new_tenure);
                    let transactions = (block.receipts.len() - coinbase) as u64;
                    let now = Instant::now();
                    seen.blocks += 1;
                    seen.transactions += transactions;
                    if transactions > 0 {
                        seen.first_at.get_or_insert((now, transactions));
                    }
                    seen.last_at = Some(now);
                }
                if sender.send(seen).is_err() {
                    return;
                }
            }
        });
        Self { progress, task }
    }

    /// Waits until `done` returns true.
    pub(super) async fn until(&mut self, what: &str, done: impl FnMut(&Progress) -> bool) -> Progress {
        let waited = tokio::time::timeout(WAIT_TIMEOUT, self.progress.wait_for(done)).await;
        *waited.unwrap_or_else(|_| panic!("not in time: {what}")).expect("the stream goes on")
    }

    /// The counts of this moment.
    pub(super) fn now(&self) -> Progress {
        *self.progress.borrow()
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Offers all transactions over [`CONNECTIONS`] connections, in order on each. A transaction that is too far ahead of
/// the chain is offered again after more blocks. Returns when all are accepted.
pub(super) async fn offer_all(address: &str, transactions: Vec<Vec<u8>>, counter: &Counter) {
    let transactions = Arc::new(transactions);
    let mut tasks = Vec::new();
    for connection in 0..CONNECTIONS {
        let (transactions, address) = (Arc::clone(&transactions), address.to_owned());
        let mut progress = counter.progress.clone();
        tasks.push(tokio::spawn(async move {
            let mut wire = Wire::connect(&address).await;
            for transaction in transactions.iter().skip(connection).step_by(CONNECTIONS) {
                loop {
                    progress.borrow_and_update();
                    match wire.submit(transaction).await {
                        Ok(()) => break,
                        Err(refusal) if refusal.contains("TooMuchChaining") => {
                            progress.changed().await.expect("the stream goes on");
                        }
                        Err(refusal) => panic!("refused: {refusal}"),
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("all are accepted");
    }
}
