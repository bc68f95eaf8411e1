//! Which events match, with which labels, and in which form they are sent.

use chainstate::journal::JournalEvent;
use nakamoto_proto::v1;
use prost::Message as _;
use v1::event::Body;
use v1::subscribe_response::Body as FrameBody;

use super::bench::{Bench, DB, burn, chunks, filter, of_kinds, verdict};
use crate::event_stream::filter::{Filter, FilterError, MAX_FILTER_TERMS};
use crate::event_stream::page::{PageRequest, read_page};
use crate::event_stream::payload::{MAX_EVENT_BYTES, Payload};
use crate::event_stream::registry::StreamRegistryLimits;

const ALICE: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
const BOB: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const CAROL: &str = "ST000000000000000000002AMW42H";

#[test]
fn events_come_with_the_labels_of_the_terms_that_they_match() {
    let label = |label: &str, kinds: &[v1::EventKind]| v1::EventTerm { label: label.to_owned(), ..of_kinds(kinds) };
    let filter = filter(vec![
        label("burn", &[v1::EventKind::BurnBlock]),
        label("any", &[v1::EventKind::BurnBlock, v1::EventKind::Validation]),
        of_kinds(&[v1::EventKind::StackerdbChunks]),
    ]);
    let bench = Bench::new(10, StreamRegistryLimits::default());
    bench.journal.append([burn(), verdict("v"), chunks(DB)]);
    let mut stream = bench.open(&filter, 1, 10);
    assert!(bench.next(&mut stream).unwrap().is_ok());
    let frame = bench.next(&mut stream).unwrap().unwrap();
    let Some(FrameBody::Events(batch)) = frame.body else { panic!("{:?}", frame.body) };
    let labels: Vec<_> = batch.labels.iter().map(|labels| labels.labels.join(",")).collect();
    assert_eq!(labels, ["burn,any", "any", ""]);
    let request = PageRequest { filter, payload: Payload::Full, start: 1, size: 10 };
    assert_eq!(read_page(bench.journal.as_ref(), &request).unwrap().labels, batch.labels);
}

#[test]
fn filters_are_checked() {
    let decode = |terms, all| Filter::decode(Some(v1::EventFilter { terms, all }));
    assert!(matches!(Filter::decode(None), Err(FilterError::Empty)));
    assert!(matches!(decode(vec![v1::EventTerm::default()], false), Err(FilterError::Empty)));
    let term = of_kinds(&[v1::EventKind::BurnBlock]);
    assert!(matches!(decode(vec![term.clone()], true), Err(FilterError::Field(_))));
    assert!(decode(vec![term.clone(); MAX_FILTER_TERMS], false).is_ok());
    assert!(matches!(decode(vec![term; MAX_FILTER_TERMS + 1], false), Err(FilterError::Field(_))));
    let unknown = v1::EventTerm { kinds: vec![99], ..Default::default() };
    assert!(matches!(decode(vec![unknown], false), Err(FilterError::Field(_))));
    let short_txid = v1::EventTerm { txids: vec![vec![1; 31].into()], ..Default::default() };
    assert!(matches!(decode(vec![short_txid], false), Err(FilterError::Field(_))));
    let only_label = v1::EventTerm { label: "x".to_owned(), ..Default::default() };
    assert!(matches!(decode(vec![only_label], false), Err(FilterError::Empty)));
    let long = v1::EventTerm { label: "x".repeat(33), ..of_kinds(&[v1::EventKind::BurnBlock]) };
    assert!(matches!(decode(vec![long], false), Err(FilterError::Field(_))));
    let long = v1::EventTerm { contracts: vec!["x".repeat(301)], ..Default::default() };
    assert!(matches!(decode(vec![long], false), Err(FilterError::Field(_))));
}

#[test]
fn a_value_that_no_event_can_have_is_refused_by_name() {
    let mistyped = ALICE.replace("9AG", "9AH");
    type Term = fn(Vec<String>) -> v1::EventTerm;
    let lists: [(&str, Term, Vec<String>); 5] = [
        ("contracts", |contracts| v1::EventTerm { contracts, ..Default::default() }, vec![ALICE.to_owned()]),
        ("stackerdb_contracts", |dbs| v1::EventTerm { stackerdb_contracts: dbs, ..Default::default() }, Vec::new()),
        ("assets", |assets| v1::EventTerm { assets, ..Default::default() }, vec![DB.to_owned(), format!("{DB}.ft")]),
        ("addresses", |addresses| v1::EventTerm { addresses, ..Default::default() }, vec![format!("{DB}::ft")]),
        ("producers", |producers| v1::EventTerm { producers, ..Default::default() }, vec![DB.to_owned()]),
    ];
    for (field, term, others) in lists {
        for bad in ["foo", "D.pc.ft", &mistyped, "é"].into_iter().chain(others.iter().map(String::as_str)) {
            let refused = Filter::decode(Some(v1::EventFilter { terms: vec![term(vec![bad.to_owned()])], all: false }));
            let Err(FilterError::Field(error)) = refused else { panic!("{field} takes {bad}") };
            let error = error.to_string();
            assert!(error.starts_with(&format!("filter.terms[0].{field}[0]: ")), "{error}");
        }
        let refused = Filter::decode(Some(v1::EventFilter { terms: vec![term(vec![mistyped.clone()])], all: false }));
        let says = refused.unwrap_err().to_string();
        assert!(field == "assets" || says.contains("checksum"), "{says}");
    }
    for term in [
        v1::EventTerm { request_id: "foo".to_owned(), ..Default::default() },
        v1::EventTerm { slot_ids: vec![4096], ..Default::default() },
    ] {
        assert!(matches!(
            Filter::decode(Some(v1::EventFilter { terms: vec![term], all: false })),
            Err(FilterError::Field(_))
        ));
    }
    // c32 may be written in lower case; events have capitals.
    let lower = v1::EventTerm { addresses: vec![format!("S{}", ALICE[1..].to_lowercase())], ..Default::default() };
    let transfer = v1::StxTransfer { sender: ALICE.to_owned(), ..Default::default() };
    let body = v1::transaction_event::Body::StxTransfer(transfer);
    let receipt = v1::TransactionReceipt {
        events: vec![v1::TransactionEvent { event_index: 0, body: Some(body) }],
        ..Default::default()
    };
    let processed = v1::BlockProcessed { receipts: vec![receipt], ..Default::default() };
    assert!(filter(vec![lower]).matches(&event((v1::EventKind::BlockProcessed, Body::BlockProcessed(processed)))));
}

