//! The admin service: burn blocks on demand, reorganizations, the clock, mining modes, and what it refuses.

use std::time::Instant;

use chainstate::test_support::{address, vrf_key};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::event_service_client::EventServiceClient;
use nakamoto_proto::v1::subscribe_response::Body as Frame;
use stacks_types::address::HashMode;
use tests::processes::{Admin, Client, Cluster, NodeAlone, Plan, WAIT, Watch, run, stacksjs, transfer, wallet};
use tonic::Code;
use tonic_types::StatusExt as _;

fn reason(status: &tonic::Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Waits for the next change of the tip.
async fn tip_change(watch: &mut Watch) -> v1::TipChanged {
    watch
        .until("the tip changes", |body| match body {
            Body::TipChanged(changed) => Some(changed.clone()),
            _ => None,
        })
        .await
}

/// Mines burn blocks until their time is past this one, and little so.
async fn mine_until_later(admin: &mut Admin, time_s: u64) -> u64 {
    let end = Instant::now() + WAIT;
    loop {
        let mined = admin.mine_burn_blocks(1).await.pop().expect("a burn block").timestamp_s;
        assert!((time_s..time_s + WAIT.as_secs()).contains(&mined), "{mined} after {time_s}");
        if mined > time_s {
            return mined;
        }
        assert!(Instant::now() < end, "the time stands still at {time_s}");
    }
}

#[test]
fn time_can_be_set_ahead_and_goes_on_from_there() {
    run(async {
        let mut cluster = Cluster::start_plan(Plan { running_producers: 0, running_signers: 0, ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        let now = admin.mine_burn_blocks(1).await.pop().expect("a burn block").timestamp_s;
        let ahead = now + 30 * 86_400;
        let at = |timestamp_s| v1::MineBurnBlocksRequest { timestamp_s: Some(timestamp_s), ..Default::default() };
        let mined = admin.client.mine_burn_blocks(at(ahead)).await.expect("burn blocks").into_inner().burn_blocks;
        assert_eq!(mined.iter().map(|block| block.timestamp_s).collect::<Vec<_>>(), [ahead]);
        let next = mine_until_later(&mut admin, ahead).await;
        for (wrong, what) in [(ahead - 1, "before"), (ahead * 1_000, "it counts seconds")] {
            let refused = admin.client.mine_burn_blocks(at(wrong)).await.expect_err("it is refused");
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert!(refused.message().contains("timestamp_s") && refused.message().contains(what), "{refused:?}");
        }
        cluster.restart_node("0");
        let mut admin = Admin::new(&cluster.client());
        mine_until_later(&mut admin, next).await;
    });
}

#[test]
fn a_reorganization_rolls_blocks_back_and_the_chain_goes_on_from_there() {
    run(async {
        let cluster = Cluster::start_plan(Plan::default());
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        // The boot block, and the block of the first tenure.
        watch.block().await;
        let first = watch.block().await.block.expect("a block");
        let mut mined = Vec::new();
        for length in 2..=4 {
            mined.extend(admin.mine_burn_blocks(1).await);
            let block = watch.block().await;
            assert_eq!(block.block.expect("a block").chain_length, length, "a tenure for each burn block");
            assert_eq!(block.burn_view, mined.last().cloned());
        }
        let request = v1::ReorganizeBurnchainRequest { depth: Some(3), length: Some(4), overtake: false };
        let reorg = admin.client.reorganize_burnchain(request).await.expect("a reorganization").into_inner();
        assert_eq!(reorg.old_tip, mined.last().cloned());
        assert_eq!(reorg.fork_point.map(|block| block.burn_block_hash), Some(first.burn_block_hash.clone()));
        assert_eq!(reorg.burn_blocks.len(), 4);
        let changed = watch
            .until("the tip moves back", |body| match body {
                Body::TipChanged(changed) if !changed.rolled_back.is_empty() => Some(changed.clone()),
                _ => None,
            })
            .await;
        assert_eq!(changed.new_tip, Some(first.clone()));
        assert_eq!(changed.rolled_back.iter().map(|block| block.chain_length).collect::<Vec<_>>(), [4, 3, 2]);
        let next = tip_change(&mut watch).await.new_tip.expect("a tip");
        assert_eq!(
            (next.chain_length, Some(&next.burn_block_hash)),
            (2, reorg.burn_blocks.last().map(|b| &b.burn_block_hash))
        );
        assert_eq!(cluster.client().tip().await.burn_tip, reorg.burn_blocks.last().cloned());
    });
}

#[test]
fn many_burn_blocks_at_once_are_announced_when_the_call_returns() {
    run(async {
        let cluster = Cluster::start_plan(Plan { producers: 1, running_signers: 0, ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        // On a new chain the clock mines one burn block at its start, and is then paused.
        let mut watch = cluster.client().watch(0).await;
        let start = watch
            .until("the first tenure's burn block", |body| match body {
                Body::BurnBlock(event) => event.burn_block.clone().filter(|block| block.height == 1),
                _ => None,
            })
            .await;
        let mined = admin.mine_burn_blocks(1_000).await;
        assert_eq!(mined.len(), 1_000);
        assert_eq!(mined[0].parent_burn_block_hash, start.burn_block_hash);
        let tip = cluster.client().tip().await;
        assert_eq!(tip.burn_tip, mined.last().cloned());
        let filter = v1::EventTerm { kinds: vec![v1::EventKind::BurnBlock.into()], ..Default::default() };
        let request = v1::ListEventsRequest {
            filter: Some(v1::EventFilter { terms: vec![filter], all: false }),
            page_size: 1_000,
            ..Default::default()
        };
        let mut events = v1::event_service_client::EventServiceClient::new(cluster.client().channel)
            .max_decoding_message_size(64 << 20);
        let page = events.list_events(request).await.expect("a page").into_inner();
        assert_eq!(page.events.len(), 1_000, "with the first ones more than a page");
        // A fork from an earlier block grows without becoming canonical.
        let request =
            v1::MineBurnBlocksRequest { count: Some(2), on: start.burn_block_hash.clone(), ..Default::default() };
        let fork = admin.client.mine_burn_blocks(request).await.expect("a fork").into_inner().burn_blocks;
        assert_eq!(fork[0].height, start.height + 1);
        assert_ne!(fork[0].burn_block_hash, mined[0].burn_block_hash);
        assert_eq!(cluster.client().tip().await.burn_tip, tip.burn_tip);
    });
}

#[test]
fn burn_blocks_that_a_small_journal_forgets_are_mined_all_the_same() {
    run(async {
        let node = NodeAlone::start("[journal]\nmax_events = 1000\n");
        let mut admin = Admin::new(&node.client());
        for _ in 0..10 {
            let mined = admin.mine_burn_blocks(1_000).await;
            assert_eq!(node.client().tip().await.burn_tip, mined.last().cloned());
        }
    });
}

/// A producer gives templates less time when burn blocks come faster than templates are filled. Otherwise, as opening a
/// block takes longer with each burn block, nothing would be mined any more.
#[test]
fn a_transfer_is_mined_after_twenty_thousand_burn_blocks() {
    run(async {
        let cluster = Cluster::start_plan(Plan { block_interval: "0", ..Plan::default() });
        let (client, mut admin) = (cluster.client(), Admin::new(&cluster.client()));
        for _ in 0..20 {
            assert_eq!(admin.mine_burn_blocks(1_000).await.len(), 1_000);
        }
        let transaction = transfer(&wallet(&stacksjs(), "wallet_1"), 0);
        assert!(client.submit(transaction.encode()).await.accepted);
        client.watch(0).await.receipt(&transaction.txid().0).await;
    });
}

#[test]
fn in_manual_mode_blocks_come_when_they_are_asked_for_and_at_no_other_time() {
    run(async {
        let mut cluster = Cluster::start_plan(Plan { block_interval: "50ms", ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        watch.block().await;
        admin.set_mining_mode(v1::MiningMode::Manual).await;
        // A block in progress may still come: the test requests some and counts from there.
        let first = admin.mine_blocks(2).await;
        let last = cluster.client().tip().await.tip.expect("a tip").chain_length;
        assert!(last >= first.last().expect("a block").chain_length);
        // Mode and requested blocks survive a restart of the node.
        cluster.restart_node("0");
        let mut admin = Admin::new(&cluster.client());
        admin.mine_burn_blocks(1).await;
        let mined = admin.mine_blocks(3).await;
        let lengths: Vec<_> = mined.iter().map(|block| block.chain_length).collect();
        assert_eq!(lengths, [last + 1, last + 2, last + 3], "none came for the burn block or the interval");
        let policy = admin.client.get_mining_mode(v1::GetMiningModeRequest {}).await.expect("a mode").into_inner();
        let policy = policy.policy.expect("a policy");
        assert_eq!((policy.mode(), policy.blocks_wanted), (v1::MiningMode::Manual, 0));
        // In mixed mode the interval of 50 ms counts again.
        let mut watch = cluster.client().watch(0).await;
        admin.set_mining_mode(v1::MiningMode::Mixed).await;
        let ahead = last + 5;
        watch
            .until("empty blocks come again", |body| match body {
                Body::BlockProcessed(block) => block.block.as_ref().filter(|b| b.chain_length >= ahead).map(|_| ()),
                _ => None,
            })
            .await;
    });
}

/// Checks that no burn block comes for a second, in which a running clock would mine ten.
async fn a_second_without_burn_blocks(client: &Client) {
    let term = v1::EventTerm { kinds: vec![v1::EventKind::BurnBlock.into()], ..Default::default() };
    let request = v1::SubscribeRequest {
        filter: Some(v1::EventFilter { terms: vec![term], all: false }),
        heartbeat_interval: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..Default::default()
    };
    let mut service = EventServiceClient::new(client.channel.clone());
    let mut stream = service.subscribe(request).await.expect("a stream").into_inner();
    for expected in ["Started", "Heartbeat"] {
        let frame = tokio::time::timeout(WAIT, stream.message()).await.expect("a frame in time");
        let body = frame.expect("a frame").and_then(|frame| frame.body);
        match (expected, &body) {
            ("Started", Some(Frame::Started(_))) | ("Heartbeat", Some(Frame::Heartbeat(_))) => {}
            _ => panic!("{body:?}, not {expected}"),
        }
    }
}

#[test]
fn the_clock_stands_still_and_runs_again() {
    run(async {
        let cluster = Cluster::start_plan(Plan { burn_block_interval: "100ms", ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        let paused = admin.client.pause_clock(v1::PauseClockRequest {}).await.expect("a pause").into_inner();
        assert!(paused.clock.expect("a clock").paused);
        // A tick that had begun may still mine. Our burn block comes after it, and no other one follows.
        admin.mine_burn_blocks(1).await;
        let ours = admin.mine_burn_blocks(1).await.pop().expect("a burn block");
        a_second_without_burn_blocks(&cluster.client()).await;
        assert_eq!(cluster.client().tip().await.burn_tip, Some(ours.clone()));
        let interval = prost_types::Duration { seconds: 0, nanos: 20_000_000 };
        let request = v1::ResumeClockRequest { interval: Some(interval) };
        let running = admin.client.resume_clock(request).await.expect("a clock").into_inner();
        assert_eq!(running.clock.map(|clock| (clock.interval, clock.paused)), Some((Some(interval), false)));
        let mut watch = cluster.client().watch(0).await;
        watch
            .until("the clock mines again", |body| match body {
                Body::BurnBlock(event) => {
                    event.burn_block.as_ref().filter(|block| block.height >= ours.height + 3).map(|_| ())
                }
                _ => None,
            })
            .await;
    });
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    run(async {
        let cluster = Cluster::start_plan(Plan { running_signers: 0, cycle_length: 5, ..Plan::default() });
        let mut admin = Admin::new(&cluster.client()).client;
        for count in [0, 1_001] {
            let request = v1::MineBurnBlocksRequest { count: Some(count), ..Default::default() };
            let refused = admin.mine_burn_blocks(request).await.expect_err("a limit");
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        }
        let request = v1::MineBurnBlocksRequest { on: vec![9; 32].into(), ..Default::default() };
        let refused = admin.mine_burn_blocks(request).await.expect_err("an unknown block");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "UNKNOWN_BURN_BLOCK"));
        for (depth, length, expected) in [(3, Some(3), "FIELD_INVALID"), (900, None, "CHAIN_TOO_SHORT")] {
            let request = v1::ReorganizeBurnchainRequest { depth: Some(depth), length, overtake: true };
            let refused = admin.reorganize_burnchain(request).await.expect_err("no reorganization");
            assert_eq!(reason(&refused), expected);
        }
        let refused = admin.set_mining_mode(v1::SetMiningModeRequest::default()).await.expect_err("no mode");
        assert_eq!(reason(&refused), "FIELD_INVALID");
        let stacker = |weight| v1::StackerSetEntry { address: address("stacker", 0).to_string(), weight };
        for (cycle, stackers, expected) in [
            (Some(0), vec![stacker(1)], "CYCLE_STARTED"),
            (None, vec![], "FIELD_MISSING"),
            (None, vec![stacker(0)], "FIELD_INVALID"),
            (None, vec![stacker(1), stacker(1)], "FIELD_INVALID"),
            (Some(u64::MAX), vec![stacker(1)], "FIELD_INVALID"),
        ] {
            let request = v1::SetStackerSetRequest { reward_cycle: cycle, stackers };
            let refused = admin.set_stacker_set(request).await.expect_err("a bad set");
            assert_eq!(reason(&refused), expected, "{refused:?}");
        }
        let multisig = HashMode::P2sh.address(address("stacker", 0).hash160(), false).to_string();
        let stackers = vec![v1::StackerSetEntry { address: multisig.clone(), weight: 1 }];
        let refused = admin.set_stacker_set(v1::SetStackerSetRequest { reward_cycle: None, stackers }).await;
        let refused = refused.expect_err("no key has this address");
        assert_eq!(reason(&refused), "FIELD_INVALID");
        assert!(
            refused.message().contains("stackers[0].address") && refused.message().contains(&multisig),
            "{refused}"
        );
        let entry =
            v1::ProducerSetEntry { address: multisig, vrf_public_key: vrf_key(1).public_key().0.to_vec().into() };
        let request = v1::SetProducerSetRequest { reward_cycle: None, producers: vec![entry] };
        assert_eq!(reason(&admin.set_producer_set(request).await.expect_err("no key")), "FIELD_INVALID");
        let entry =
            v1::ProducerSetEntry { address: address("stacker", 0).to_string(), vrf_public_key: vec![1; 31].into() };
        let request = v1::SetProducerSetRequest { reward_cycle: None, producers: vec![entry] };
        assert_eq!(reason(&admin.set_producer_set(request).await.expect_err("a bad key")), "FIELD_INVALID");
    });
}
