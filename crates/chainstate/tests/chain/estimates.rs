//! Estimated costs of payloads on the tip, compared with their costs in a block.

use chainstate::params::ChainParams;
use chainstate::read::estimate::{NoEstimate, cost};
use clarity::costs::Cost;
use clarity::value::Value;
use stacks_types::address::StacksAddress;
use stacks_types::keys::KeyEncoding;
use stacks_types::test_support::KeyUse;
use stacks_types::transaction::{
    ContractCall, MultiSigHashMode, PostConditionMode, SpendingCondition, StacksTransaction, TransactionAuth,
    TransactionPayload,
};

use crate::support::TestChain;
use chainstate::test_support::{address, deploy, key, on_a_large_stack, params, signed, user};

/// `work` does the square of its rounds, unless another than the owner calls it; `grow` doubles them.
const CODE: &str = "
    (define-constant owner tx-sender)
    (define-data-var rounds (list 200 uint) (list u1 u2 u3 u4 u5 u6 u7 u8 u9 u10))
    (define-private (row (value uint) (sum uint)) (fold + (var-get rounds) (+ sum value)))
    (define-public (work)
        (begin
            (asserts! (is-eq tx-sender owner contract-caller) (err u1))
            (ok (fold row (var-get rounds) u0))))
    (define-public (grow)
        (ok (var-set rounds (unwrap-panic (as-max-len? (concat (var-get rounds) (var-get rounds)) u200)))))
    (define-public (pay (to principal))
        (stx-transfer? u7 tx-sender to))";

fn payload_of(owner: StacksAddress, function: &str) -> TransactionPayload {
    let arguments = if function == "pay" { vec![Value::principal(user(3))] } else { Vec::new() };
    TransactionPayload::ContractCall(ContractCall {
        address: owner,
        contract_name: "c".parse().expect("a name"),
        function_name: function.parse().expect("a name"),
        arguments,
    })
}

fn payload(function: &str) -> TransactionPayload {
    payload_of(address("user", 0), function)
}

fn ask(test: &TestChain, payload: TransactionPayload) -> Result<Cost, NoEstimate> {
    test.chain.read(|snapshot| cost(snapshot, payload, &|| false)).expect("storage works")
}

fn estimate(test: &TestChain, payload: TransactionPayload) -> Cost {
    ask(test, payload).expect("an estimate")
}

/// What a transaction costs in a block of its own.
fn mined(test: &TestChain, transaction: &StacksTransaction) -> Cost {
    test.admit(transaction);
    let block = test.grow();
    let processed = test.chain.read(|reader| reader.block_processed(&block)).expect("storage works");
    let receipts = processed.expect("a block").receipts;
    let receipt = receipts.iter().find(|receipt| receipt.txid == transaction.txid().0.to_vec());
    let cost = receipt.expect("it is mined").cost.expect("a cost");
    Cost {
        write_length: cost.write_length,
        write_count: cost.write_count,
        read_length: cost.read_length,
        read_count: cost.read_count,
        runtime: cost.runtime,
    }
}

fn call(nonce: u64, function: &str) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&key("user", 0), nonce, 10_000));
    let mut transaction = StacksTransaction::new(false, auth, payload(function));
    transaction.post_condition_mode = PostConditionMode::Allow;
    transaction.sign_origin(&key("user", 0)).expect("the key is the origin's");
    transaction
}

/// A chain with the contract, whose deployer has sent nothing else.
fn deployed(params: ChainParams) -> TestChain {
    let mut test = TestChain::at_genesis(params);
    test.mine(None);
    mined(&test, &deploy(0, 0, "c", CODE));
    test
}

#[test]
fn a_call_is_estimated_as_it_is_mined_whatever_the_tip_holds() {
    on_a_large_stack(|| {
        let test = deployed(params(1, 3));
        for (nonce, function) in [(1, "work"), (2, "pay"), (3, "grow"), (4, "work")] {
            let expected = estimate(&test, payload(function));
            assert_eq!(mined(&test, &call(nonce, function)), expected, "{function} by its deployer");
        }
        // Called by another account it costs less, as it is refused at once.
        let refused = mined(&test, &signed(&key("user", 1), 0, 10_000, payload("work")));
        assert!(refused.runtime < estimate(&test, payload("work")).runtime);
    });
}

