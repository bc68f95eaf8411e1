//! Time from the answer to a push of an empty block to its event at a subscriber. The tool itself acts as producer and
//! signers.

use std::time::{Duration, Instant};

use chainstate::test_support::{address, key, vrf_key};
use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::template_service_client::TemplateServiceClient;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::SortitionHash;
use stacks_types::transaction::{SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};
use tonic::transport::Channel;

use crate::figures::{Samples, Table};
use crate::load::Size;
use crate::load::accounts::Account;
use crate::load::net;
use crate::processes::Plan;

pub(in crate::load) async fn measure(size: &Size, table: &mut Table) {
    let plan = Plan { running_producers: 0, running_signers: 0, ..Plan::default() };
    let stackers = u8::try_from(plan.weights.len()).expect("few stackers");
    let cluster = net::start(&Account::many(10), plan);
    let client = cluster.client();
    let mut watch = client.watch(0).await;
    watch.block().await; // The boot block.
    let mut blocks = BlockServiceClient::new(client.channel.clone());
    let (mut latency, mut whole) = (Samples::default(), Samples::default());
    for _ in 0..size.pushes {
        let block = make_block(&client.channel, stackers).await;
        let request = v1::PushBlockRequest { block: block.encode().into() };
        let begun = Instant::now();
        let answer = blocks.push_block(request).await.expect("an answer").into_inner();
        let accepted = Instant::now();
        assert_eq!(answer.outcome(), v1::PushOutcome::Accepted, "{answer:?}");
        let processed = watch.block().await;
        latency.push(accepted.elapsed().as_secs_f64() * 1e3);
        whole.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(processed.block.expect("names").block_id, answer.block_id);
    }
    table.samples("push accepted to event at a subscriber", "ms", &latency);
    table.samples("push sent to event at a subscriber", "ms", &whole);
}

async fn make_block(channel: &Channel, stackers: u8) -> NakamotoStacksBlock {
    let template = loop {
        let answer = template(channel).await;
        let Some(template) = answer.template else {
            // The first burn block came between view and template, so the coinbase is missing.
            assert_eq!(answer.failure_reason, "BAD_COINBASE", "{}", answer.failure_detail);
            continue;
        };
        break template;
    };
    let mut block = NakamotoStacksBlock::decode(&template.block).expect("a block");
    let sortition = SortitionHash::try_from(&template.sortition_hash[..]).expect("32 bytes");
    block.header.vrf_proof = vrf_key(0).prove(sortition.as_bytes());
    block.header.sign_producer(&key("producer", 0));
    block.header.stacker_signatures =
        (0..stackers).map(|index| block.header.sign_stacker(&key("stacker", index))).collect();
    block
}

async fn template(channel: &Channel) -> v1::GetTemplateResponse {
    let mut templates = TemplateServiceClient::new(channel.clone()).max_decoding_message_size(17 << 20);
    let request = v1::GetProducerViewRequest { producer_address: address("producer", 0).to_string() };
    let view = templates.get_producer_view(request).await.expect("a view").into_inner();
    let coinbase = if view.new_tenure { coinbase(view.nonce) } else { Vec::new() };
    let request = v1::RequestTemplateRequest { coinbase: coinbase.into(), allow_empty: true, ..Default::default() };
    let id = templates.request_template(request).await.expect("a ticket").into_inner().template_id;
    let wait = prost_types::Duration::try_from(Duration::from_secs(30)).ok();
    let request = v1::GetTemplateRequest { template_id: id, wait };
    templates.get_template(request).await.expect("an answer").into_inner()
}

fn coinbase(nonce: u64) -> Vec<u8> {
    let key = key("producer", 0);
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&key, nonce, 0));
    let mut coinbase = StacksTransaction::new(false, auth, TransactionPayload::Coinbase { buffer: [0; 32] });
    coinbase.sign_origin(&key).expect("the producer's key");
    coinbase.encode()
}
