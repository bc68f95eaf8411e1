//! Bytes in flight: peers that do not read their answers, and bodies that do not end.

use super::*;
use crate::limits::{BYTES_GRACE, LARGE_BYTES_IN_FLIGHT, SMALL_BYTES_IN_FLIGHT};

const GET_BIG: &str = "GET /big HTTP/1.1\r\nhost: a\r\n\r\n";
/// Answers of `/big` for which there is room at once.
const FIT: usize = LARGE_BYTES_IN_FLIGHT / (64 << 20);

/// An answer that its peer begins to read and then ignores.
async fn unread(port: &Port) -> (String, TcpStream) {
    let mut stream = port.say(GET_BIG).await;
    let mut head = [0; 12];
    tokio::time::timeout(WAIT, stream.read_exact(&mut head)).await.expect("an answer begins").unwrap();
    (String::from_utf8_lossy(&head).into_owned(), stream)
}

/// Waits until connections have ended and returned their bytes; the task of an HTTP/2 answer ends a moment later.
async fn all_comes_back(port: &Port) {
    port.is_free().await;
    let empty = port.listening.budget.is_empty();
    tokio::time::timeout(WAIT, empty).await.expect("all of it comes back");
    assert_eq!(port.listening.budget.used(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_have_no_more_room_than_there_is_and_make_room_for_others() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    let mut held = Vec::new();
    for _ in 0..FIT {
        let (head, stream) = unread(&port).await;
        assert_eq!(head, "HTTP/1.1 200");
        held.push(stream);
    }
    assert_eq!(unread(&port).await.0, "HTTP/1.1 429", "there is no room for one more");
    assert!(port.listening.budget.used() <= LARGE_BYTES_IN_FLIGHT);
    port.serves().await;
    // A slow peer loses its connection once others have asked in vain.
    let begun = tokio::time::Instant::now();
    while unread(&port).await.0 != "HTTP/1.1 200" {
        assert!(begun.elapsed() < WAIT, "nobody is cut");
        port.listening.budget.sweep(tokio::time::Instant::now() + BYTES_GRACE);
    }
    drop(held);
    all_comes_back(&port).await;
}

/// A peer may take the connection's bytes but leave an HTTP/2 answer no window.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_window_is_counted_and_not_kept_for_ever() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let (client, connection) = builder.handshake::<_, Bytes>(port.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = axum::http::Request::builder().uri("http://a/big").body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(port.listening.budget.used(), 64 << 20);
    port.listening.budget.sweep(tokio::time::Instant::now() + LONG);
    // It may end with or without an error.
    let _ = tokio::time::timeout(WAIT, connection).await.expect("the connection is cut").unwrap();
    all_comes_back(&port).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_stop_half_way_have_no_more_room_than_there_is() {
    let port = Port::start(LONG_TIMES, NO_LIMIT, None).await;
    const HALF: usize = 8 << 20;
    let mut halves = JoinSet::new();
    for _ in 0..=LARGE_BYTES_IN_FLIGHT / HALF {
        let head = format!("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", 2 * HALF);
        let mut stream = port.say(head).await;
        // A refused peer may not take all of it.
        let _ = stream.write_all(&vec![0; HALF]).await;
        halves.spawn(rest(stream));
    }
    let refused = halves.join_next().await.unwrap().unwrap();
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(port.listening.budget.used() <= LARGE_BYTES_IN_FLIGHT + SMALL_BYTES_IN_FLIGHT);
    port.serves().await;
    halves.shutdown().await;
    all_comes_back(&port).await;
}
