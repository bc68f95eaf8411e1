//! Streams whose readers take nothing: their frames stay within the budget and leave others their room.

use tokio_util::sync::CancellationToken;

use super::bench::{Bench, Client, request, verdict};
use crate::event_stream::filter::Filter;
use crate::event_stream::registry::{OpenStream, StreamRegistryLimits};
use crate::event_stream::task::FrameStream;
use crate::limits::STREAM_BYTES_IN_FLIGHT;
use crate::runtime::budget::{Budget, ByteAccount};
use crate::runtime::class::CallerClass;

/// More readers than fit if each filled its queue.
const READERS: usize = 40;
/// Events of a megabyte each, so that each is a frame of its own.
const EVENTS: u64 = 12;

fn open(bench: &Bench, byte_account: ByteAccount) -> FrameStream {
    bench.streams.open(OpenStream { byte_account: Some(byte_account), ..request(&Filter::ALL, 1, 1, None) }).unwrap()
}

fn check(in_memory: usize) {
    let bench = Bench::new(in_memory, StreamRegistryLimits::default());
    bench.journal.append((0..EVENTS).map(|_| verdict(&"v".repeat(1 << 20))));
    let (budget, connection) = (Budget::default(), CancellationToken::new());
    let unread: Vec<_> =
        (0..READERS).map(|_| open(&bench, budget.byte_account(CallerClass::Anyone, &connection))).collect();
    // An actor has its own pool: it reads everything, whatever the others hold.
    let mut actor = open(&bench, budget.byte_account(CallerClass::Actor, &connection));
    let mut client = Client::default();
    while !client.is_at(EVENTS) {
        let frame = bench.next(&mut actor).unwrap().unwrap();
        client.take(&frame);
    }
    assert_eq!(client.events, (1..=EVENTS).collect::<Vec<_>>());
    drop(actor);
    assert!((1..=STREAM_BYTES_IN_FLIGHT).contains(&budget.used()), "{}", budget.used());
    drop(unread);
    bench.shutdown.cancel();
    let Bench { runtime, .. } = bench;
    drop(runtime);
    assert_eq!(budget.used(), 0, "all of it came back");
}

#[test]
fn frames_from_memory_have_no_more_room_than_there_is() {
    check(usize::MAX);
}

#[test]
fn frames_from_disk_have_no_more_room_than_there_is() {
    check(0);
}

#[test]
fn a_frame_counts_with_what_its_reader_makes_of_it() {
    let bench = Bench::new(usize::MAX, StreamRegistryLimits::default());
    bench.journal.append([verdict(&"v".repeat(1 << 20))]);
    let (budget, connection) = (Budget::default(), CancellationToken::new());
    let byte_account = Some(budget.byte_account(CallerClass::Anyone, &connection));
    let open = OpenStream { byte_account, memory_per_frame_byte: 7, ..request(&Filter::ALL, 1, 1, None) };
    let unread = bench.streams.open(open).unwrap();
    bench.turn();
    assert!((7 << 20..8 << 20).contains(&budget.used()), "{}", budget.used());
    drop(unread);
}
