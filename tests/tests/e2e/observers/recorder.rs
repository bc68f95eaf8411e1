//! An observer that takes all posts and keeps them.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tests::processes::WAIT;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) path: String,
    pub(super) body: Value,
}

impl Post {
    /// A name that is unique to this post.
    pub(super) fn name(&self) -> String {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self.path.as_str() {
            "/new_block" => format!("block {}", text(&self.body["index_block_hash"])),
            "/new_burn_block" => format!("burn {}", text(&self.body["burn_block_hash"])),
            "/new_mempool_tx" => format!("tx {}", text(&self.body)),
            path => format!("{path} {}", self.body),
        }
    }
}

/// A running observer.
pub(super) struct Recorder {
    pub(super) endpoint: String,
    posts: watch::Sender<Vec<Post>>,
}

impl Recorder {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = listener.local_addr().expect("an address").to_string();
        let posts = watch::Sender::default();
        let noted: watch::Sender<Vec<Post>> = posts.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let noted = noted.clone();
                let service = service_fn(move |request| note(noted.clone(), request));
                // The connection may end in any way, as when the node is killed.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { endpoint, posts }
    }

    /// A config that registers the observer with every key.
    pub(super) fn config(&self) -> String {
        let keys = r#"["*", "stackerdb", "block_proposal"]"#;
        format!("[[events_observer]]\nendpoint = \"{}\"\nevents_keys = {keys}\n", self.endpoint)
    }

    /// All posts so far.
    pub(super) fn posts(&self) -> Vec<Post> {
        self.posts.borrow().clone()
    }

    /// Waits until the posts meet a condition.
    pub(super) async fn until(&self, what: &str, holds: impl FnMut(&Vec<Post>) -> bool) {
        let mut posts = self.posts.subscribe();
        let came = tokio::time::timeout(WAIT, posts.wait_for(holds)).await.is_ok();
        assert!(came, "no post says: {what}; {:#?}", self.posts().iter().map(Post::name).collect::<Vec<_>>());
    }
}

async fn note(
    noted: watch::Sender<Vec<Post>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    assert_eq!((&head.method, head.headers["content-type"].as_bytes()), (&Method::POST, &b"application/json"[..]));
    // If the node was killed while it sent a post, there is no body.
    if let Ok(body) = body.collect().await {
        let body = serde_json::from_slice(&body.to_bytes()).expect("JSON");
        noted.send_modify(|posts| posts.push(Post { path: head.uri.path().to_owned(), body }));
    }
    Ok(Response::new(Full::new(Bytes::from_static(b"{\"result\":\"ok\"}"))))
}
