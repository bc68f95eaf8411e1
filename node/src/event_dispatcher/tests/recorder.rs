//! An observer for tests: records its posts, and fails as its script says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Longest wait of a test for something that must happen.
pub(in super::super) const WAIT: Duration = Duration::from_secs(60);

/// How the observer answers a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Status 200.
    Take,
    /// This other status.
    Status(u16),
    /// Status 302, to a path that answers 200.
    Redirect,
    /// No answer at all.
    Hang,
    /// The post is taken as with 200, but the answer is lost.
    TakeAndHang,
}

/// Posts that arrived, whether taken or not.
#[derive(Default)]
struct Seen {
    script: Mutex<VecDeque<Reaction>>,
    /// How it answers after the end of the script.
    then: Mutex<Option<Reaction>>,
    taken: Mutex<Vec<String>>,
    posts: watch::Sender<usize>,
    takes: watch::Sender<usize>,
}

/// A server on a port of its own, until this is dropped.
pub(super) struct Recorder {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

impl Recorder {
    pub(super) async fn start(script: impl IntoIterator<Item = Reaction>) -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub(super) async fn start_on(address: SocketAddr, script: impl IntoIterator<Item = Reaction>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen { script: Mutex::new(script.into_iter().collect()), ..Seen::default() });
        let router = Router::new().fallback(react).with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, task }
    }

    pub(super) fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// Sets how the next posts are answered.
    pub(super) fn script(&self, script: impl IntoIterator<Item = Reaction>) {
        self.seen.script.lock().unwrap().extend(script);
    }

    /// Sets how posts are answered after the script; by default they are taken.
    pub(super) fn then(&self, reaction: Reaction) {
        *self.seen.then.lock().unwrap() = Some(reaction);
    }

    /// Posts that were taken, in order.
    pub(super) fn taken(&self) -> Vec<String> {
        self.seen.taken.lock().unwrap().clone()
    }

    /// Waits until this many posts were taken.
    pub(super) async fn until_taken(&self, count: usize) {
        wait(&self.seen.takes, count, || format!("{count} posts taken: {:?}", self.taken())).await;
    }

    /// Waits until this many posts have arrived, taken or not.
    pub(super) async fn until_posts(&self, count: usize) {
        wait(&self.seen.posts, count, || format!("{count} posts; taken: {:?}", self.taken())).await;
    }
}

/// The posts as if each had one transaction.
pub(super) fn apart(posts: &[String]) -> Vec<String> {
    let split = |post: &String| match post.strip_prefix("tx ") {
        Some(transactions) => transactions.split('+').map(|one| format!("tx {one}")).collect(),
        None => vec![post.clone()],
    };
    posts.iter().flat_map(split).collect()
}

async fn wait(counter: &watch::Sender<usize>, count: usize, what: impl Fn() -> String) {
    let mut counter = counter.subscribe();
    let enough = tokio::time::timeout(WAIT, counter.wait_for(|seen| *seen >= count)).await;
    assert!(enough.is_ok(), "not in time: {}", what());
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn react(State(seen): State<Arc<Seen>>, uri: Uri, body: Bytes) -> Response {
    let reaction = seen.script.lock().unwrap().pop_front();
    let reaction = reaction.or(*seen.then.lock().unwrap()).unwrap_or(Reaction::Take);
    seen.posts.send_modify(|posts| *posts += 1);
    match reaction {
        Reaction::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reaction::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Reaction::Hang => std::future::pending().await,
        Reaction::Take | Reaction::TakeAndHang => {
            seen.taken.lock().unwrap().push(name(uri.path(), &body));
            seen.takes.send_modify(|takes| *takes += 1);
            if reaction == Reaction::TakeAndHang {
                std::future::pending::<()>().await;
            }
            StatusCode::OK.into_response()
        }
    }
}

/// A short text for a post; a + separates transactions of one post.
fn name(path: &str, body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap();
    match path {
        "/new_block" => format!("block {}", json["block_height"]),
        "/new_burn_block" => format!("burn {}", json["burn_block_height"]),
        "/new_mempool_tx" => {
            let transactions = json.as_array().unwrap().iter();
            let hex: Vec<_> = transactions.map(|one| one.as_str().unwrap().trim_start_matches("0x")).collect();
            format!("tx {}", hex.join("+"))
        }
        other => other.to_owned(),
    }
}
