//! Two hundred subscribers of one node, some of which stop reading or are killed and return: each gets exactly the
//! slice of the journal that its filter selects, and blocks are processed as before.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use nakamoto_proto::v1;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::node_service_client::NodeServiceClient;
use nakamoto_proto::v1::operator_service_client::OperatorServiceClient;
use nakamoto_proto::v1::start_position::Position;
use nakamoto_proto::v1::subscribe_response::Body;
use tests::processes::{Client, NodeAlone, WAIT, address_of_nobody, run};
use tests::random::Rng;
use tokio::sync::watch;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;

const SUBSCRIBERS: u64 = 200;
/// Number of subscribers that do not read while blocks are processed.
const STALLED: u64 = 20;
/// Streams that share a connection.
const STREAMS_A_CONNECTION: u64 = 20;
/// Number of blocks in each half of the measurement.
const BLOCKS: usize = 25;
/// Receive window of a stalled reader, small so that unread frames cannot hide in the transport.
const SMALL_WINDOW: u32 = 8 << 10;

fn kinds(kinds: &[v1::EventKind]) -> v1::EventTerm {
    v1::EventTerm { kinds: kinds.iter().map(|kind| (*kind).into()).collect(), ..Default::default() }
}

fn filter(number: u64) -> v1::EventFilter {
    use v1::EventKind::{BlockProcessed, BlockStored, BurnBlock, TipChanged};
    let terms = match number % 4 {
        0 => return v1::EventFilter { terms: Vec::new(), all: true },
        1 => vec![kinds(&[BlockProcessed])],
        2 => vec![
            v1::EventTerm { label: "tip".to_owned(), ..kinds(&[TipChanged]) },
            v1::EventTerm { label: "news".to_owned(), ..kinds(&[BurnBlock, BlockStored]) },
        ],
        // Compared with every block, and matches none.
        _ => vec![v1::EventTerm { addresses: vec![address_of_nobody()], ..Default::default() }],
    };
    v1::EventFilter { terms, all: false }
}

struct Subscriber {
    channel: Channel,
    filter: v1::EventFilter,
    payload_mode: v1::PayloadMode,
    max_batch: u32,
    random: Rng,
    /// Whether it stops reading until the blocks are processed.
    stalls: bool,
}

/// Events that a subscriber got, and its restarts.
#[derive(Default)]
struct Got {
    sequences: Vec<u64>,
    resumed: u32,
    cuts: u32,
    lag_notices: u32,
}

impl Subscriber {
    async fn open(&self, start: Position) -> tonic::Streaming<v1::SubscribeResponse> {
        let request = v1::SubscribeRequest {
            filter: Some(self.filter.clone()),
            start: Some(v1::StartPosition { position: Some(start) }),
            payload_mode: self.payload_mode.into(),
            heartbeat_interval: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
            max_batch: self.max_batch,
            client_name: if self.stalls { "stalled" } else { "reading" }.to_owned(),
            ..Default::default()
        };
        EventServiceClient::new(self.channel.clone()).subscribe(request).await.expect("a stream").into_inner()
    }

    /// Reads from the beginning until everything up to `end` has come; `end` is set later.
    async fn read(mut self, mut end: watch::Receiver<Option<u64>>) -> Got {
        let mut got = Got::default();
        let mut stream = self.open(Position::FromSequence(1)).await;
        let (mut cursor, mut next_frame) = (None, 1);
        if self.stalls {
            end.wait_for(Option::is_some).await.expect("the test goes on");
        }
        loop {
            let frame = match tokio::time::timeout(WAIT, stream.message()).await.expect("a heartbeat at least") {
                Ok(frame) => frame.expect("a reason for the end"),
                Err(status) => {
                    assert_eq!(status.code(), Code::Unavailable, "{status}");
                    assert_eq!(status.get_details_error_info().expect("a reason").reason, "CONSUMER_STALLED");
                    got.cuts += 1;
                    let start = cursor.clone().map_or(Position::FromSequence(1), Position::AfterCursor);
                    stream = self.open(start).await;
                    next_frame = 1;
                    continue;
                }
            };
            assert_eq!(frame.frame, next_frame, "a frame is missing");
            next_frame += 1;
            cursor = Some(frame.cursor);
            match frame.body.expect("a body") {
                Body::Events(batch) => got.sequences.extend(batch.events.iter().map(|event| event.sequence)),
                Body::Lagging(_) => got.lag_notices += 1,
                Body::Heartbeat(heartbeat) => {
                    let all_came = end.borrow().is_some_and(|end| heartbeat.newest_sequence >= end);
                    if all_came && heartbeat.events_behind == 0 {
                        return got;
                    }
                }
                _ => {}
            }
            if !self.stalls && self.random.one_in(40) {
                // Killed: events in flight are lost, and come again after the cursor.
                let start = cursor.clone().map_or(Position::FromSequence(1), Position::AfterCursor);
                stream = self.open(start).await;
                got.resumed += 1;
                next_frame = 1;
            }
        }
    }
}

