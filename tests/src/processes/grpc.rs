//! A gRPC client that sends any bytes as message or frame, right or wrong.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tonic::{Code, Status};

use super::WAIT;
use super::http::connector;

/// Client of one address, over HTTP/2.
pub struct RawGrpc {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl RawGrpc {
    /// A client for `host:port`.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build(connector());
        Self { base: format!("http://{address}"), client }
    }

    /// Sends one message in a correct frame. Returns the first message of the answer, if there is one.
    ///
    /// # Errors
    /// Status of the call, when it is not OK.
    ///
    /// # Panics
    /// When there is no answer within [`WAIT`], or it breaks the protocol.
    pub async fn call(&self, path: &str, message: &[u8]) -> Result<Option<Vec<u8>>, Status> {
        let length = u32::try_from(message.len()).expect("a length").to_be_bytes();
        self.send(path, "application/grpc", [&[0], &length[..], message].concat()).await
    }

    /// Sends bytes as the body of a call.
    ///
    /// # Errors
    /// As [`Self::call`].
    ///
    /// # Panics
    /// As [`Self::call`].
    pub async fn send(&self, path: &str, kind: &str, body: Vec<u8>) -> Result<Option<Vec<u8>>, Status> {
        let what = format!("{path} with {} bytes", body.len());
        let answer = tokio::time::timeout(WAIT, self.answer(path, kind, body)).await;
        answer.unwrap_or_else(|_| panic!("{what}: no answer within {WAIT:?}"))
    }

    async fn answer(&self, path: &str, kind: &str, body: Vec<u8>) -> Result<Option<Vec<u8>>, Status> {
        let start = hex::encode(&body[..body.len().min(64)]);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base))
            .header("content-type", kind)
            .header("te", "trailers")
            .body(Full::new(body.into()))
            .expect("a request");
        let mut answer = self.client.request(request).await.unwrap_or_else(|error| panic!("{path} {start}: {error:?}"));
        if let Some(status) = Status::from_header_map(answer.headers()) {
            return if status.code() == Code::Ok { Ok(None) } else { Err(status) };
        }
        let mut data = Vec::new();
        while let Some(frame) = answer.frame().await {
            let frame = frame.unwrap_or_else(|error| panic!("{path}: {error:?}"));
            match frame.into_data() {
                Ok(bytes) => data.extend(bytes),
                Err(frame) => {
                    let trailers = frame.into_trailers().expect("data or trailers");
                    let status = Status::from_header_map(&trailers).expect("a status in the trailers");
                    if status.code() != Code::Ok {
                        return Err(status);
                    }
                }
            }
            // A stream would never end: its first message is enough.
            if let Some((head, rest)) = data.split_first_chunk::<5>() {
                let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
                if let Some(message) = rest.get(..usize::try_from(length).expect("a length")) {
                    return Ok(Some(message.to_vec()));
                }
            }
        }
        assert!(data.is_empty(), "{path}: half a message");
        Ok(None)
    }
}
