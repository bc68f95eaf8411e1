//! Producers in rotation, stackers with weights, and changing sets: members that are silent, down, slow or refusing do
//! not stop the chain as long as enough weight signs.

use std::collections::BTreeSet;

use chainstate::test_support::{address, key, vrf_key};
use client::{Node, SlotWriter};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use stacks_types::ids::Hash160;
use stacks_types::keys::{LowS, MessageSignature};
use stacks_types::limits::BOOT_ADDRESS_TESTNET;
use stacks_types::proposal::SlotMessage;
use tests::processes::{Admin, Cluster, Plan, Watch, run};

/// Waits for the next proposal in a producer's slot.
async fn proposal(watch: &mut Watch) -> stacks_types::block::NakamotoStacksBlock {
    watch
        .until("a block is proposed", |body| match body {
            Body::StackerdbChunks(chunks) if chunks.contract_id.ends_with(".producers") => {
                let message = SlotMessage::decode(&chunks.chunks.first()?.data).ok()?;
                let SlotMessage::BlockProposal { block } = message else { return None };
                stacks_types::block::NakamotoStacksBlock::decode(&block).ok()
            }
            _ => None,
        })
        .await
}

/// Waits until `count` signers have answered, with or without a signature; returns how many signed.
async fn answers(watch: &mut Watch, count: usize) -> usize {
    let mut signed = 0;
    for _ in 0..count {
        signed += watch
            .until("a signer answers", |body| match body {
                Body::BlockProcessed(_) => panic!("a block without enough weight"),
                Body::StackerdbChunks(chunks) if chunks.contract_id.ends_with(".signers") => {
                    let message = SlotMessage::decode(&chunks.chunks.first()?.data).ok()?;
                    Some(usize::from(matches!(message, SlotMessage::SignatureAccept { .. })))
                }
                _ => None,
            })
            .await;
    }
    signed
}

/// Account hashes of the stackers that signed a block, in the order of its header.
pub(super) fn signers_of(block: &v1::BlockProcessed) -> Vec<Hash160> {
    let (names, header) = (block.block.as_ref().expect("names"), block.header.as_ref().expect("a header"));
    let signer = |signature: &prost::bytes::Bytes| {
        let signature = MessageSignature(signature.as_ref().try_into().expect("65 bytes"));
        let digest: [u8; 32] = names.block_hash.as_ref().try_into().expect("32 bytes");
        signature.recover(&digest, LowS::Lax).expect("a key").hash160()
    };
    header.stacker_signature.iter().map(signer).collect()
}

/// Account hash of a stacker's key.
pub(super) fn stacker(index: u8) -> Hash160 {
    key("stacker", index).public_key().hash160()
}

