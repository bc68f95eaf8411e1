//! HTTP/1.1 with as little work as possible: the client shares the cores with the node that it measures.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of the largest answer that a row reads.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// One connection that is kept open.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(super) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the node listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    /// Sends a GET; returns status and body.
    pub(super) async fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.exchange(request.as_bytes()).await
    }

    /// Offers a transaction's bytes. The error is the node's text when it refuses them.
    pub(super) async fn submit(&mut self, transaction: &[u8]) -> Result<(), String> {
        let head = format!(
            "POST /v2/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n\
             Content-Length: {}\r\n\r\n",
            transaction.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(transaction);
        match self.exchange(&request).await {
            (200, _) => Ok(()),
            (status, body) => Err(format!("{status} {}", String::from_utf8_lossy(&body))),
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.expect("the node reads");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("the node answers");
            assert!(read > 0, "the node closed the connection");
            assert!(self.buffer.len() <= ANSWER_BYTES_MAX, "a large answer");
            if let Some((status, body)) = answer(&self.buffer) {
                return (status, body.to_vec());
            }
        }
    }
}

/// Status and body, once the whole answer has arrived.
fn answer(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).expect("an ASCII head");
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a length"))
    });
    let body = &bytes[head + 4..];
    let length = length.expect("an answer of known length");
    (body.len() >= length).then(|| (status, &body[..length]))
}
