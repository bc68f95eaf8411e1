//! Pages of the journal under a filter, read by a client that wants all past events and then new ones.

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::start_position::Position;
use tests::processes::{Client, NodeAlone, address_of_nobody, run};
use tokio::task::JoinSet;

async fn page(client: &Client, filter: &v1::EventFilter, start: Position, page_size: u32) -> v1::ListEventsResponse {
    let request = v1::ListEventsRequest {
        filter: Some(filter.clone()),
        start: Some(v1::StartPosition { position: Some(start) }),
        payload_mode: v1::PayloadMode::Header.into(),
        page_size,
    };
    EventServiceClient::new(client.channel.clone()).list_events(request).await.expect("a page").into_inner()
}

fn sequences(page: &v1::ListEventsResponse) -> Vec<u64> {
    page.events.iter().map(|event| event.sequence).collect()
}

/// Pages from the beginning to the end, and the cursor at the end.
async fn pages(client: &Client, filter: &v1::EventFilter, page_size: u32) -> (Vec<Vec<u64>>, Vec<u8>) {
    let (mut pages, mut start) = (Vec::new(), Position::Earliest(true));
    loop {
        let page = page(client, filter, start, page_size).await;
        pages.push(sequences(&page));
        // In such a short journal every page has events, except perhaps the last.
        assert!(pages.len() as u64 <= page.newest_sequence + 1, "the pages have no end: {pages:?}");
        if page.end_of_journal {
            return (pages, page.next_cursor.to_vec());
        }
        start = Position::AfterCursor(page.next_cursor);
    }
}

#[test]
fn a_loop_over_pages_ends_where_nothing_more_matches_and_goes_on_when_something_does() {
    run(async {
        let node = NodeAlone::start("");
        let blocks = node.script(5, 2).await;
        let client = node.client();
        let mut watch = client.watch(0).await;
        let (mut processed, mut all) = (Vec::new(), 0);
        for block in &blocks[..4] {
            node.push(&client, block).await;
        }
        // The boot block, and the blocks of these transactions.
        while processed.len() < 5 {
            let event = watch.try_next().await.expect("the stream goes on");
            all = event.sequence;
            if matches!(event.body, Some(Body::BlockProcessed(_))) {
                processed.push(event.sequence);
            }
        }
        assert!(all > 5, "there are others, which do not match");
        let term = v1::EventTerm { kinds: vec![v1::EventKind::BlockProcessed.into()], ..Default::default() };
        let of_blocks = v1::EventFilter { terms: vec![term], all: false };
        let mut end = Vec::new();
        for page_size in [1, 2, 5, 6, 1_000] {
            let (pages, cursor) = pages(&client, &of_blocks, page_size).await;
            let expected: Vec<_> = processed.chunks(page_size as usize).map(<[u64]>::to_vec).collect();
            assert_eq!(pages, expected, "pages of {page_size}");
            end = cursor;
        }
        let everything = v1::EventFilter { terms: Vec::new(), all: true };
        for page_size in [1, 7] {
            let seen = pages(&client, &everything, page_size).await.0.concat();
            assert!(seen.len() as u64 >= all);
            assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>(), "each once, in order");
        }
        let term = v1::EventTerm { addresses: vec![address_of_nobody()], ..Default::default() };
        let of_nobody = v1::EventFilter { terms: vec![term], all: false };
        assert_eq!(pages(&client, &of_nobody, 1).await.0, [[0_u64; 0]], "one page, and it is empty");

        let waits = page(&client, &of_blocks, Position::AfterCursor(end.clone().into()), 2).await;
        assert_eq!((sequences(&waits), waits.end_of_journal, waits.next_cursor.to_vec()), (vec![], true, end.clone()));
        node.push(&client, &blocks[4]).await;
        watch.block().await;
        let news = page(&client, &of_blocks, Position::AfterCursor(end.into()), 2).await;
        let last = news.events.last().and_then(|event| event.body.as_ref());
        let Some(Body::BlockProcessed(block)) = last else { panic!("{last:?}") };
        assert_eq!(block.block.as_ref().map(|block| block.chain_length), Some(5));
        assert_eq!((news.events.len(), news.end_of_journal), (1, true));
    });
}

#[test]
fn many_who_read_pages_at_once_wait_for_their_turns() {
    run(async {
        let node = NodeAlone::start("");
        let client = node.client();
        let everything = v1::EventFilter { terms: Vec::new(), all: true };
        let mut readers = JoinSet::new();
        for _ in 0..48 {
            let (client, everything) = (client.clone(), everything.clone());
            readers.spawn(async move { page(&client, &everything, Position::Earliest(true), 1).await });
        }
        for page in readers.join_all().await {
            assert_eq!(sequences(&page), [1]);
        }
    });
}