/// Sequence and kind of each event in the journal, read in pages.
async fn journal(client: &Client) -> Vec<(u64, i32)> {
    let mut service = EventServiceClient::new(client.channel.clone()).max_decoding_message_size(32 << 20);
    let (mut events, mut start) = (Vec::new(), Position::Earliest(true));
    loop {
        let request = v1::ListEventsRequest {
            filter: Some(v1::EventFilter { terms: Vec::new(), all: true }),
            start: Some(v1::StartPosition { position: Some(start) }),
            payload_mode: v1::PayloadMode::Header.into(),
            page_size: 1_000,
        };
        let page = service.list_events(request).await.expect("a page").into_inner();
        events.extend(page.events.iter().map(|event| (event.sequence, event.kind)));
        if page.end_of_journal {
            return events;
        }
        start = Position::AfterCursor(page.next_cursor);
    }
}

/// Sequences that one of this test's filters should select.
fn slice(journal: &[(u64, i32)], filter: &v1::EventFilter) -> Vec<u64> {
    let matches = |kind: i32| filter.all || filter.terms.iter().any(|term| term.kinds.contains(&kind));
    journal.iter().filter(|(_, kind)| matches(*kind)).map(|(sequence, _)| *sequence).collect()
}

async fn subscribers(client: &Client) -> v1::ListSubscribersResponse {
    let request = v1::ListSubscribersRequest { page_size: 1000, ..Default::default() };
    OperatorServiceClient::new(client.channel.clone()).list_subscribers(request).await.expect("a page").into_inner()
}

fn connect(node: &NodeAlone, stalls: bool) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", node.address())).expect("an address");
    match stalls {
        true => endpoint.initial_stream_window_size(SMALL_WINDOW).connect_lazy(),
        false => endpoint.connect_lazy(),
    }
}

#[test]
fn two_hundred_subscribers_get_their_slices_and_blocks_do_not_wait_for_them() {
    run(async {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish()) | 1;
        println!("seed {seed}");
        let mut random = Rng::from_seed(seed);
        let node = NodeAlone::start("[connection_options]\nstall_timeout = \"1s\"\n");
        let blocks = node.script(2 * BLOCKS, 25).await;
        let client = node.client();
        let mut watch = client.watch(0).await;
        watch.block().await; // The boot block.
        let alone = node.push_all(&client, &mut watch, &blocks[..BLOCKS]).await;

        let (tell_end, end) = watch::channel(None);
        let mut channels = BTreeMap::new();
        let mut readers = Vec::new();
        for number in 0..SUBSCRIBERS {
            let stalls = number < STALLED;
            // A stalled reader also holds up the other streams on its connection.
            let connection = if stalls { number } else { STALLED + number / STREAMS_A_CONNECTION };
            let channel = channels.entry(connection).or_insert_with(|| connect(&node, stalls)).clone();
            let whole = stalls || random.one_in(2);
            let subscriber = Subscriber {
                channel,
                filter: filter(if stalls { 0 } else { number }),
                payload_mode: if whole { v1::PayloadMode::Full } else { v1::PayloadMode::Header },
                max_batch: 1 << (4 * random.below(3)),
                random: Rng::from_seed(random.bits()),
                stalls,
            };
            readers.push((subscriber.filter.clone(), tokio::spawn(subscriber.read(end.clone()))));
        }
        let opened = tokio::time::timeout(WAIT, async {
            while subscribers(&client).await.opened_total < SUBSCRIBERS {
                tokio::task::yield_now().await;
            }
        });
        opened.await.expect("all streams open");
        let with_readers = node.push_all(&client, &mut watch, &blocks[BLOCKS..]).await;
        let seen = subscribers(&client).await;
        let mut service = NodeServiceClient::new(client.channel.clone());
        let info = service.get_service_info(v1::GetServiceInfoRequest {}).await.expect("an answer").into_inner();
        tell_end.send_replace(Some(info.newest_sequence));

        let journal = journal(&client).await;
        let mut total = Got::default();
        for (filter, reader) in readers {
            let got = reader.await.expect("no panic");
            let expected = slice(&journal, &filter);
            assert_eq!(got.sequences.len(), expected.len(), "{filter:?}");
            assert_eq!(got.sequences, expected, "{filter:?}");
            total.resumed += got.resumed;
            total.cuts += got.cuts;
            total.lag_notices += got.lag_notices;
        }
        let after = subscribers(&client).await;
        println!(
            "{BLOCKS} blocks without readers but one: {alone:?}, with {SUBSCRIBERS}: {with_readers:?}; {} came back, {} \
             were cut, {} lag notices; ends: {:?}",
            total.resumed, total.cuts, total.lag_notices, after.ends
        );
        let held_up = seen.subscribers.iter().filter(|reader| reader.blocked_duration.is_some()).count();
        let stalled_ends =
            seen.ends.iter().filter(|end| end.reason == "CONSUMER_STALLED").map(|end| end.count).sum::<u64>();
        assert!(held_up as u64 + stalled_ends >= STALLED, "the stalled readers are seen: {held_up}, {stalled_ends}");
        assert!(total.resumed > 0, "some were killed");
        // A loose bound: the machine is shared, and all readers run beside the node.
        assert!(
            with_readers < 10 * alone + Duration::from_secs(10),
            "blocks wait for readers: {alone:?}, {with_readers:?}"
        );
    });
}
