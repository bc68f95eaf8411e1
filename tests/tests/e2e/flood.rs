//! A flood of validation demands: blocks are still processed, memory stays bounded, and every request gets a correct
//! answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::validation_service_client::ValidationServiceClient;
use tests::figures::resident_bytes;
use tests::processes::{Client, NodeAlone, proposal_of, run};
use tonic::Code;
use tonic_types::StatusExt as _;

const REQUESTS: u32 = 10_000;
/// Requests in flight at once.
const SENDERS: u32 = 48;
/// Number of blocks in each half of the measurement.
const BLOCKS: usize = 12;
/// Largest growth of memory, in bytes: far above the limits of queue (32 MiB), results and buffers, far below 10,000
/// proposals.
const GROWTH_MAX: u64 = 256 << 20;

#[derive(Default)]
struct Tally {
    sent: AtomicU32,
    queued: AtomicU32,
    joined: AtomicU32,
    refused: AtomicU32,
}

/// Duplicates of a proposal, garbage of all lengths, and proposals that differ in one byte.
fn request(number: u32, proposals: &[Vec<u8>]) -> Vec<u8> {
    let proposal = &proposals[number as usize % proposals.len()];
    match number % 4 {
        0 => proposals[0].clone(),
        1 => {
            let mut garbage = number.to_be_bytes().to_vec();
            garbage.resize(4 + (number as usize * 7919) % 60_000, 0xa5);
            garbage
        }
        // With another state root, the producer's signature recovers to another key.
        2 => {
            let mut block = stacks_types::block::NakamotoStacksBlock::decode(proposal).expect("a block");
            block.header.state_index_root.0[..4].copy_from_slice(&number.to_be_bytes());
            block.encode()
        }
        // Now and then a block of the largest size, else a short one.
        _ => {
            let mut bytes = proposal.clone();
            bytes.resize(2 << 20, 0);
            let end = bytes.len() - 4;
            bytes[end..].copy_from_slice(&number.to_be_bytes());
            if number % 40 == 3 { bytes } else { bytes.split_off(end - 500) }
        }
    }
}

async fn flood(client: Client, proposals: Arc<Vec<Vec<u8>>>, tally: Arc<Tally>, done: Arc<AtomicBool>) {
    let mut service = ValidationServiceClient::new(client.channel);
    loop {
        let number = tally.sent.fetch_add(1, Ordering::Relaxed);
        if number >= REQUESTS && done.load(Ordering::Relaxed) {
            tally.sent.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let block = request(number, &proposals).into();
        let request = v1::RequestValidationRequest { block, ..Default::default() };
        match service.request_validation(request).await {
            Ok(answer) if answer.get_ref().joined => tally.joined.fetch_add(1, Ordering::Relaxed),
            Ok(_) => tally.queued.fetch_add(1, Ordering::Relaxed),
            Err(status) => {
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
                let details = status.get_error_details();
                assert_eq!(details.error_info().expect("a reason").reason, "VALIDATION_QUEUE_FULL");
                let advice = details.retry_info().and_then(|info| info.retry_delay).expect("retry advice");
                assert!(advice >= Duration::from_millis(100) && advice <= Duration::from_secs(10), "{advice:?}");
                tally.refused.fetch_add(1, Ordering::Relaxed)
            }
        };
    }
}

#[test]
fn a_flood_of_validations_neither_stops_blocks_nor_grows_memory() {
    run(async {
        let node = NodeAlone::start("");
        let blocks = node.script(2 * BLOCKS, 20).await;
        let proposals: Vec<_> = blocks.iter().map(|block| proposal_of(block).encode()).collect();
        let client = node.client();
        let mut watch = client.watch(0).await;
        watch.block().await; // The boot block.
        let alone = node.push_all(&client, &mut watch, &blocks[..BLOCKS]).await;
        let before = resident_bytes(node.node.id()).expect("a process");

        let (tally, done) = (Arc::new(Tally::default()), Arc::new(AtomicBool::new(false)));
        let proposals = Arc::new(proposals);
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| tokio::spawn(flood(node.client(), Arc::clone(&proposals), Arc::clone(&tally), Arc::clone(&done))))
            .collect();
        while tally.refused.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await; // Waits until the queue is full.
        }
        let flooded = node.push_all(&client, &mut watch, &blocks[BLOCKS..]).await;
        let sent_meanwhile = tally.sent.load(Ordering::Relaxed);
        done.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.expect("honest answers");
        }
        let after = resident_bytes(node.node.id()).expect("a process");
        let (queued, joined) = (tally.queued.load(Ordering::Relaxed), tally.joined.load(Ordering::Relaxed));
        let (sent, refused) = (tally.sent.load(Ordering::Relaxed), tally.refused.load(Ordering::Relaxed));
        println!(
            "{BLOCKS} blocks alone: {alone:?}, in the flood ({sent_meanwhile} requests until then): {flooded:?}; \
             {sent} requests: {queued} queued, {joined} joined, {refused} refused; resident {before} -> {after} bytes"
        );
        assert!(sent >= REQUESTS && queued + joined + refused == sent, "every request got its answer");
        assert!(queued > 0 && joined > 0 && refused > 0);
        assert!(after < before + GROWTH_MAX, "memory grew from {before} to {after}");
        // Every queued job ends, with an event.
        let mut ended = 0;
        watch_verdicts(&client, queued, &mut ended).await;
        assert_eq!(ended, queued);
    });
}

async fn watch_verdicts(client: &Client, wanted: u32, ended: &mut u32) {
    let mut watch = client.watch(0).await;
    while *ended < wanted {
        let finished = watch.until("a validation ends", |body| match body {
            Body::ValidationFinished(finished) => Some(finished.clone()),
            _ => None,
        });
        assert_eq!(finished.await.state(), v1::JobState::Succeeded, "an invalid proposal is a verdict");
        *ended += 1;
    }
}
