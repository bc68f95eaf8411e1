//! Peers that send a request and do not read the answer. The requests are raw bytes, as a client library would read the
//! answer.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Receive buffer of such a peer: small, so that unread bytes do not collect in the system's buffers.
const BUFFER_BYTES: u32 = 4 << 10;

/// Sends a request on `connections` connections, which stay open until they are dropped. Opens fewer if the system
/// allows no more.
///
/// # Panics
/// When the system cannot make sockets.
pub async fn send_and_leave(address: SocketAddr, request: &[u8], connections: usize) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for _ in 0..connections {
        let Ok(socket) = tokio::net::TcpSocket::new_v4() else { break };
        socket.set_recv_buffer_size(BUFFER_BYTES).expect("a socket option");
        let Ok(mut stream) = socket.connect(address).await else { break };
        // A server that refuses a connection may not read all of it.
        let _ = stream.write_all(request).await;
        open.push(stream);
    }
    open
}

/// A GET request by HTTP/1.
#[must_use]
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// A request of [`LIST_EVENTS`] in its gRPC frame: a filter for all events, a thousand per page.
pub const PAGE_OF_EVENTS: [u8; 12] = [0, 0, 0, 0, 7, 0x0a, 2, 0x10, 1, 0x20, 0xe8, 0x07];
/// Path of the gRPC method `ListEvents`.
pub const LIST_EVENTS: &str = "/nakamoto.v1.EventService/ListEvents";

/// `calls` gRPC calls on one HTTP/2 connection (RFC 9113), with windows large enough for all answers.
#[must_use]
pub fn grpc_calls(path: &str, message: &[u8], calls: u32) -> Vec<u8> {
    const MAX_WINDOW: u32 = (1 << 31) - 1;
    let settings = [&[0, 4][..], &MAX_WINDOW.to_be_bytes()].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &settings));
    bytes.extend(frame(8, 0, 0, &(MAX_WINDOW - 65_535).to_be_bytes()));
    let headers: Vec<u8> = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .iter()
    .flat_map(|(name, value)| [&[0][..], &text(name), &text(value)].concat())
    .collect();
    for call in 0..calls {
        let stream = 2 * call + 1;
        bytes.extend(frame(1, 4, stream, &headers));
        bytes.extend(frame(0, 1, stream, message));
    }
    bytes
}

/// A string in HPACK (RFC 7541), shorter than 127 bytes.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("a short text");
    [&[length], text.as_bytes()].concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