#[test]
fn a_contract_of_a_multi_sig_account_is_called_by_that_account() {
    on_a_large_stack(|| {
        let mut test = TestChain::at_genesis(params(1, 3));
        test.mine(None);
        let keys = [key("user", 7), key("user", 8)];
        let public = keys.each_ref().map(|key| (key.public_key(), KeyEncoding::Compressed));
        let condition = SpendingCondition::multisig_of(MultiSigHashMode::P2sh, &public, 2).expect("an account");
        let owner = condition.address(false);
        let pay =
            TransactionPayload::TokenTransfer { recipient: owner.to_principal(), amount: 1_000_000, memo: [0; 34] };
        mined(&test, &signed(&key("user", 0), 0, 1_000, pay));
        let send = |nonce, payload| {
            let mut condition = condition.clone();
            condition.set_nonce(nonce);
            condition.set_fee(10_000);
            let mut transaction = StacksTransaction::new(false, TransactionAuth::Standard(condition), payload);
            transaction.sign_origin_with(&keys.each_ref().map(KeyUse::Signs)).expect("its keys");
            transaction
        };
        let name = "c".parse().expect("a name");
        mined(&test, &send(0, TransactionPayload::SmartContract { name, code: CODE.to_owned() }));
        let expected = estimate(&test, payload_of(owner, "work"));
        assert_eq!(mined(&test, &send(1, payload_of(owner, "work"))), expected);
    });
}

#[test]
fn an_estimate_has_the_whole_limit_of_a_tenure_and_no_more() {
    on_a_large_stack(|| {
        let deployment = estimate(&TestChain::at_genesis(params(1, 3)), deploy(0, 0, "c", CODE).payload);
        let limit = deployment.runtime * 2;
        let mut params = params(1, 3);
        params.tenure_cost_limit.runtime = limit;
        let mut test = deployed(params);
        let mut nonce = 1;
        let mut send = |test: &TestChain, function| {
            nonce += 1;
            mined(test, &call(nonce - 1, function))
        };
        // Each step makes it cost four times as much: in the end at most eight fill a tenure.
        for _ in 0..2 {
            if estimate(&test, payload("work")).runtime >= limit / 8 {
                break;
            }
            test.mine(None);
            send(&test, "grow");
        }
        let cost = estimate(&test, payload("work"));
        assert!(cost.runtime >= limit / 8, "{cost:?}");
        while test.tip().tenure.cost.runtime + cost.runtime <= limit {
            assert_eq!(send(&test, "work"), cost);
        }
        assert_eq!(estimate(&test, payload("work")), cost, "another tenure has room for it");
        for _ in 0..2 {
            test.mine(None);
            send(&test, "grow");
        }
        let refused = ask(&test, payload("work"));
        assert!(matches!(refused, Err(NoEstimate::NotMinable(_))), "no tenure has: {refused:?}");
    });
}

#[test]
fn an_estimate_leaves_nothing_behind() {
    on_a_large_stack(|| {
        let test = deployed(params(1, 3));
        let before = test.snapshot();
        for function in ["work", "grow", "pay"] {
            estimate(&test, payload(function));
        }
        estimate(&test, deploy(0, 0, "d", CODE).payload);
        test.snapshot().assert_same(&before, "after estimates");
        let template = test.template();
        assert!(template.skipped.is_empty() && test.pending().is_empty());
        test.grow();
        assert_eq!(test.nonce(&user(0)), 1);
    });
}

#[test]
fn an_estimate_knows_the_chain_that_it_is_for() {
    on_a_large_stack(|| {
        let other = ChainParams { chain_id: 0x8000_0777, ..params(1, 3) };
        let test = TestChain::at_genesis(other);
        assert_eq!(ask(&test, deploy(0, 0, "c", CODE).payload).map(|cost| cost.runtime > 0), Ok(true));
        let mainnet = ChainParams { mainnet: true, ..params(1, 3) };
        let test = TestChain::at_genesis(mainnet);
        assert_eq!(ask(&test, deploy(0, 0, "c", CODE).payload).map(|cost| cost.runtime > 0), Ok(true));
    });
}

#[test]
fn without_an_estimate_the_reason_is_its_own() {
    on_a_large_stack(|| {
        let test = deployed(params(1, 3));
        let TransactionPayload::ContractCall(mut elsewhere) = payload("work") else { unreachable!() };
        elsewhere.contract_name = "nowhere".parse().expect("a name");
        let unknown = elsewhere.contract_id();
        let elsewhere = TransactionPayload::ContractCall(elsewhere);
        assert_eq!(ask(&test, elsewhere), Err(NoEstimate::NoSuchContract(unknown)));
        let coinbase = TransactionPayload::Coinbase { buffer: [0; 32] };
        assert_eq!(ask(&test, coinbase.clone()), Err(NoEstimate::NotSent(coinbase.name())));
        // The clock is read about every millisecond, so there must be work for several.
        for nonce in 1..5 {
            mined(&test, &call(nonce, "grow"));
        }
        let late = test.chain.read(|snapshot| cost(snapshot, payload("work"), &|| true)).expect("storage works");
        assert_eq!(late, Err(NoEstimate::DeadlinePassed));
        let transfer = TransactionPayload::TokenTransfer { recipient: user(1), amount: 1, memo: [0; 34] };
        assert_eq!(ask(&test, transfer), Ok(Cost::default()));
        // A block can hold this call: it fails there, and pays its fee.
        assert_eq!(ask(&test, payload("missing")).map(|cost| cost.runtime > 0), Ok(true));
    });
}
