//! A small HTTP client: one request, one answer, with a deadline.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::WAIT;

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body parsed as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connector that sends at once: otherwise each small request would wait 40 ms for the other side's acknowledgement.
pub(super) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector
}

/// Client of one address.
pub struct Http {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Http {
    /// A client for `host:port`.
    #[must_use]
    pub fn new(address: &str) -> Self {
        // Each request has its own connection: a server may close one after an early refusal, and a reused connection
        // could fail then.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector());
        Self { base: format!("http://{address}"), client }
    }

    /// Sends a GET request.
    ///
    /// # Panics
    /// When there is no answer in time.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    /// Sends a POST request.
    ///
    /// # Panics
    /// When there is no answer in time.
    pub async fn post(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        self.send(Method::POST, path, Some(content_type), body).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When there is no answer in time.
    pub async fn send(&self, method: Method, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let what = format!("{} {path}", request.method());
        let answer = tokio::time::timeout(WAIT, self.client.request(request)).await;
        let answer = answer.expect("an answer in time").unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let status = answer.status().as_u16();
        if answer.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            // Server-sent events never end; tests of their content read them in another way.
            return Answer { status, body: Vec::new() };
        }
        let body = tokio::time::timeout(WAIT, answer.into_body().collect()).await.expect("a whole body in time");
        let body = body.expect("a body").to_bytes().to_vec();
        Answer { status, body }
    }
}
