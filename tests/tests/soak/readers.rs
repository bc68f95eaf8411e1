//! Peers that ask and do not read, and bodies that stop half way: as many as one likes, for as long as the node lets them.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Makes the bytes of a request.
type Request = fn() -> Vec<u8>;
/// What they ask, by name.
const KINDS: [(&str, Request); 4] = [
    ("streams from the earliest event on", || get("/v3/events?start=earliest")),
    ("metrics", || get("/metrics")),
    ("pages of events", pages),
    ("halves of chunks", halves),
];
/// Bytes of half a chunk.
const HALF: usize = 8 << 20;

/// Opens so many of one kind; they are there until they are dropped.
pub(crate) async fn open(address: SocketAddr, kind: usize, count: usize) -> (String, Vec<TcpStream>) {
    let (name, request) = KINDS[kind % KINDS.len()];
    let (request, mut open) = (request(), Vec::new());
    for _ in 0..count {
        let Ok(mut stream) = TcpStream::connect(address).await else { break };
        // One that is refused may not take all of it.
        let _ = stream.write_all(&request).await;
        open.push(stream);
    }
    (format!("{count} peers left {name} unread"), open)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// `ListEvents` by gRPC-Web: a filter that takes all, a thousand a page.
fn pages() -> Vec<u8> {
    let head = "POST /nakamoto.v1.EventService/ListEvents HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/grpc-web+proto\r\ncontent-length: 12\r\n\r\n";
    [head.as_bytes(), &[0, 0, 0, 0, 7, 0x0a, 2, 0x10, 1, 0x20, 0xe8, 0x07]].concat()
}

fn halves() -> Vec<u8> {
    let head = format!(
        "POST /v2/stackerdb/ST000000000000000000002AMW42H/signers/chunks HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        2 * HALF
    );
    [head.into_bytes(), vec![b'x'; HALF]].concat()
}
