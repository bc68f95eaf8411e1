//! Streams whose client, journal and task go on in any order.

use chainstate::journal::JournalBounds;
use proptest::prelude::*;

use super::bench::{Bench, Client, DB, JOURNAL_ID, filter, mixed, of_kinds};
use crate::event_stream::cursor::Cursor;
use crate::event_stream::filter::Filter;
use crate::event_stream::journal::Journal as _;
use crate::event_stream::registry::StreamRegistryLimits;
use crate::event_stream::task::{FrameStream, StreamEnd};

use nakamoto_proto::v1;

/// One step: the journal grows; the client reads; the task runs; the client dies and reconnects with its cursor; a
/// percentage of the journal is removed.
#[derive(Debug, Clone)]
enum Op {
    Append(u16),
    Read(u8),
    Idle,
    Reconnect,
    Prune(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..400_u16).prop_map(Op::Append),
        4 => (1..40_u8).prop_map(Op::Read),
        2 => Just(Op::Idle),
        2 => Just(Op::Reconnect),
        1 => (0..100_u64).prop_map(Op::Prune),
    ]
}

/// A client that keeps its cursor, and the events that the journal had removed before it came.
struct Reader<'a> {
    bench: &'a Bench,
    filter: &'a Filter,
    max_batch: usize,
    stream: FrameStream,
    client: Client,
    lost: Vec<std::ops::Range<u64>>,
}

impl Reader<'_> {
    /// Reopens the stream after the last cursor, or at the oldest event when that place is gone.
    fn reopen(&mut self) {
        let next = Cursor::decode(&self.client.cursor).unwrap().sequence + 1;
        let oldest = self.bench.journal.bounds().oldest;
        if next < oldest {
            self.lost.push(next..oldest);
        }
        self.stream = self.bench.open(self.filter, next.max(oldest), self.max_batch);
        self.client.frame = 0;
    }

    fn read(&mut self) {
        match self.bench.next(&mut self.stream).expect("no end without a reason") {
            Ok(frame) => self.client.take(&frame),
            Err(StreamEnd::Pruned { oldest, cursor }) => {
                assert_eq!(cursor, self.client.cursor, "all frames before the end came");
                assert!(Cursor::decode(&cursor).unwrap().sequence + 1 < oldest);
                self.reopen();
            }
            Err(end) => panic!("{end}"),
        }
    }
}

pub(super) fn any_filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::ALL),
        Just(filter(vec![of_kinds(&[v1::EventKind::BurnBlock])])),
        Just(filter(vec![of_kinds(&[v1::EventKind::Template])])),
        Just(filter(vec![v1::EventTerm { label: "v".to_owned(), ..of_kinds(&[v1::EventKind::Validation]) }])),
        Just(filter(vec![
            of_kinds(&[v1::EventKind::BurnBlock]),
            v1::EventTerm { stackerdb_contracts: vec![DB.to_owned()], ..Default::default() },
        ])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_stream_equals_the_journal_slice_under_its_filter(
        ops in prop::collection::vec(op(), 1..25),
        filter in any_filter(),
        before in 0..600_u64,
        start in 1..600_u64,
        in_memory in 0..500_usize,
        max_batch in 1..300_usize,
    ) {
        let bench = Bench::new(in_memory, StreamRegistryLimits::default());
        bench.journal.append((0..before).map(mixed));
        let start = start.min(before + 1);
        let stream = bench.open(&filter, start, max_batch);
        let client = Client { cursor: Cursor { journal_id: JOURNAL_ID, sequence: start - 1, time_ms: None }.encode(), ..Client::default() };
        let mut reader = Reader { bench: &bench, filter: &filter, max_batch, stream, client, lost: Vec::new() };
        for op in ops {
            match op {
                Op::Append(count) => bench.journal.append((0..u64::from(count)).map(mixed)),
                Op::Idle => bench.turn(),
                Op::Read(frames) => (0..frames).for_each(|_| reader.read()),
                Op::Reconnect => reader.reopen(),
                Op::Prune(percent) => {
                    let JournalBounds { oldest, newest, .. } = bench.journal.bounds();
                    let below = oldest - 1 + (newest + 1 - oldest) * percent / 100;
                    bench.journal.prune(usize::try_from(below).unwrap());
                }
            }
        }
        let newest = bench.journal.bounds().newest;
        while !reader.client.is_at(newest) {
            reader.read();
        }
        let expected: Vec<u64> = bench.journal.state.lock().unwrap().events.iter()
            .filter(|entry| entry.sequence >= start && filter.matches(entry))
            .map(|entry| entry.sequence)
            .filter(|sequence| !reader.lost.iter().any(|lost| lost.contains(sequence)))
            .collect();
        prop_assert_eq!(reader.client.events, expected);
    }
}
