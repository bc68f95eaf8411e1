//! Decides which posts an event makes for an observer.

use std::collections::VecDeque;
use std::sync::Arc;

use chainstate::journal::JournalEvent;
use nakamoto_proto::v1;
use v1::event::Body;

use super::keys::Interest;
use super::payload::{self, Endpoint, PostedEvents};

/// Most transactions in one `/new_mempool_tx`.
pub(super) const MAX_JOINED_TRANSACTIONS: usize = 50;
/// Most bytes of the joined transactions; a larger one is posted alone.
const MAX_JOINED_BYTES: usize = 1 << 20;

/// The posts of an event that lies before the first block of a replay: burn blocks only, including the first of all.
pub(super) fn burn_block_posts(event: &v1::Event, interest: &Interest) -> Vec<Endpoint> {
    let is_burn_block = matches!(event.body, Some(Body::BurnBlock(_)));
    only_if(interest.burn_blocks && is_burn_block, Endpoint::NewBurnBlock)
}

/// The posts of an event, in order.
pub(super) fn posts(event: &v1::Event, interest: &Interest) -> Vec<Endpoint> {
    match &event.body {
        // The first burn block is posted with the boot block, which must be the first event that an observer gets.
        Some(Body::BurnBlock(burn)) if !is_first(burn) => only_if(interest.burn_blocks, Endpoint::NewBurnBlock),
        Some(Body::BlockProcessed(block)) if payload::is_boot(block) => {
            let burn_block = interest.burn_blocks.then_some(Endpoint::NewBurnBlock);
            std::iter::once(Endpoint::NewBlock).chain(burn_block).collect()
        }
        // Every observer gets every block, whatever its keys.
        Some(Body::BlockProcessed(_)) => vec![Endpoint::NewBlock],
        Some(Body::MempoolAccepted(_)) => only_if(interest.mempool, Endpoint::NewMempoolTx),
        Some(Body::MempoolDropped(dropped)) => {
            only_if(interest.mempool && payload::drop_reason(dropped).is_some(), Endpoint::DropMempoolTx)
        }
        Some(Body::StackerdbChunks(_)) => only_if(interest.stackerdb, Endpoint::StackerDbChunks),
        // Without a verdict (after a missed deadline, say) the reference has no format for the event.
        Some(Body::ValidationFinished(_)) => {
            only_if(interest.proposals && payload::verdict(event).is_some(), Endpoint::ProposalResponse)
        }
        Some(
            Body::BurnBlock(_)
            | Body::BlockStored(_)
            | Body::BlockRejected(_)
            | Body::TipChanged(_)
            | Body::TemplateFinished(_)
            | Body::MiningChanged(_),
        )
        | None => Vec::new(),
    }
}

fn only_if(wanted: bool, endpoint: Endpoint) -> Vec<Endpoint> {
    if wanted { vec![endpoint] } else { Vec::new() }
}

/// The events of a post to `endpoint` for the first of `waiting`, and how many of `waiting` the post covers.
///
/// Waiting transactions are posted as one array, which an observer takes many times faster; an observer that keeps up
/// never has two waiting. Events between them that make no post do not matter.
pub(super) fn join(
    endpoint: Endpoint,
    waiting: &VecDeque<JournalEvent>,
    first: &JournalEvent,
    interest: &Interest,
) -> (PostedEvents, usize) {
    let mut posted = PostedEvents { first: Arc::clone(&first.event), more: Vec::new() };
    let mut covered = 1;
    if endpoint != Endpoint::NewMempoolTx {
        return (posted, covered);
    }
    let mut bytes = transaction_bytes(&first.event);
    for (index, entry) in waiting.iter().enumerate().skip(1) {
        match posts(&entry.event, interest)[..] {
            [] => continue,
            [Endpoint::NewMempoolTx] => {}
            _ => break,
        }
        bytes += transaction_bytes(&entry.event);
        if posted.more.len() + 1 == MAX_JOINED_TRANSACTIONS || bytes > MAX_JOINED_BYTES {
            break;
        }
        posted.more.push(Arc::clone(&entry.event));
        covered = index + 1;
    }
    (posted, covered)
}

fn transaction_bytes(event: &v1::Event) -> usize {
    match &event.body {
        Some(Body::MempoolAccepted(accepted)) => accepted.transaction.len(),
        _ => 0,
    }
}

