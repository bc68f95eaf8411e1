//! The feed against a scripted server: what it requests and returns for every way in which a stream can end.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic::{Request, Response};
use tonic_types::{ErrorDetails, StatusExt};

use super::*;
use nakamoto_proto::v1::event_service_server::{EventService, EventServiceServer};
use nakamoto_proto::v1::{EventBatch, Heartbeat, ListEventsRequest, ListEventsResponse, SnapshotComplete};

/// Answer to one call of Subscribe: a refusal, or frames and then a status; without a status, silence.
type Answer = Result<(Vec<SubscribeResponse>, Option<Status>), Status>;

#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<SubscribeRequest>>>,
}

#[tonic::async_trait]
impl EventService for Script {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

    async fn subscribe(&self, request: Request<SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        self.requests.lock().unwrap().push(request.into_inner());
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok((Vec::new(), None)));
        let (frames, end) = answer?;
        let frames = iter(frames.into_iter().map(Ok));
        Ok(Response::new(match end {
            Some(status) => Box::pin(frames.chain(iter([Err(status)]))),
            None => Box::pin(frames.chain(pending())),
        }))
    }

    async fn list_events(&self, _: Request<ListEventsRequest>) -> Result<Response<ListEventsResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }
}

async fn feed(
    answers: Vec<Answer>,
    include_snapshot: bool,
    resume: bool,
    cursor: Option<&'static [u8]>,
) -> (Feed, Script) {
    let script = Script::default();
    *script.answers.lock().unwrap() = answers.into();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder().add_service(EventServiceServer::new(script.clone()));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let request = FeedRequest {
        filter: EventFilter { all: true, ..EventFilter::default() },
        payload_mode: PayloadMode::Full,
        include_snapshot,
        resume,
        cursor: cursor.map(Bytes::from_static),
        client_name: "test".to_owned(),
    };
    (Feed::new(Node::new(&url, None, None).unwrap(), request), script)
}

fn frame(number: u64, cursor: &'static str, body: Body) -> SubscribeResponse {
    SubscribeResponse { frame: number, cursor: Bytes::from_static(cursor.as_bytes()), body: Some(body) }
}

fn started(number: u64, start_sequence: u64, newest_sequence: u64) -> SubscribeResponse {
    frame(number, "s", Body::Started(Started { start_sequence, newest_sequence, ..Started::default() }))
}

fn events(number: u64, cursor: &'static str, sequences: &[u64]) -> SubscribeResponse {
    let events = sequences.iter().map(|sequence| Event { sequence: *sequence, ..Event::default() }).collect();
    frame(number, cursor, Body::Events(EventBatch { events, labels: Vec::new() }))
}

fn heartbeat(number: u64) -> SubscribeResponse {
    frame(number, "h", Body::Heartbeat(Heartbeat::default()))
}

fn refusal(code: Code, reason: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, "nakamoto.v1", HashMap::new());
    Status::with_error_details(code, "no", details)
}

/// The next `count` items as short texts.
async fn items(feed: &mut Feed, count: usize) -> Vec<String> {
    let mut out = Vec::new();
    while out.len() < count {
        let item = tokio::time::timeout(Duration::from_secs(20), feed.next()).await.expect("an item in time").unwrap();
        out.push(match item {
            FeedItem::Opened { resumed, .. } => format!("opened {resumed}"),
            FeedItem::Snapshot(chunks) => format!("snapshot {}", chunks.contract_id),
            FeedItem::SnapshotComplete { sequence } => format!("complete {sequence}"),
            FeedItem::Event { event, cursor } => {
                let cursor = cursor.map(|c| String::from_utf8(c.to_vec()).unwrap()).unwrap_or_default();
                format!("event {} {cursor}", event.sequence)
            }
            FeedItem::Live => "live".to_owned(),
            FeedItem::Lost { .. } => "lost".to_owned(),
        });
    }
    out
}

fn positions(script: &Script) -> Vec<String> {
    let requests = script.requests.lock().unwrap();
    let text = |request: &SubscribeRequest| match request.start.as_ref().and_then(|start| start.position.as_ref()) {
        Some(Position::AfterCursor(cursor)) => {
            format!("after {} {}", String::from_utf8(cursor.to_vec()).unwrap(), request.include_snapshot)
        }
        Some(Position::Latest(true)) => format!("latest {}", request.include_snapshot),
        other => format!("{other:?}"),
    };
    requests.iter().map(text).collect()
}

