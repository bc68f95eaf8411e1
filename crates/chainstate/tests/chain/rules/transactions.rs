//! Rule 6: the coinbase, and transactions that make a block invalid.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chainstate::assembly::{TemplateFailure, TemplateOrder};
use chainstate::chain::StoreOutcome;
use chainstate::test_support::with_other_s;
use clarity::names::{ClarityName, ContractName};
use nakamoto_proto::v1::RejectReason;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::{BlockHash, ConsensusHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;
use stacks_types::limits::MAX_BLOCK_BYTES;
use stacks_types::transaction::{
    AssetInfo, BlockTransaction, ContractVersion, FungibleCode, MicroblockHeader, PostCondition, PostConditionMode,
    PostConditionPrincipal, SpendingCondition, StacksTransaction, TenureChange, TenureChangeCause, TransactionAuth,
    TransactionPayload, TransactionVersion,
};

use super::scene::{Scene, wide};
use super::{Case, OnPush, because, case, check};
use crate::support::TestChain;
use chainstate::test_support::{OPENING_USTX, address, deploy, key, on_a_large_stack, signed, transfer, user, vrf_key};

/// A block that continues a tenure, invalid by one transaction among good ones. The first user's next nonce is 1.
fn spoilt(scene: &Scene, bad: StacksTransaction) -> NakamotoStacksBlock {
    scene.same_tenure(vec![transfer(1, 0, 2, 9), bad])
}

/// A transfer that is changed before it is signed.
fn changed(change: impl FnOnce(&mut StacksTransaction)) -> StacksTransaction {
    let mut transaction = transfer(0, 1, 1, 5);
    change(&mut transaction);
    transaction.sign_origin(&key("user", 0)).expect("the key is the origin's");
    transaction
}

/// A signed transaction of the first user with this payload.
fn holding(payload: TransactionPayload) -> StacksTransaction {
    signed(&key("user", 0), 1, 10_000, payload)
}

/// A block whose coinbase is changed; roots and signatures fit.
fn recoined(scene: &Scene, change: impl FnOnce(&mut Vec<BlockTransaction>)) -> NakamotoStacksBlock {
    let mut block = scene.new_tenure(vec![transfer(0, 1, 1, 5)]);
    change(&mut block.txs);
    scene.test.finish(&mut block);
    block
}

fn coinbase(kind: &str, index: u8, nonce: u64) -> StacksTransaction {
    signed(&key(kind, index), nonce, 0, TransactionPayload::Coinbase { buffer: [8; 32] })
}

const COINBASE: &[Case] = &[
    because(RejectReason::BadCoinbase, "the first transaction of a tenure is none", |scene| {
        recoined(scene, |txs| drop(txs.remove(0)))
    }),
    because(RejectReason::BadCoinbase, "the first block of a tenure has none", |scene| {
        recoined(scene, |txs| txs.clear())
    }),
    case(RejectReason::BadCoinbase, "not first", |scene| recoined(scene, |txs| txs.swap(0, 1))),
    because(RejectReason::BadCoinbase, "transaction 2 is an extra one", |scene| {
        let producer = scene.test.elected_at(&scene.b3);
        recoined(scene, |txs| txs.push(BlockTransaction::new(coinbase("producer", producer, 9))))
    }),
    because(RejectReason::BadCoinbase, "signed by", |scene| {
        recoined(scene, |txs| txs[0] = BlockTransaction::new(coinbase("user", 3, 0)))
    }),
    case(RejectReason::BadCoinbase, "another producer's", |scene| {
        let other = 1 - scene.test.elected_at(&scene.b3);
        let nonce = scene.test.nonce_at(&scene.p2.block_id(), &address("producer", other));
        recoined(scene, |txs| txs[0] = BlockTransaction::new(coinbase("producer", other, nonce)))
    }),
    because(RejectReason::BadCoinbase, "does not start a tenure", |scene| {
        let producer = scene.test.elected_at(&scene.b2);
        let nonce = scene.test.nonce_at(&scene.p2.block_id(), &address("producer", producer));
        scene.same_tenure(vec![coinbase("producer", producer, nonce)])
    }),
];

/// Cases that are judged without state.
const STATIC: &[Case] = &[
    because(RejectReason::BadTransaction, "chain id is", |scene| spoilt(scene, changed(|tx| tx.chain_id ^= 1))),
    because(RejectReason::BadTransaction, "of the other network", |scene| {
        spoilt(scene, changed(|tx| tx.version = TransactionVersion::Mainnet))
    }),
    because(RejectReason::BadTransaction, "post-condition mode originator", |scene| {
        spoilt(scene, changed(|tx| tx.post_condition_mode = PostConditionMode::Originator))
    }),
    because(RejectReason::BadTransaction, "a token transfer with post-conditions", |scene| {
        let condition =
            PostCondition::Stx { principal: PostConditionPrincipal::Origin, code: FungibleCode::Equal, amount: 5 };
        spoilt(scene, changed(|tx| tx.post_conditions.push(condition)))
    }),
    because(RejectReason::BadTransaction, "clarity version 4", |scene| {
        let (version, name) = (ContractVersion::Clarity4, "four".parse().expect("a name"));
        spoilt(scene, holding(TransactionPayload::VersionedSmartContract { version, name, code: "(+ 1 2)".to_owned() }))
    }),
    because(RejectReason::BadTransaction, "payload PoisonMicroblock is not allowed", |scene| {
        let header = |sequence| MicroblockHeader {
            version: 0,
            sequence,
            prev_block: BlockHash([1; 32]),
            tx_merkle_root: [2; 32],
            signature: MessageSignature([3; 65]),
        };
        spoilt(scene, holding(TransactionPayload::PoisonMicroblock(Box::new([header(1), header(2)]))))
    }),
    because(RejectReason::BadTransaction, "payload TenureChange is not allowed", |scene| {
        let change = TenureChange {
            tenure_consensus_hash: ConsensusHash([1; 20]),
            prev_tenure_consensus_hash: ConsensusHash([2; 20]),
            burn_view_consensus_hash: ConsensusHash([3; 20]),
            previous_tenure_end: StacksBlockId([4; 32]),
            previous_tenure_blocks: 1,
            cause: TenureChangeCause::BlockFound,
            pubkey_hash: Hash160([5; 20]),
        };
        spoilt(scene, holding(TransactionPayload::TenureChange(Box::new(change))))
    }),
    because(RejectReason::BadTransaction, "payload NakamotoCoinbase is not allowed", |scene| {
        let vrf_proof = Box::new(vrf_key(0).prove(b"a proof"));
        spoilt(scene, holding(TransactionPayload::NakamotoCoinbase { buffer: [0; 32], recipient: None, vrf_proof }))
    }),
];

/// Cases that are judged with the state before them.
const EXECUTED: &[Case] = &[
    because(RejectReason::BadTransaction, "signature: ", |scene| {
        let mut forged = transfer(0, 1, 1, 5);
        forged.payload = TransactionPayload::TokenTransfer { recipient: user(2), amount: 6, memo: [0; 34] };
        spoilt(scene, forged)
    }),
    because(RejectReason::BadTransaction, "is 1, not 2", |scene| spoilt(scene, transfer(0, 2, 1, 5))),
    because(RejectReason::BadTransaction, "is 1, not 0", |scene| spoilt(scene, transfer(0, 0, 1, 5))),
    because(RejectReason::BadTransaction, "is 0, not 4", |scene| {
        let origin = SpendingCondition::p2pkh(&key("user", 0), 1, 0);
        let sponsor = SpendingCondition::p2pkh(&key("user", 3), 4, 500);
        let payload = TransactionPayload::TokenTransfer { recipient: user(1), amount: 5, memo: [0; 34] };
        let mut sponsored = StacksTransaction::new(false, TransactionAuth::Sponsored { origin, sponsor }, payload);
        sponsored.sign_origin(&key("user", 0)).expect("the key is the origin's");
        sponsored.sign_sponsor(&key("user", 3)).expect("the key is the sponsor's");
        spoilt(scene, sponsored)
    }),
    because(RejectReason::BadTransaction, "above the available balance", |scene| {
        let payload = TransactionPayload::TokenTransfer { recipient: user(1), amount: 5, memo: [0; 34] };
        spoilt(scene, signed(&key("user", 0), 1, u64::MAX, payload))
    }),
    because(RejectReason::BadTransaction, "to its own sender", |scene| spoilt(scene, transfer(0, 1, 0, 5))),
    because(RejectReason::BadTransaction, "cannot transfer 0", |scene| spoilt(scene, transfer(0, 1, 1, 0))),
    because(RejectReason::BadTransaction, "cannot transfer 1", |scene| {
        spoilt(scene, transfer(0, 1, 1, u64::try_from(OPENING_USTX).expect("it fits")))
    }),
    because(RejectReason::BadTransaction, ".first exists", |scene| spoilt(scene, deploy(2, 1, "first", "(+ 1 2)"))),
    because(RejectReason::CostExceeded, "exceeds", |scene| {
        // p2 has used most of the tenure's limit.
        spoilt(scene, deploy(2, 1, "second", &wide("b")))
    }),
    case(RejectReason::CostExceeded, "too much for any tenure", |scene| {
        scene.new_tenure(vec![deploy(2, 1, "third", &(wide("c") + &wide("d")))])
    }),
];

#[test]
fn a_block_with_a_wrong_coinbase_is_refused_on_every_path() {
    check(OnPush::Rejected, COINBASE);
}

#[test]
fn a_transaction_that_no_block_may_hold_is_found_before_anything_is_executed() {
    check(OnPush::Rejected, STATIC);
}

#[test]
fn a_transaction_that_the_state_forbids_spoils_its_block_on_every_path() {
    check(OnPush::Stored, EXECUTED);
}

/// The transaction with a high S in its origin's signature.
fn flipped(mut transaction: StacksTransaction) -> StacksTransaction {
    let (TransactionAuth::Standard(condition) | TransactionAuth::Sponsored { origin: condition, .. }) =
        &mut transaction.auth;
    let SpendingCondition::SingleSig(condition) = condition else { panic!("one key") };
    condition.signature.0 = with_other_s(condition.signature.0);
    transaction
}

/// What validation of the finished block would refuse is refused when the template is made.
#[test]
fn a_template_takes_no_coinbase_that_no_proposal_may_hold() {
    on_a_large_stack(|| {
        let mut test = TestChain::new();
        test.mine(None);
        let refused = |coinbase: &StacksTransaction| {
            let order = TemplateOrder { coinbase: Some(coinbase.encode()), allow_empty: true, ..Default::default() };
            let answer = test.chain.assemble(&order, Duration::MAX, &AtomicBool::new(false));
            match answer.expect("storage works") {
                Err(TemplateFailure::BadCoinbase(text)) => text,
                other => panic!("{other:?}"),
            }
        };
        let mut large = test.coinbase();
        let (principal, code) = (PostConditionPrincipal::Origin, FungibleCode::GreaterOrEqual);
        large.post_conditions = vec![PostCondition::Stx { principal, code, amount: 0 }; 80_000];
        let source = AssetInfo {
            address: address("user", 0),
            contract_name: ContractName::new(&"c".repeat(40)).expect("a name"),
            asset_name: ClarityName::new(&"a".repeat(128)).expect("a name"),
        };
        for at in 0..6_371 {
            let (principal, asset) = (PostConditionPrincipal::Origin, source.clone());
            large.post_conditions[at] = PostCondition::Fungible { principal, asset, code, amount: 0 };
        }
        large.sign_origin(&key("producer", test.elected())).expect("the key is the origin's");
        assert!(large.encode().len() < MAX_BLOCK_BYTES, "{}", large.encode().len());
        let text = refused(&large);
        assert!(text.contains("a block has room for"), "{text}");
        let text = refused(&flipped(test.coinbase()));
        assert!(text.contains("high"), "{text}");
    });
}

#[test]
fn a_high_s_is_in_no_proposal_though_a_block_before_4_0_may_hold_it() {
    on_a_large_stack(|| {
        let scene = Scene::new();
        let block = scene.same_tenure(vec![flipped(transfer(0, 1, 1, 5))]);
        let verdict = scene.test.chain.validate(&block.encode(), |_| ()).expect("storage works");
        let rejection = verdict.rejection.expect("a rejection");
        assert_eq!(rejection.reason(), RejectReason::BadTransaction, "{}", rejection.detail);
        assert!(rejection.detail.contains("high"), "{}", rejection.detail);
        assert_eq!(rejection.failed_txid[..], block.txs[0].txid().0);
        assert!(matches!(scene.test.push(&block), StoreOutcome::Stored(_)));
        assert_eq!(scene.test.settle().len(), 1);
        assert_eq!(scene.test.tip().block_id, block.block_id());
    });
}
