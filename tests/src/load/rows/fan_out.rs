//! One event to many subscribers: StackerDB chunks at a fixed rate, each with the time of its write.

use std::time::{Duration, Instant};

use chainstate::test_support::key;
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::stacker_db_service_client::StackerDbServiceClient;
use nakamoto_proto::v1::subscribe_response::Body as Frame;
use stacks_types::stackerdb::StackerDbChunk;
use tonic::transport::Channel;

use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::load::accounts::Account;
use crate::load::net;
use crate::processes::{Cluster, Plan};

/// Time between two events.
const PERIOD: Duration = Duration::from_millis(10);
/// Streams on one connection: a server allows a limited number.
const STREAMS_A_CONNECTION: usize = 125;
/// Bytes of an event's payload: as large as a stacker's answer.
const CHUNK_BYTES: usize = 256;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let samples = ages(size.subscribers, size.events).await;
    table.samples(&format!("one event to {} subscribers, 100 events/s", size.subscribers), "ms", &samples);
}

/// Age of each event when each subscriber received it, in milliseconds.
pub(in crate::load) async fn ages(subscribers: usize, events: u32) -> Samples {
    let plan = Plan { running_producers: 0, running_signers: 0, ..Plan::default() };
    let cluster = net::start(&Account::many(10), plan);
    let mut dbs = StackerDbServiceClient::new(cluster.client().channel);
    let listed = dbs.list_stacker_dbs(v1::ListStackerDbsRequest {}).await.expect("an answer").into_inner();
    let contract_id = listed.contract_ids.into_iter().find(|id| id.ends_with(".signers")).expect("the signers' slots");
    let base = Instant::now();
    let mut readers = Vec::new();
    let mut channel = cluster.client().channel;
    for number in 0..subscribers {
        if number % STREAMS_A_CONNECTION == 0 {
            channel = cluster.client().channel;
        }
        readers.push(subscribe(channel.clone(), contract_id.clone(), events, base).await);
    }
    put_chunks(&cluster, &contract_id, events, base).await;
    let mut samples = Samples::default();
    for reader in readers {
        reader.await.expect("each gets all").into_iter().for_each(|took| samples.push(took.as_secs_f64() * 1e3));
    }
    samples
}

async fn put_chunks(cluster: &Cluster, contract_id: &str, events: u32, base: Instant) {
    let mut dbs = StackerDbServiceClient::new(cluster.client().channel);
    let mut ticks = tokio::time::interval(PERIOD);
    for version in 1..=events {
        ticks.tick().await;
        let mut data = vec![0; CHUNK_BYTES];
        data[..8].copy_from_slice(&nanos(base.elapsed()).to_be_bytes());
        let chunk = StackerDbChunk::signed(0, version, data, &key("stacker", 0));
        let chunk = v1::StackerDbChunk {
            slot_id: 0,
            slot_version: version,
            signature: chunk.signature.0.to_vec().into(),
            data: chunk.data.into(),
        };
        let request = v1::PutChunkRequest { contract_id: contract_id.to_owned(), chunk: Some(chunk) };
        let answer = dbs.put_chunk(request).await.expect("an answer").into_inner();
        assert!(answer.accepted, "{answer:?}");
    }
}

/// Opens a stream, and returns the age of each event on arrival.
async fn subscribe(
    channel: Channel,
    contract_id: String,
    events: u32,
    base: Instant,
) -> tokio::task::JoinHandle<Vec<Duration>> {
    let term = v1::EventTerm {
        kinds: vec![v1::EventKind::StackerdbChunks.into()],
        stackerdb_contracts: vec![contract_id],
        ..Default::default()
    };
    let request = v1::SubscribeRequest {
        filter: Some(v1::EventFilter { terms: vec![term], ..Default::default() }),
        max_batch: 16,
        client_name: "fan-out".to_owned(),
        ..Default::default()
    };
    let mut request = tonic::Request::new(request);
    request.set_timeout(Duration::from_secs(3600));
    let mut stream = EventServiceClient::new(channel).subscribe(request).await.expect("a stream").into_inner();
    let started = stream.message().await.expect("a frame").expect("a frame");
    assert!(matches!(started.body, Some(Frame::Started(_))), "{started:?}");
    tokio::spawn(async move {
        let mut ages = Vec::new();
        while u32::try_from(ages.len()).is_ok_and(|count| count < events) {
            let frame = stream.message().await.expect("a frame").expect("a frame");
            let Some(Frame::Events(batch)) = frame.body else { continue };
            let now = base.elapsed();
            for event in batch.events {
                let Some(Body::StackerdbChunks(chunks)) = event.body else { continue };
                for chunk in chunks.chunks {
                    let put = u64::from_be_bytes(chunk.data[..8].try_into().expect("8 bytes"));
                    ages.push(now.saturating_sub(Duration::from_nanos(put)));
                }
            }
        }
        ages
    })
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a short run")
}