fn event((kind, body): (v1::EventKind, Body)) -> JournalEvent {
    JournalEvent::from_event(v1::Event { sequence: 1, kind: kind.into(), observe_time: None, body: Some(body) }, 0)
}

#[test]
fn stackerdb_and_request_conditions_narrow_their_own_kinds() {
    let producers = filter(vec![v1::EventTerm {
        kinds: vec![v1::EventKind::StackerdbChunks.into(), v1::EventKind::BurnBlock.into()],
        stackerdb_contracts: vec![DB.to_owned()],
        ..Default::default()
    }]);
    assert!(producers.matches(&event(chunks(DB))));
    assert!(!producers.matches(&event(chunks("A.c"))));
    assert!(producers.matches(&event(burn())), "other kinds are not narrowed");
    assert!(!producers.matches(&event(verdict("v-1-1"))));
    let mine = filter(vec![v1::EventTerm { request_id: "v-1-1".to_owned(), ..Default::default() }]);
    assert!(mine.matches(&event(verdict("v-1-1"))));
    assert!(!mine.matches(&event(verdict("v-1-2"))));
    assert!(!mine.matches(&event(burn())));
    let only = filter(vec![v1::EventTerm { stackerdb_contracts: vec![DB.to_owned()], ..Default::default() }]);
    assert!(only.matches(&event(chunks(DB))));
    assert!(!only.matches(&event(burn())), "a term that names a StackerDB only means its chunks");
}

#[test]
fn what_a_block_touches_is_found() {
    let transfer = v1::FtTransfer {
        asset_id: "ST000000000000000000002AMW42H.b::c".to_owned(),
        sender: ALICE.to_owned(),
        recipient: BOB.to_owned(),
        ..Default::default()
    };
    let body = v1::transaction_event::Body::FtTransfer(transfer);
    let receipt = v1::TransactionReceipt {
        txid: vec![5; 32].into(),
        events: vec![v1::TransactionEvent { event_index: 0, body: Some(body) }],
        ..Default::default()
    };
    let processed = v1::BlockProcessed { receipts: vec![receipt], ..Default::default() };
    let block = event((v1::EventKind::BlockProcessed, Body::BlockProcessed(processed)));
    let term = |contracts: &[&str], assets: &[&str], addresses: &[&str]| {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let (contracts, assets, addresses) = (texts(contracts), texts(assets), texts(addresses));
        filter(vec![v1::EventTerm { contracts, assets, addresses, ..Default::default() }])
    };
    assert!(term(&[DB], &[], &[]).matches(&block));
    assert!(term(&[], &["ST000000000000000000002AMW42H.b::c"], &[]).matches(&block));
    assert!(term(&[], &[], &[CAROL, BOB]).matches(&block));
    assert!(term(&[DB], &["ST000000000000000000002AMW42H.b::c"], &[ALICE]).matches(&block));
    assert!(!term(&[DB], &["ST000000000000000000002AMW42H.b::d"], &[]).matches(&block));
    assert!(!term(&[DB], &[], &[]).matches(&event(burn())));
    let mined = |txid: u8| filter(vec![v1::EventTerm { txids: vec![vec![txid; 32].into()], ..Default::default() }]);
    assert!(mined(5).matches(&block));
    assert!(!mined(6).matches(&block));
    let dropped = v1::MempoolDropped { txids: vec![vec![5; 32].into()], ..Default::default() };
    assert!(mined(5).matches(&event((v1::EventKind::MempoolDropped, Body::MempoolDropped(dropped)))));
}

#[test]
fn the_header_form_has_no_bulk() {
    let chunk = v1::StackerDbChunk { slot_id: 1, data: vec![1; 10].into(), ..Default::default() };
    let body = Body::StackerdbChunks(v1::StackerDbChunks { contract_id: DB.to_owned(), chunks: vec![chunk] });
    let entry = event((v1::EventKind::StackerdbChunks, body));
    let data = |event: v1::Event| match event.body {
        Some(Body::StackerdbChunks(chunks)) => chunks.chunks[0].data.len(),
        _ => panic!("another kind"),
    };
    for (payload, expected) in [(Payload::Full, 10), (Payload::Header, 0)] {
        let (whole, length) = payload.event(&entry);
        let shaped = payload.shape(&entry);
        assert_eq!((shaped.len(), v1::Event::decode(shaped).as_ref()), (length, Ok(&whole)));
        assert_eq!(data(whole), expected);
    }
    let chunk = v1::StackerDbChunk { data: vec![1; MAX_EVENT_BYTES].into(), ..Default::default() };
    let body = Body::StackerdbChunks(v1::StackerDbChunks { contract_id: DB.to_owned(), chunks: vec![chunk] });
    let huge = event((v1::EventKind::StackerdbChunks, body));
    assert_eq!(data(Payload::Full.event(&huge).0), 0, "what no client can take travels as header");
    assert!(Payload::Full.shape(&huge).len() < 100);
}
