//! Server-sent events: which come, in which form, and how a client resumes.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::bench::Bench;
use chainstate::test_support::transfer;

/// One message: id, event, data.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    id: String,
    event: String,
    data: Value,
}

/// Reads messages until `enough` returns true.
fn follow(bench: &Bench, query: &str, last_id: Option<&str>, enough: impl Fn(&[Message]) -> bool) -> Vec<Message> {
    let mut request = Request::builder().uri(format!("/v3/events{query}"));
    if let Some(id) = last_id {
        request = request.header("last-event-id", id);
    }
    let request = request.body(Body::empty()).unwrap();
    let reading = async {
        let response = bench.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (mut body, mut text, mut messages) = (response.into_body(), String::new(), Vec::new());
        while !enough(&messages) {
            let frame = body.frame().await.expect("the stream goes on").unwrap();
            text += std::str::from_utf8(frame.data_ref().unwrap()).unwrap();
            while let Some((message, rest)) = text.split_once("\n\n") {
                messages.push(parse(message));
                text = rest.to_owned();
            }
        }
        messages
    };
    let read = bench.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), reading).await });
    read.expect("the events come in time")
}

fn parse(text: &str) -> Message {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).trim_start().to_owned()
    };
    Message { id: field("id:"), event: field("event:"), data: serde_json::from_str(&field("data:")).unwrap() }
}

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.event.as_str()).filter(|kind| *kind != "caught_up").collect()
}

#[test]
fn events_come_as_messages_and_resume_after_their_ids() {
    let bench = Bench::started();
    let processed = "?kinds=block_processed&start=earliest";
    let first = follow(&bench, processed, None, |messages| kinds(messages).len() == 3);
    // Those of the boot block and of the first block.
    assert_eq!(kinds(&first), ["started", "block_processed", "block_processed"]);
    let tip = bench.read("/v3/tenures/info")["tip_block_id"].as_str().unwrap().to_owned();
    let last = first.last().unwrap();
    assert_eq!(last.data["block_processed"]["block"]["block_id"], format!("0x{tip}"));
    assert_eq!(last.data["kind"], "EVENT_KIND_BLOCK_PROCESSED");
    assert!(last.data["sequence"].is_u64() && last.data["observe_time"].is_string(), "{}", last.data);
    assert_eq!(last.id.len(), 66, "a cursor in hex");

    let next = bench.grow().to_hex();
    // A browser sends its original URL, and the id.
    let resumed = follow(&bench, processed, Some(&last.id), |messages| kinds(messages).len() == 2);
    assert_eq!(kinds(&resumed), ["started", "block_processed"]);
    assert_eq!(resumed.last().unwrap().data["block_processed"]["block"]["block_id"], format!("0x{next}"));
    let by_query = format!("?kinds=block_processed&cursor={}", last.id);
    let by_query = follow(&bench, &by_query, None, |messages| kinds(messages).len() == 2);
    assert_eq!(by_query.last(), resumed.last());
}

#[test]
fn the_query_filters() {
    let bench = Bench::started();
    let transaction = transfer(1, 0, 9, 5);
    bench.send(&[transfer(0, 0, 9, 5), transaction.clone()]);
    let accepted =
        follow(&bench, "?kinds=mempool_accepted&start=earliest", None, |messages| kinds(messages).len() == 3);
    assert_eq!(kinds(&accepted), ["started", "mempool_accepted", "mempool_accepted"]);
    let last = &accepted.last().unwrap().data["mempool_accepted"];
    assert_eq!(last["transaction"], format!("0x{}", hex::encode(transaction.encode())));
    let bare = "?kinds=mempool_accepted&start=earliest&payload=header";
    let bare = follow(&bench, bare, None, |messages| kinds(messages).len() == 3);
    assert_eq!(bare.last().unwrap().data["mempool_accepted"]["transaction"], "0x");
}

#[test]
fn the_query_narrows_to_a_producer() {
    let bench = Bench::started();
    bench.grow();
    let blocks = "?kinds=block_processed&start=earliest";
    let blocks = follow(&bench, blocks, None, |messages| kinds(messages).len() == 4);
    let elected = |message: &Message| {
        let burn_block = match message.event.as_str() {
            "burn_block" => &message.data["burn_block"]["burn_block"],
            "block_processed" => &message.data["block_processed"]["burn_view"],
            other => panic!("{other} is of no producer"),
        };
        burn_block["elected_producer"].as_str().expect("an address").to_owned()
    };
    let producer = elected(blocks.last().unwrap());
    let query = format!("?producer={producer}&start=earliest");
    let found = follow(&bench, &query, None, |messages| kinds(messages).len() == 6);
    // The boot block's burn block, the tenure's, and two blocks of the tenure; not the events of storing them or of
    // tips.
    let of_producer = ["burn_block", "block_processed", "burn_block", "block_processed", "block_processed"];
    assert_eq!(kinds(&found)[1..], of_producer);
    let mut events = found.iter().filter(|message| of_producer.contains(&message.event.as_str()));
    assert!(events.all(|message| elected(message) == producer), "{found:?}");
}

#[test]
fn a_stream_waits_for_what_comes() {
    let bench = Bench::started();
    let mine = || {
        bench.grow();
    };
    let live = std::thread::scope(|scope| {
        let reader = scope.spawn(|| follow(&bench, "?kinds=tip_changed", None, |messages| kinds(messages).len() == 2));
        // Blocks are made until the reader has one, whenever it began.
        while !reader.is_finished() {
            mine();
        }
        reader.join().unwrap()
    });
    assert_eq!(kinds(&live), ["started", "tip_changed"]);
}

#[test]
fn bad_questions_are_answered_at_once() {
    let bench = Bench::new(None);
    for (query, status) in [
        ("?kinds=nothing", StatusCode::BAD_REQUEST),
        ("?kinds=unspecified", StatusCode::BAD_REQUEST),
        ("?start=never", StatusCode::BAD_REQUEST),
        ("?start=earliest&cursor=00", StatusCode::BAD_REQUEST),
        ("?start=0", StatusCode::BAD_REQUEST),
        ("?start=99999", StatusCode::BAD_REQUEST),
        ("?cursor=zz", StatusCode::BAD_REQUEST),
        ("?cursor=00", StatusCode::BAD_REQUEST),
        ("?payload=half", StatusCode::BAD_REQUEST),
        ("?kinds=", StatusCode::BAD_REQUEST),
        ("?start=1&start=2", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(bench.get(&format!("/v3/events{query}")).status, status, "{query}");
    }
    let text = bench.get("/v3/events?kinds=nothing").body;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains(": burn_block, block_stored, ") && text.contains(", mining"), "{text}");
    // A condition that no event can meet is refused under the query's name for it.
    for (key, value) in [
        ("contract", "foo"),
        ("asset", "D.pc.ft"),
        ("address", "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AH"),
        ("producer", "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.contract"),
        ("stackerdb", "signers"),
    ] {
        let reply = bench.get(&format!("/v3/events?{key}={value}"));
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{key}: {text}");
        assert!(text.starts_with(&format!("{key}: \"{value}\" is not ")), "{key}: {text}");
    }
}
