//! Makes one HTTP POST.
//!
//! Connections are kept open between posts: a replay makes thousands of posts, and each new connection would leave a
//! port in use for a minute. But a server may close a kept connection just when the next post is on its way, so a post
//! that must not be repeated gets a new connection. Redirects are not followed.

use std::time::Duration;

use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Most bytes that are read of an answer: only its status matters. After a longer answer the connection is closed.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// Most bytes of an answer that are shown in logs and reports.
const SHOWN_BYTES: usize = 200;
/// How long an unused connection is kept. Many servers close one after 5 s, which must not happen to a post.
const IDLE: Duration = Duration::from_secs(4);

/// Why a post was not answered with 200.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PostError {
    /// There was an answer with another status.
    #[error("answered {status}: {body}")]
    Status { status: u16, body: String },
    /// There was no answer in this time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection or the request failed.
    #[error("{0}")]
    Failed(String),
}

/// Makes posts. Cheap to clone; clones share connections.
#[derive(Clone)]
pub(super) struct Poster {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Poster {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .build(connector);
        Self { client }
    }

    /// Posts a JSON body and waits at most `timeout` for the whole answer. A post to be made only `once` uses a new
    /// connection, which is closed afterwards.
    pub(super) async fn post(&self, url: &str, body: Bytes, timeout: Duration, once: bool) -> Result<(), PostError> {
        match tokio::time::timeout(timeout, self.attempt(url, body, once)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(PostError::Timeout(timeout)),
        }
    }

    async fn attempt(&self, url: &str, body: Bytes, once: bool) -> Result<(), PostError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, if once { "close" } else { "keep-alive" })
            .body(Full::new(body))
            .map_err(|error| PostError::Failed(error.to_string()))?;
        let answer = self.client.request(request).await.map_err(|error| PostError::Failed(with_causes(&error)))?;
        let status = answer.status();
        // The answer is read to its end so that the connection can be reused.
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        if status == StatusCode::OK {
            return Ok(());
        }
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        let shown = body.get(..SHOWN_BYTES).unwrap_or(&body);
        Err(PostError::Status { status: status.as_u16(), body: String::from_utf8_lossy(shown).into_owned() })
    }
}

/// The error's text with its causes: the HTTP client's own text only says what it was doing.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
