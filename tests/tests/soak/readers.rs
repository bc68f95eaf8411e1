//! Peers that send requests and do not read, and bodies that stop half way: as many, and for as long, as the node lets
//! them.

use std::net::SocketAddr;

use tests::processes::unread::{LIST_EVENTS, PAGE_OF_EVENTS, get, grpc_calls, send_and_leave};
use tokio::net::TcpStream;

/// Makes the bytes of a request.
type Request = fn() -> Vec<u8>;
/// The requests, by name.
pub(crate) const KINDS: [(&str, Request); 5] = [
    ("streams from the earliest event on", || get("/v3/events?start=earliest")),
    ("metrics", || get("/metrics")),
    ("pages of events", pages),
    ("halves of chunks", halves),
    ("two hundred pages of events each", many_pages),
];
/// Bytes of half a chunk.
const HALF: usize = 8 << 20;

/// Opens `count` connections of one kind, which stay open until they are dropped.
pub(crate) async fn open(address: SocketAddr, kind: usize, count: usize) -> (String, Vec<TcpStream>) {
    let (name, request) = KINDS[kind % KINDS.len()];
    let open = send_and_leave(address, &request(), count).await;
    (format!("{count} peers left {name} unread"), open)
}

/// `ListEvents` over gRPC-Web: a filter for all events, a thousand per page.
fn pages() -> Vec<u8> {
    let head = format!(
        "POST {LIST_EVENTS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/grpc-web+proto\r\n\
         content-length: {}\r\n\r\n",
        PAGE_OF_EVENTS.len()
    );
    [head.as_bytes(), &PAGE_OF_EVENTS].concat()
}

fn many_pages() -> Vec<u8> {
    grpc_calls(LIST_EVENTS, &PAGE_OF_EVENTS, 200)
}

fn halves() -> Vec<u8> {
    let head = format!(
        "POST /v2/stackerdb/ST000000000000000000002AMW42H/signers/chunks HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        2 * HALF
    );
    [head.into_bytes(), vec![b'x'; HALF]].concat()
}