/// Whether this is the first block of the mocked bitcoin, which has no parent.
fn is_first(burn: &v1::BurnBlockEvent) -> bool {
    burn.burn_block.as_ref().is_some_and(|block| block.parent_burn_block_hash.iter().all(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EventKey;

    fn star() -> Interest {
        Interest::of_keys(&[EventKey::Any])
    }

    fn event(body: Body) -> v1::Event {
        v1::Event { body: Some(body), ..v1::Event::default() }
    }

    fn burn(parent: u8) -> v1::Event {
        let block = v1::BurnBlock { parent_burn_block_hash: vec![parent; 32].into(), ..v1::BurnBlock::default() };
        event(Body::BurnBlock(v1::BurnBlockEvent { burn_block: Some(block), is_canonical_tip: true }))
    }

    fn block(boot: bool) -> v1::Event {
        let names = v1::BlockRef { block_hash: vec![0; 32].into(), ..v1::BlockRef::default() };
        let header = (!boot).then(v1::BlockHeader::default);
        event(Body::BlockProcessed(v1::BlockProcessed { block: Some(names), header, ..Default::default() }))
    }

    #[test]
    fn blocks_go_to_everyone_and_the_rest_to_those_who_asked() {
        let (nothing, star) = (Interest::default(), star());
        let dropped = |reason: v1::DropReason| {
            event(Body::MempoolDropped(v1::MempoolDropped { reason: reason.into(), ..Default::default() }))
        };
        for (event, all, expected) in [
            (block(false), true, vec![Endpoint::NewBlock]),
            (burn(1), false, vec![Endpoint::NewBurnBlock]),
            (event(Body::MempoolAccepted(v1::MempoolAccepted::default())), false, vec![Endpoint::NewMempoolTx]),
            (dropped(v1::DropReason::ReplaceByFee), false, vec![Endpoint::DropMempoolTx]),
            (dropped(v1::DropReason::NonceUsed), false, vec![]),
            (event(Body::TipChanged(v1::TipChanged::default())), false, vec![]),
            (event(Body::StackerdbChunks(v1::StackerDbChunks::default())), false, vec![]),
            (event(Body::ValidationFinished(v1::ValidationFinished::default())), false, vec![]),
        ] {
            assert_eq!(posts(&event, &star), expected, "{event:?}");
            assert_eq!(posts(&event, &nothing), if all { expected } else { vec![] }, "{event:?}");
        }
    }

    #[test]
    fn stackerdb_and_proposals_go_to_those_who_named_them() {
        let interest = Interest::of_keys(&[EventKey::StackerDb, EventKey::BlockProposal]);
        let chunks = event(Body::StackerdbChunks(v1::StackerDbChunks::default()));
        assert_eq!(posts(&chunks, &interest), [Endpoint::StackerDbChunks]);
        let finished =
            |verdict| event(Body::ValidationFinished(v1::ValidationFinished { verdict, ..Default::default() }));
        let with = finished(Some(v1::ValidationVerdict::default()));
        assert_eq!(posts(&with, &interest), [Endpoint::ProposalResponse]);
        assert_eq!(posts(&finished(None), &interest), []);
    }

    #[test]
    fn the_boot_block_comes_before_its_burn_block() {
        let star = star();
        assert_eq!(posts(&burn(0), &star), []);
        assert_eq!(posts(&block(true), &star), [Endpoint::NewBlock, Endpoint::NewBurnBlock]);
        assert_eq!(posts(&block(false), &star), [Endpoint::NewBlock]);
        let nobody = Interest::default();
        for block in [block(true), block(false)] {
            assert_eq!(posts(&block, &nobody), [Endpoint::NewBlock], "burn blocks were not asked for");
        }
    }

    #[test]
    fn before_the_first_block_of_a_replay_come_burn_blocks_alone() {
        for burn in [burn(0), burn(1)] {
            assert_eq!(burn_block_posts(&burn, &star()), [Endpoint::NewBurnBlock]);
            assert_eq!(burn_block_posts(&burn, &Interest::default()), []);
        }
        for block in [block(true), block(false)] {
            assert_eq!(burn_block_posts(&block, &star()), []);
        }
    }

    #[test]
    fn transactions_that_wait_behind_one_another_are_joined_within_bounds() {
        let accepted = |bytes: usize| {
            event(Body::MempoolAccepted(v1::MempoolAccepted {
                txid: vec![1; 32].into(),
                transaction: vec![1; bytes].into(),
            }))
        };
        let silent = || event(Body::TipChanged(v1::TipChanged::default()));
        let joined = |events: Vec<v1::Event>, interest: &Interest| {
            let waiting: VecDeque<_> = events.into_iter().map(|event| JournalEvent::from_event(event, 0)).collect();
            let (posted, covered) = join(Endpoint::NewMempoolTx, &waiting, &waiting[0], interest);
            (posted.more.len() + 1, covered)
        };
        assert_eq!(joined(vec![accepted(1)], &star()), (1, 1));
        assert_eq!(joined(vec![accepted(1), silent(), accepted(1), silent()], &star()), (2, 3));
        assert_eq!(joined(vec![accepted(1), accepted(1), block(false), accepted(1)], &star()), (2, 2));
        assert_eq!(joined(vec![accepted(1), burn(1), accepted(1)], &star()), (1, 1));
        let blind = Interest::of_keys(&[EventKey::Mempool]);
        assert_eq!(joined(vec![accepted(1), burn(1), accepted(1)], &blind), (2, 3), "it gets no burn blocks");
        assert_eq!(joined((0..60).map(|_| accepted(1)).collect(), &star()), (50, 50));
        assert_eq!(joined(vec![accepted(1 << 19), accepted(1 << 19), accepted(1)], &star()), (2, 2));
        assert_eq!(joined(vec![accepted(1 << 21), accepted(1)], &star()), (1, 1));
        let waiting =
            VecDeque::from([JournalEvent::from_event(block(false), 0), JournalEvent::from_event(accepted(1), 0)]);
        assert_eq!(join(Endpoint::NewBlock, &waiting, &waiting[0], &star()).1, 1);
    }
}