#[tokio::test]
async fn a_lost_stream_goes_on_after_the_last_cursor() {
    let (mut feed, script) = feed(
        vec![
            Ok((
                vec![started(1, 5, 4), events(2, "a", &[5]), events(3, "b", &[6, 7])],
                Some(Status::unavailable("bye")),
            )),
            Ok((vec![started(1, 8, 8), events(2, "c", &[8])], None)),
        ],
        false,
        true,
        None,
    )
    .await;
    let expected =
        ["opened false", "live", "event 5 a", "event 6 ", "event 7 b", "lost", "opened true", "event 8 c", "live"];
    assert_eq!(items(&mut feed, expected.len()).await, expected);
    assert_eq!(positions(&script), ["latest false", "after b false"]);
}

#[tokio::test]
async fn without_resume_every_stream_is_a_new_start_with_a_snapshot() {
    let snapshot = || {
        let chunks = StackerDbChunks { contract_id: "db".to_owned(), chunks: Vec::new() };
        vec![
            started(1, 5, 4),
            frame(2, "x", Body::Snapshot(chunks)),
            frame(3, "y", Body::SnapshotComplete(SnapshotComplete { sequence: 4 })),
        ]
    };
    let (mut feed, script) =
        feed(vec![Ok((snapshot(), Some(Status::internal("oops")))), Ok((snapshot(), None))], true, false, None).await;
    let once = ["opened false", "live", "snapshot db", "complete 4"];
    assert_eq!(items(&mut feed, 4).await, once);
    assert_eq!(items(&mut feed, 1).await, ["lost"]);
    assert_eq!(items(&mut feed, 4).await, once);
    assert_eq!(positions(&script), ["latest true", "latest true"]);
}

#[tokio::test]
async fn a_snapshot_that_was_cut_off_is_asked_for_again() {
    let (mut feed, script) = feed(
        vec![
            Ok((
                vec![started(1, 5, 4), frame(2, "x", Body::Snapshot(StackerDbChunks::default()))],
                Some(Status::unavailable("bye")),
            )),
            Ok((vec![started(1, 5, 4)], None)),
        ],
        true,
        true,
        None,
    )
    .await;
    items(&mut feed, 5).await;
    assert_eq!(positions(&script), ["latest true", "latest true"]);
}

#[tokio::test]
async fn a_cursor_that_the_node_does_not_know_is_dropped() {
    for reason in ["CURSOR_PRUNED", "CURSOR_AHEAD", "CURSOR_FOREIGN_JOURNAL"] {
        let answers = vec![Err(refusal(Code::OutOfRange, reason)), Ok((vec![started(1, 5, 4)], None))];
        let (mut feed, script) = feed(answers, true, true, Some(b"old")).await;
        assert_eq!(items(&mut feed, 2).await, ["opened false", "live"]);
        assert_eq!(positions(&script), ["after old false", "latest true"]);
    }
}

#[tokio::test]
async fn a_missing_frame_ends_the_stream() {
    let answers = vec![
        Ok((vec![started(1, 5, 4), events(3, "a", &[6])], None)),
        Ok((vec![started(1, 5, 6), events(2, "b", &[5]), heartbeat(3)], None)),
    ];
    let (mut feed, script) = feed(answers, false, true, None).await;
    let expected = ["opened false", "live", "lost", "opened true", "event 5 b", "live"];
    assert_eq!(items(&mut feed, expected.len()).await, expected);
    assert_eq!(positions(&script), ["latest false", "after s false"]);
}

#[tokio::test]
async fn refusals_for_good_are_errors_and_others_are_tried_again() {
    for code in [Code::InvalidArgument, Code::Unauthenticated, Code::PermissionDenied, Code::Unimplemented] {
        let (mut feed, _) = feed(vec![Err(Status::new(code, "no"))], false, true, None).await;
        assert!(matches!(feed.next().await, Err(FeedError::Refused(_))), "{code:?}");
    }
    let busy = refusal(Code::ResourceExhausted, "TOO_MANY_SUBSCRIPTIONS");
    let (mut feed, script) = feed(vec![Err(busy), Ok((vec![started(1, 5, 4)], None))], false, true, None).await;
    assert_eq!(items(&mut feed, 1).await, ["opened false"]);
    assert_eq!(script.requests.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn dropping_next_at_any_time_loses_nothing() {
    let all: Vec<_> = (2..200).map(|i| events(i, "a", &[i])).collect();
    let frames = [vec![started(1, 2, 1)], all].concat();
    let (mut feed, _) = feed(vec![Ok((frames, None))], false, true, None).await;
    let mut seen = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen.len() < 198 && Instant::now() < deadline {
        // The call is polled once or for a moment, and then dropped.
        match tokio::time::timeout(Duration::from_micros(50), feed.next()).await {
            Ok(Ok(FeedItem::Event { event, .. })) => seen.push(event.sequence),
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => panic!("{error}"),
        }
    }
    assert_eq!(seen, (2..200).collect::<Vec<_>>());
}