#[test]
fn three_producers_take_turns_and_each_mines_in_its_own_tenure() {
    run(async {
        let cluster = Cluster::start_plan(Plan { producers: 3, ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        let mut seen = BTreeSet::new();
        for height in 1_u64..=6 {
            if height > 1 {
                admin.mine_burn_blocks(1).await;
            }
            let block = watch.block().await;
            let view = block.burn_view.expect("a burn view");
            let turn = u8::try_from(height % 3).expect("small");
            assert_eq!(
                (view.height, view.elected_producer.as_str()),
                (height, address("producer", turn).to_string().as_str())
            );
            assert!(block.new_tenure);
            seen.insert(turn);
        }
        assert_eq!(seen.len(), 3);
    });
}

#[test]
fn a_block_whose_producer_was_killed_is_finished_by_the_next_one() {
    run(async {
        let plan = Plan { producers: 3, weights: vec![1; 4], running_signers: 4, ..Plan::default() };
        let mut cluster = Cluster::start_plan(plan);
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        watch.block().await;
        // One signer of four answers the proposal; then its producer dies.
        (1..4).for_each(|i| cluster.signers[i].kill());
        let view = admin.mine_burn_blocks(1).await.pop().expect("a burn block");
        let proposed = proposal(&mut watch).await;
        assert_eq!(answers(&mut watch, 1).await, 1);
        let victim =
            (0..3).find(|i| address("producer", *i).to_string() == view.elected_producer).expect("one of ours");
        cluster.producers[usize::from(victim)].kill();
        // The next producer is elected. It must finish the proposed block and not build another in its place.
        let next = admin.mine_burn_blocks(1).await.pop().expect("a burn block");
        assert_ne!(next.elected_producer, view.elected_producer);
        (1..4).for_each(|i| cluster.restart_signer(i));
        let finished = watch.block().await;
        assert_eq!(finished.block.expect("names").block_hash.as_ref(), proposed.header.block_hash().0);
        assert_eq!(finished.burn_view, Some(view));
        let own = watch.block().await;
        assert_eq!((own.burn_view, own.new_tenure), (Some(next), true));
        // The tenure of a silent producer passes without a block; the others go on.
        let mut tenure = admin.mine_burn_blocks(1).await.pop();
        assert_eq!(watch.block().await.burn_view, tenure);
        let silent = admin.mine_burn_blocks(1).await.pop().expect("a burn block");
        assert_eq!(silent.elected_producer, address("producer", victim).to_string());
        tenure = admin.mine_burn_blocks(1).await.pop();
        assert_eq!(watch.block().await.burn_view, tenure);
    });
}

/// As a stacker of the set, refuses every proposal.
async fn refuse_all(cluster: &Cluster, index: u8) {
    let node = Node::new(&cluster.url(), None, None).expect("a node");
    let mut slot = SlotWriter::new(format!("{BOOT_ADDRESS_TESTNET}.signers"), u32::from(index));
    let mut watch = cluster.client().watch(0).await;
    loop {
        let block = proposal(&mut watch).await;
        let (block_hash, reason) = (block.header.block_hash(), "on principle".to_owned());
        let message = SlotMessage::Reject { block_hash, reason_code: 1, reason };
        slot.put(&node, &key("stacker", index), message.encode()).await.expect("the slot is ours");
    }
}

#[test]
fn the_chain_goes_on_with_signers_down_slow_and_refusing_while_there_is_weight_and_stops_when_not() {
    run(async {
        // 7 of 10 are needed. The fourth refuses and the fifth is down, which leaves 8. No proposal is repeated, so
        // each answer counts once.
        let plan =
            Plan { weights: vec![3, 3, 2, 1, 1], running_signers: 3, proposal_timeout: "60s", ..Plan::default() };
        let mut cluster = Cluster::start_plan(plan);
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        watch.block().await;
        let goes_on = async |admin: &mut Admin, watch: &mut Watch| {
            let burn = admin.mine_burn_blocks(1).await.pop();
            let block = watch.block().await;
            assert_eq!(block.burn_view, burn);
            assert_eq!(signers_of(&block), [stacker(0), stacker(1), stacker(2)], "in the order of the set");
        };
        tokio::select! {
            () = refuse_all(&cluster, 3) => panic!("it never ends"),
            () = async {
                goes_on(&mut admin, &mut watch).await;
                // The third is slow: 6 are not enough until it answers.
                cluster.signers[2].freeze();
                let burn = admin.mine_burn_blocks(1).await.pop();
                proposal(&mut watch).await;
                assert_eq!(answers(&mut watch, 3).await, 2, "two sign, one refuses, and no block comes");
                cluster.signers[2].thaw();
                assert_eq!(watch.block().await.burn_view, burn);
            } => {}
        }
        // Nobody refuses, but one more is down until it comes back.
        cluster.signers[1].kill();
        let burn = admin.mine_burn_blocks(1).await.pop();
        proposal(&mut watch).await;
        assert_eq!(answers(&mut watch, 2).await, 2);
        cluster.restart_signer(1);
        assert_eq!(watch.block().await.burn_view, burn);
        goes_on(&mut admin, &mut watch).await;
    });
}

#[test]
fn sets_and_weights_change_at_the_cycle_boundary_while_the_chain_runs() {
    run(async {
        let mut cluster = Cluster::start_plan(Plan { producers: 2, cycle_length: 4, ..Plan::default() });
        cluster.add_signer();
        cluster.add_signer();
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        let first = watch.block().await;
        assert_eq!(signers_of(&first), [stacker(0), stacker(1), stacker(2)]);
        // 5 of 6 are needed; the two new ones have that.
        let entry = |index, weight| v1::StackerSetEntry { address: address("stacker", index).to_string(), weight };
        let stackers = vec![entry(4, 3), entry(3, 2), entry(0, 1)];
        let request = v1::SetStackerSetRequest { reward_cycle: None, stackers };
        let set = admin.client.set_stacker_set(request).await.expect("a set").into_inner();
        assert_eq!((set.reward_cycle, set.first_burn_height), (1, 4));
        let producers = vec![v1::ProducerSetEntry {
            address: address("producer", 1).to_string(),
            vrf_public_key: vrf_key(1).public_key().0.to_vec().into(),
        }];
        let request = v1::SetProducerSetRequest { reward_cycle: Some(1), producers };
        admin.client.set_producer_set(request).await.expect("a set");
        for height in 2..=5 {
            admin.mine_burn_blocks(1).await;
            if height == 4 {
                // The stackers and the producer that left are not needed.
                (1..=2).for_each(|i| cluster.signers[i].kill());
                cluster.producers[0].kill();
            }
            let block = watch.block().await;
            let view = block.burn_view.clone().expect("a burn view");
            let signers: BTreeSet<_> = signers_of(&block).into_iter().collect();
            assert_eq!((view.height, view.reward_cycle), (height, height / 4));
            if height < 4 {
                assert_eq!(signers, [0, 1, 2].map(stacker).into());
            } else {
                assert!(signers.is_superset(&[3, 4].map(stacker).into()) && !signers.contains(&stacker(1)));
                assert_eq!(signers_of(&block)[..2], [stacker(4), stacker(3)], "in the order of the new set");
                assert_eq!(view.elected_producer, address("producer", 1).to_string());
            }
        }
        let mut stackerdb = v1::stacker_db_service_client::StackerDbServiceClient::new(cluster.client().channel);
        let request = v1::ListSlotsRequest { contract_id: format!("{BOOT_ADDRESS_TESTNET}.signers") };
        let slots = stackerdb.list_slots(request).await.expect("slots").into_inner().slots;
        let owners: Vec<_> = slots.into_iter().map(|slot| slot.signer).collect();
        assert_eq!(
            owners,
            [4, 3, 0].map(|number| address("stacker", number).to_string()),
            "the chain is in the new cycle: only its stackers have slots"
        );
    });
}

#[test]
fn a_cycle_whose_stackers_are_not_all_there_stops_the_chain_no_longer_than_it_lasts() {
    run(async {
        let cluster = Cluster::start_plan(Plan { cycle_length: 4, ..Plan::default() });
        let mut admin = Admin::new(&cluster.client());
        let mut watch = cluster.client().watch(0).await;
        watch.block().await;
        watch.block().await;
        // In the first cycle a fourth stacker has two of five votes and never starts: three have signed, and four are
        // needed.
        let entry = |index, weight| v1::StackerSetEntry { address: address("stacker", index).to_string(), weight };
        let three = vec![entry(0, 1), entry(1, 1), entry(2, 1)];
        for (cycle, stackers) in [(1, [three.clone(), vec![entry(3, 2)]].concat()), (2, three)] {
            let request = v1::SetStackerSetRequest { reward_cycle: Some(cycle), stackers };
            admin.client.set_stacker_set(request).await.expect("a set");
        }
        admin.mine_burn_blocks(2).await;
        watch.block().await;
        let burn = admin.mine_burn_blocks(1).await.pop().expect("a burn block");
        assert_eq!(burn.reward_cycle, 1);
        let unfinished = proposal(&mut watch).await;
        assert_eq!(unfinished.header.bitcoin_block_hash.0, burn.burn_block_hash.as_ref());
        assert_eq!(answers(&mut watch, 3).await, 3, "all that are there sign it");
        // In the second cycle the three are enough again, though each has signed a block on this parent.
        let burn = admin.mine_burn_blocks(4).await.pop().expect("a burn block");
        assert_eq!(burn.reward_cycle, 2);
        cluster.producers[0].wait_for_log("given up for now");
        let block = watch.block().await;
        assert_eq!(block.burn_view, Some(burn));
        assert_eq!(block.block.as_ref().expect("names").chain_length, unfinished.header.chain_length);
        assert_eq!(signers_of(&block), [stacker(0), stacker(1), stacker(2)]);
        let burn = admin.mine_burn_blocks(1).await.pop();
        assert_eq!(watch.block().await.burn_view, burn);
    });
}
