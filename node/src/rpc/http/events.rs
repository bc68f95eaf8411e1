//! GET /v3/events: the event feed as server-sent events, for `curl -N` and a browser's `EventSource`.
//!
//! ```text
//! id: <cursor, hex>          resume with Last-Event-ID or ?cursor=
//! event: block_processed     the kind; also started, heartbeat, lagging, caught_up, end
//! data: {"sequence":5, ...}
//! ```
//!
//! A view of the same feed as gRPC's `Subscribe`, with the same limits: each stream counts as a subscription. Without a
//! start position it begins after the newest event.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Extension;
use axum::body::{Body as HttpBody, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use nakamoto_proto::v1;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use v1::start_position::Position;
use v1::subscribe_response::Body;

use super::event_json::{event_json, kind_name};
use super::input::hex_bytes;
use super::query::{Query, QueryKeys};
use super::respond::{Answer, HttpError};
use crate::error::ApiError;
use crate::event_stream::cursor::Cursor;
use crate::event_stream::filter::{Filter, FilterError};
use crate::event_stream::frame::Frame;
use crate::event_stream::frame_builder::StreamOptions;
use crate::event_stream::payload::Payload;
use crate::event_stream::position::{PositionError, WhenNone, resolve};
use crate::event_stream::registry::OpenStream;
use crate::event_stream::shared_messages::SharedMessages;
use crate::event_stream::task::FrameStream;
use crate::limits::{DEFAULT_HEARTBEAT, JSON_BYTES_PER_EVENT_BYTE};
use crate::rpc::grpc::Services;
use crate::rpc::server::Peer;
use crate::rpc::server::answer::InFlight;
use crate::runtime::background;
use crate::runtime::budget::ByteLease;
use crate::runtime::caller::Caller;
use crate::runtime::class::CallerClass;

/// Keys of the query.
pub(super) const KEYS: QueryKeys = QueryKeys {
    one: &["start", "cursor", "payload"],
    lists: &["kinds", "contract", "asset", "address", "producer", "stackerdb"],
};
/// Keys of conditions, after the field of the filter's term that each fills.
const FIELDS: [(&str, &str); 6] = [
    ("kinds", "kinds"),
    ("contracts", "contract"),
    ("assets", "asset"),
    ("addresses", "address"),
    ("producers", "producer"),
    ("stackerdb_contracts", "stackerdb"),
];
/// Events in a frame; each becomes a message of its own.
const BATCH: usize = 64;

/// GET /v3/events[?kinds=&contract=&address=&asset=&producer=&stackerdb=&start=&cursor=&payload=].
pub(super) async fn follow(
    State(services): State<Services>,
    query: Query,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Answer {
    let filter = Filter::decode(Some(filter(&query)?)).map_err(filter_error)?;
    let payload = match query.text("payload") {
        None | Some("full") => Payload::Full,
        Some("header") => Payload::Header,
        Some(_) => return Err(HttpError::bad_request("payload is full or header")),
    };
    let start = start(&query, &headers)?;
    let journal = Arc::clone(services.streams.journal());
    let journal_id = journal.id();
    // The inner error is the sender's, the outer one the pool's.
    let resolved = services.pool.compute(move || Ok(resolve(journal.as_ref(), start, WhenNone::Latest))).await?;
    let start_sequence = resolved.map_err(position_error)?;
    let options = StreamOptions { filter: Arc::new(filter), payload, max_batch: BATCH };
    let open = OpenStream {
        options,
        start_sequence,
        heartbeat: DEFAULT_HEARTBEAT,
        snapshot: None,
        client_name: "HTTP".to_owned(),
        peer: peer.map(|Extension(Peer(peer))| peer),
        byte_account: Caller::current().map(|caller| caller.byte_account().clone()),
        memory_per_frame_byte: JSON_BYTES_PER_EVENT_BYTE,
    };
    let frames = services
        .streams
        .open(open)
        .map_err(|error| HttpError::text(StatusCode::TOO_MANY_REQUESTS, error).retry_after(1))?;
    let in_flight = InFlight::default();
    let shared = Arc::clone(services.streams.messages());
    let messages = Messages {
        frames,
        maker: Maker { journal_id, payload, shared },
        ready: VecDeque::new(),
        lease: None,
        in_flight: in_flight.clone(),
        class: Caller::current_class(),
        making: None,
        ended: false,
    };
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    let mut response = (headers, HttpBody::from_stream(messages)).into_response();
    response.extensions_mut().insert(in_flight);
    Ok(response)
}

/// The query's conditions as one term; every event if it has none.
fn filter(query: &Query) -> Result<v1::EventFilter, HttpError> {
    let texts = |key| Ok::<_, HttpError>(query.list(key)?.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let kinds = query.list("kinds")?.into_iter().map(kind).collect::<Result<Vec<_>, _>>()?;
    let term = v1::EventTerm {
        kinds,
        stackerdb_contracts: texts("stackerdb")?,
        contracts: texts("contract")?,
        assets: texts("asset")?,
        addresses: texts("address")?,
        producers: texts("producer")?,
        ..v1::EventTerm::default()
    };
    if term == v1::EventTerm::default() {
        return Ok(v1::EventFilter { all: true, ..v1::EventFilter::default() });
    }
    Ok(v1::EventFilter { terms: vec![term], ..v1::EventFilter::default() })
}

fn kind(name: &str) -> Result<i32, HttpError> {
    let full = format!("EVENT_KIND_{}", name.to_ascii_uppercase());
    let kind = v1::EventKind::from_str_name(&full).filter(|kind| *kind != v1::EventKind::Unspecified);
    kind.map(i32::from).ok_or_else(|| {
        let known = (1..).map_while(|kind| v1::EventKind::try_from(kind).ok()).map(kind_name);
        let known = known.collect::<Vec<_>>().join(", ");
        HttpError::bad_request(format!("{name} is no kind of event: {known}"))
    })
}

/// The header wins: a reconnecting browser sends it with the URL that it began with.
fn start(query: &Query, headers: &HeaderMap) -> Result<Option<v1::StartPosition>, HttpError> {
    let last_id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    if last_id.is_none() && query.text("cursor").is_some() && query.text("start").is_some() {
        return Err(HttpError::bad_request("cursor and start: at most one of them"));
    }
    let position = match (last_id.or_else(|| query.text("cursor")), query.text("start")) {
        (Some(cursor), _) => Position::AfterCursor(hex_bytes("cursor", cursor)?.into()),
        (None, None) => return Ok(None),
        (None, Some("earliest")) => Position::Earliest(true),
        (None, Some("latest")) => Position::Latest(true),
        (None, Some(sequence)) => match sequence.parse() {
            Ok(sequence) => Position::FromSequence(sequence),
            Err(_) => return Err(HttpError::bad_request("start is earliest, latest or a sequence number")),
        },
    };
    Ok(Some(v1::StartPosition { position: Some(position) }))
}

/// A filter's error, with the names that the query uses.
fn filter_error(error: FilterError) -> HttpError {
    match error {
        FilterError::Field(ApiError::Invalid { field, detail }) => {
            // The query has one term, and what is wrong with it names the value: no places.
            let name = field.strip_prefix("filter.terms[0].").unwrap_or(&field);
            let name = name.split('[').next().unwrap_or(name);
            let key = FIELDS.iter().find(|(of_term, _)| *of_term == name).map_or(name, |(_, key)| key);
            HttpError::bad_request(format!("{key}: {detail}"))
        }
        error => HttpError::bad_request(error),
    }
}

fn position_error(error: PositionError) -> HttpError {
    match error {
        PositionError::Api(ApiError::Invalid { field, detail }) if field == "start.from_sequence" => {
            HttpError::bad_request(format!("start: {detail}"))
        }
        PositionError::Api(ApiError::Invalid { field, detail }) if field == "start.after_cursor" => {
            HttpError::bad_request(format!("cursor: {detail}"))
        }
        PositionError::Api(error) => error.into(),
        gone @ PositionError::Pruned { .. } => HttpError::text(StatusCode::GONE, gone),
        other @ (PositionError::Ahead { .. }
        | PositionError::ForeignJournal { .. }
        | PositionError::OtherEvent { .. }) => HttpError::bad_request(other),
    }
}

/// Turns frames into messages.
struct Messages {
    frames: FrameStream,
    maker: Maker,
    ready: VecDeque<Bytes>,
    /// Lease of the frame whose messages are being sent.
    lease: Option<Arc<ByteLease>>,
    in_flight: InFlight,
    class: CallerClass,
    /// A frame of events that is becoming messages. Making JSON takes time, and the threads that poll streams serve all.
    making: Option<JoinHandle<Option<Vec<Bytes>>>>,
    ended: bool,
}

impl Stream for Messages {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                self.in_flight.add(self.lease.clone());
                return Poll::Ready(Some(Ok(message)));
            }
            if let Some(making) = &mut self.making {
                let made = ready!(Pin::new(making).poll(cx));
                self.making = None;
                match made {
                    Ok(Some(messages)) => self.ready.extend(messages),
                    // The reader reconnects with its cursor.
                    Ok(None) | Err(_) => return Poll::Ready(None),
                }
                continue;
            }
            if self.ended {
                return Poll::Ready(None);
            }
            // The reader has the messages, each with its lease: a stream that waits for events holds no bytes.
            self.lease = None;
            match ready!(self.frames.poll_frame(cx)) {
                Some(Ok(frame)) => {
                    self.lease = frame.lease();
                    if frame.event_count() == 0 {
                        self.ready.extend(notice(frame));
                    } else {
                        let events = frame.into_events();
                        let maker = self.maker.clone();
                        self.making = Some(background::spawn(self.class, move || maker.messages(events)));
                    }
                }
                Some(Err(end)) => {
                    self.ended = true;
                    self.ready.extend(message(None, "end", &json!({ "reason": end.to_string() })));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Makes messages of events.
#[derive(Clone)]
struct Maker {
    journal_id: [u8; 16],
    payload: Payload,
    shared: Arc<SharedMessages>,
}

impl Maker {
    /// Encoded events as messages. An event that cannot be read, which would be a bug, ends the stream.
    fn messages(&self, events: Vec<Bytes>) -> Option<Vec<Bytes>> {
        let made = events.into_iter().map(|encoded| {
            let event = v1::Event::decode(encoded.clone()).ok()?;
            self.shared.get(event.sequence, self.payload, || {
                let id = Cursor::after(self.journal_id, &event).encode();
                message(Some(&hex::encode(id)), &kind_name(event.kind()), &event_json(encoded))
            })
        });
        made.collect()
    }
}

/// A frame without events as a message; `None` for frames that this stream does not show.
fn notice(frame: Frame) -> Option<Bytes> {
    let cursor = hex::encode(frame.cursor());
    let named = |name, data| message(Some(&cursor), name, &data);
    match frame.into_body() {
        Some(Body::Started(started)) => named(
            "started",
            json!({
                "start_sequence": started.start_sequence,
                "oldest_sequence": started.oldest_sequence,
                "newest_sequence": started.newest_sequence,
            }),
        ),
        Some(Body::Heartbeat(beat)) => named("heartbeat", json!({ "newest_sequence": beat.newest_sequence })),
        Some(Body::Lagging(lagging)) => named("lagging", json!({ "newest_sequence": lagging.newest_sequence })),
        Some(Body::CaughtUp(caught_up)) => named("caught_up", json!({ "sequence": caught_up.sequence })),
        // No snapshot was requested.
        _ => None,
    }
}

/// JSON text has no line breaks, so it is one line of data. Never `None`, as every key is a text.
fn message(id: Option<&str>, event: &str, data: &Value) -> Option<Bytes> {
    let mut text = id.map_or_else(String::new, |id| format!("id: {id}\n")).into_bytes();
    text.extend_from_slice(format!("event: {event}\ndata: ").as_bytes());
    serde_json::to_writer(&mut text, data).ok()?;
    text.extend_from_slice(b"\n\n");
    Some(text.into())
}
