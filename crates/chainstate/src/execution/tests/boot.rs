//! The contracts of block 0: our own by epoch and release, the answers of the PoX ones, and those that a genesis
//! brings.

use clarity::Rules;
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use sha2::{Digest as _, Sha256};
use stacks_types::ids::StacksBlockId;

use super::support::{Account, BALANCE, TestChain, burn_view, id};
use crate::execution::boot_contracts::own_contracts;
use crate::execution::genesis::{boot_texts, execute_boot_block};
use crate::execution::read_only::{READ_ONLY_LIMIT, ReadError, ReadOnlyCall};
use crate::params::{BootContract, BootContracts, BootRelease, HELIUM_20, boot_address, stacking_minimum};
use crate::test_support::on_a_large_stack;
use crate::transactions::{ReceiptStatus, TransactionReceipt};

const BOOT: StacksBlockId = StacksBlockId::BOOT;

fn chain_of(rules: &'static Rules, boot_contracts: BootContracts) -> TestChain {
    let chain = TestChain::of_params(rules, HELIUM_20, boot_contracts);
    let boot = chain.boot();
    chain.commit(&boot.executed, BOOT, 0);
    chain
}

fn brought(contracts: &[(&str, u8, &str)]) -> BootContracts {
    let contract = |(name, clarity_version, source): &(&str, u8, &str)| BootContract {
        id: boot_contract(name),
        source: (*source).to_owned(),
        clarity_version: *clarity_version,
        file: format!("contracts/{name}.clar"),
    };
    BootContracts { brought: contracts.iter().map(contract).collect(), ..BootContracts::default() }
}

fn boot_contract(name: &str) -> ContractId {
    ContractId::parse(&format!("{}.{name}", boot_address(false))).expect("a contract")
}

/// The answer of a read-only call at the boot block, as text.
fn ask(chain: &TestChain, contract: &ContractId, function: &str, arguments: &[Value]) -> Result<String, ReadError> {
    let sender = Account::new(1).principal();
    let call = ReadOnlyCall { contract, function, arguments, sender: &sender, sponsor: None, limit: READ_ONLY_LIMIT };
    let answer = chain.reader(BOOT, 0).call_read_only(&call)?;
    Ok(answer.to_string())
}

/// The receipt of a transaction of account 1 with this call.
fn call(chain: &TestChain, contract: &ContractId, function: &str, arguments: Vec<Value>) -> TransactionReceipt {
    let mut session = chain.begin(BOOT, 1);
    session.process_transaction(&Account::new(1).call(0, contract, function, arguments)).expect("it is in the block")
}

fn result_of(receipt: &TransactionReceipt) -> String {
    Value::decode(&receipt.raw_result).expect("a value").to_string()
}

fn uint(number: u128) -> Value {
    Value::UInt(number)
}

fn buffer(bytes: &[u8]) -> Value {
    Value::buffer(bytes.to_vec())
}

fn pox_address() -> Value {
    let fields = [("version", &[4_u8][..]), ("hashbytes", &[7; 20][..])];
    let fields = fields.map(|(name, bytes)| (name.parse().expect("a name"), buffer(bytes)));
    Value::tuple(fields.into()).expect("a tuple")
}

/// `stack-stx`, with arguments of the right types.
fn stack_stx() -> Vec<Value> {
    vec![uint(5), pox_address(), uint(100), uint(1), Value::NONE, buffer(&[2; 33]), uint(5), uint(1)]
}

#[test]
fn each_epoch_has_the_contracts_that_the_network_has_and_no_release_ever_changes() {
    let texts = |rules, release| {
        let boot_contracts = BootContracts { release, brought: Vec::new() };
        let chain = TestChain::of_params(rules, HELIUM_20, boot_contracts);
        let texts = boot_texts(chain.env().params);
        let names: Vec<_> = texts.iter().map(|(id, _)| id.split_once('.').unwrap().1.to_owned()).collect();
        let text: String = texts.iter().map(|(_, text)| text.as_str()).collect();
        (names.join(" "), hex::encode(&Sha256::digest(text)[..4]))
    };
    let old_tables = "costs costs-2 costs-3";
    let expected = [
        ("3.0", format!("{old_tables} cost-voting pox-4"), "53a0abd4"),
        ("3.3", format!("{old_tables} costs-4 cost-voting pox-4"), "8ba2a5a4"),
        ("4.0", format!("{old_tables} costs-4 cost-voting pox-4 pox-5"), "c7d49272"),
    ];
    for release in [BootRelease::PoxInClarity4, BootRelease::WithAllCosts] {
        let found = expected.clone().map(|(epoch, ..)| (epoch, texts(Rules::of_epoch(epoch).unwrap(), release)));
        assert_eq!(found, expected.clone().map(|(epoch, names, hash)| (epoch, (names, hash.to_owned()))));
    }
    // A hash that changes means that folders of the release are refused: add a release instead.
    let expected = [
        ("3.0", "costs-3 cost-voting pox-4", "a006775a"),
        ("3.3", "costs-3 costs-4 cost-voting pox-4", "19d33b21"),
        ("4.0", "costs-3 costs-4 cost-voting pox-4 pox-5", "17fa1e04"),
        ("4.1", "costs-3 costs-4 cost-voting pox-4 pox-5", "17fa1e04"),
    ];
    let found = expected.map(|(epoch, ..)| (epoch, texts(Rules::of_epoch(epoch).unwrap(), BootRelease::WithPox)));
    assert_eq!(found, expected.map(|(epoch, names, hash)| (epoch, (names.to_owned(), hash.to_owned()))));
    let expected = [
        ("3.0", "costs-3 cost-voting", "3a2d1559"),
        ("3.3", "costs-3 costs-4 cost-voting", "19daaf47"),
        ("4.0", "costs-3 costs-4 costs-5 cost-voting", "cc91a979"),
    ];
    let found = expected.map(|(epoch, ..)| (epoch, texts(Rules::of_epoch(epoch).unwrap(), BootRelease::CostsOnly)));
    assert_eq!(found, expected.map(|(epoch, names, hash)| (epoch, (names.to_owned(), hash.to_owned()))));
}

/// The newest Clarity version that version 1.2.0 of the decoder knows, with which the Hiro API reads deployments.
const NEWEST_DECODED: u8 = 4;

#[test]
fn indexers_decode_our_own_contracts() {
    for rules in Rules::ALL {
        let chain = TestChain::of_params(rules, HELIUM_20, BootContracts::default());
        for own in own_contracts(chain.env().params) {
            assert!(own.version <= NEWEST_DECODED, "{} in {} is of Clarity {}", own.id, rules.epoch, own.version);
        }
    }
}

#[test]
fn the_pox_contracts_answer_from_the_chains_parameters() {
    on_a_large_stack(|| {
        for rules in Rules::ALL {
            let chain = chain_of(rules, BootContracts::default());
            let params = chain.env().params;
            for name in params.boot_contracts.pox_names(rules) {
                let pox = boot_contract(name);
                let answer = |function: &str, arguments: &[Value]| ask(&chain, &pox, function, arguments).unwrap();
                let of_network = if *name == "pox-4" { &Rules::EPOCH_3_4 } else { &Rules::EPOCH_4_0 };
                let least = stacking_minimum(of_network, false, 3 * BALANCE);
                // Block 0 is of burn height 100, ten cycles of ten blocks after the first.
                let expected = format!(
                    "(ok (tuple (first-burnchain-block-height u0) (min-amount-ustx u{least}) (prepare-cycle-length u1) \
                     (reward-cycle-id u10) (reward-cycle-length u10) (total-liquid-supply-ustx u{})))",
                    3 * BALANCE
                );
                assert_eq!(answer("get-pox-info", &[]), expected);
                let nobody = || Value::principal(Account::new(1).principal());
                for function in ["get-stacker-info", "get-check-delegation", "get-delegation-info"] {
                    assert_eq!(answer(function, &[nobody()]), "none", "{function}");
                }
                for function in ["get-reward-set-size", "get-total-ustx-stacked", "get-num-reward-set-pox-addresses"] {
                    assert_eq!(answer(function, &[uint(10)]), "u0", "{function}");
                }
                assert_eq!(answer("is-pox-active", &[uint(10)]), "false");
                assert_eq!(answer("get-reward-set-pox-address", &[uint(10), uint(0)]), "none");
                assert_eq!(answer("reward-cycle-to-burn-height", &[uint(10)]), "u100");
                for (version, is_good) in [(0, "true"), (6, "true"), (7, "false")] {
                    assert_eq!(answer("check-pox-addr-version", &[buffer(&[version])]), is_good);
                }
                for (version, length, is_good) in [(4, 20, "true"), (4, 32, "false"), (5, 32, "true"), (5, 20, "false")]
                {
                    let arguments = [buffer(&[version]), buffer(&vec![1; length])];
                    assert_eq!(answer("check-pox-addr-hashbytes", &arguments), is_good);
                }
                let arguments = [pox_address(), uint(5), uint(10), uint(1)];
                assert_eq!(answer("can-stack-stx", &arguments), "(err 255)");
                if *name == "pox-5" {
                    assert_eq!(answer("get-staker-info", &[nobody()]), "none");
                    assert_eq!(answer("get-signer-info", &[nobody()]), "none");
                }
            }
        }
    });
}

#[test]
fn stacking_answers_the_documented_error_and_changes_nothing() {
    on_a_large_stack(|| {
        let chain = chain_of(&Rules::EPOCH_4_0, BootContracts::default());
        for name in ["pox-4", "pox-5"] {
            let refused = call(&chain, &boot_contract(name), "stack-stx", stack_stx());
            assert_eq!(result_of(&refused), "(err 255)", "{name}");
            assert_eq!(
                (refused.status, &refused.vm_error, refused.events.len()),
                (ReceiptStatus::AbortByResponse, &None, 0)
            );
        }
        let caller = Value::principal(Principal::Contract(Account::new(2).contract("pool")));
        let allowed = call(&chain, &boot_contract("pox-4"), "allow-contract-caller", vec![caller, Value::NONE]);
        assert_eq!(result_of(&allowed), "(ok true)");
    });
}

const OWN_POX: &str = "\
(define-data-var first uint u0)
(define-data-var cycle uint u0)
(define-public (set-burnchain-parameters (a uint) (b uint) (c uint) (d uint))
  (begin (var-set first (+ a u7)) (var-set cycle c) (ok true)))
(define-read-only (get-cycle) (list (var-get first) (var-get cycle)))
(define-public (stack-stx (amount uint)) (ok amount))
(define-public (delegate-stx (amount uint)) (ok amount))
";

#[test]
fn a_pox_contract_that_the_genesis_brings_replaces_ours_and_cannot_lock() {
    on_a_large_stack(|| {
        let pool = "(define-public (join) (contract-call? .pox-4 stack-stx u9))
                    (define-public (lend) (contract-call? .pox-4 delegate-stx u9))";
        let chain = chain_of(&Rules::EPOCH_4_0, brought(&[("pox-4", 2, OWN_POX), ("pool", 2, pool)]));
        let pox = boot_contract("pox-4");
        assert_eq!(ask(&chain, &pox, "get-cycle", &[]).unwrap(), "(u7 u10)", "it has the numbers of this chain");
        let five = OWN_POX.replace("(d uint)", "(d uint) (e uint)").replace("(+ a u7)", "(+ d e)");
        let older = chain_of(&Rules::EPOCH_4_0, brought(&[("pox-3", 2, &five)]));
        assert_eq!(ask(&older, &boot_contract("pox-3"), "get-cycle", &[]).unwrap(), "(u25 u10)");
        assert!(ask(&chain, &boot_contract("pox-5"), "get-pox-info", &[]).is_ok(), "the other is still ours");

        let refused = |receipt: TransactionReceipt| {
            assert_eq!(receipt.status, ReceiptStatus::AbortByResponse);
            let error = receipt.vm_error.expect("an error");
            assert!(error.contains("ST000000000000000000002AMW42H.pox-4::stack-stx locks or unlocks STX"), "{error}");
        };
        refused(call(&chain, &pox, "stack-stx", vec![uint(9)]));
        refused(call(&chain, &boot_contract("pool"), "join", Vec::new()));
        let error = ask(&chain, &pox, "stack-stx", &[uint(9)]).unwrap_err();
        assert!(error.to_string().contains("pox-4::stack-stx locks"), "{error}");
        assert_eq!(result_of(&call(&chain, &pox, "delegate-stx", vec![uint(9)])), "(ok u9)");
        assert_eq!(result_of(&call(&chain, &boot_contract("pool"), "lend", Vec::new())), "(ok u9)");
    });
}

#[test]
fn a_contract_of_another_address_is_as_if_its_owner_had_deployed_it() {
    on_a_large_stack(|| {
        let owner = Account::new(1);
        let Principal::Standard(account) = owner.principal() else { panic!("an account") };
        let mut boot_contracts = brought(&[("a", 6, "(define-read-only (own) tx-sender)"), ("b", 6, "(print u1)")]);
        for contract in &mut boot_contracts.brought {
            contract.id.issuer = account;
        }
        // It owns what the genesis gives it.
        boot_contracts.brought[1].source =
            format!("(print (stx-get-balance tx-sender)) (asserts! (is-eq (stx-get-balance tx-sender) u{BALANCE}) u0)");
        let chain = TestChain::of_params(&Rules::EPOCH_4_0, HELIUM_20, boot_contracts);
        let boot = chain.boot();
        let deployed = &boot.transactions[boot.transactions.len() - 2..];
        for (nonce, (boot, name)) in (0..).zip(deployed.iter().zip(["a", "b"])) {
            let origin = boot.transaction.origin_address(false);
            assert_eq!((origin, boot.transaction.origin_nonce()), (account.into(), nonce), "{name}");
            assert!(boot.receipt.contract_interface.is_some());
        }
        assert_eq!(deployed[1].receipt.events.len(), 1);
        chain.commit(&boot.executed, BOOT, 0);
        assert_eq!(chain.reader(BOOT, 0).account(&owner.principal()).unwrap().nonce, 2);
        let again = owner.deploy(2, "a", "(+ 1 2)");
        let refused = chain.begin(BOOT, 1).process_transaction(&again).unwrap_err().to_string();
        assert!(refused.contains(".a"), "{refused}");
        chain.begin(BOOT, 1).process_transaction(&owner.transfer(2, &Account::new(2).principal(), 5)).unwrap();
        assert_eq!(chain.block(BOOT, id(1), 1, &[]).receipts.len(), 0);
    });
}

#[test]
fn what_cannot_be_deployed_is_named_with_file_line_column_and_cause() {
    on_a_large_stack(|| {
        let error = |contracts: &[(&str, u8, &str)]| {
            let chain = TestChain::of_params(&Rules::EPOCH_3_0, HELIUM_20, brought(contracts));
            execute_boot_block(chain.env(), burn_view(0)).err().expect("a refusal").to_string()
        };
        let good = ("good", 3, "(define-constant a 1)");
        let said = error(&[good, ("bad", 3, "(define-constant a 1)\n  (+ a nowhere)")]);
        assert!(said.contains("ST000000000000000000002AMW42H.bad: contracts/bad.clar:2:"), "{said}");
        assert!(said.contains("nowhere") && !said.contains("good"), "{said}");
        let said = error(&[("open", 3, "(define-constant a 1)\n(+ 1 2")]);
        assert!(said.contains("contracts/open.clar:"), "{said}");
        let said = error(&[("late", 3, "(contract-call? .later f)"), ("later", 3, "(define-public (f) (ok 1))")]);
        assert!(said.contains("contracts/late.clar:") && said.contains("later"), "{said}");
        let said = error(&[("fails", 3, "(unwrap-panic (if false (some 1) none))")]);
        assert!(said.contains("contracts/fails.clar: its top level fails"), "{said}");
        let said = error(&[("newer", 4, "(+ 1 2)")]);
        assert!(said.contains("contracts/newer.clar: clarity version 4 is above 3, the newest of epoch 3.0"), "{said}");
        let refuses = "(define-public (set-burnchain-parameters (a uint) (b uint) (c uint) (d uint)) (err u3))";
        let said = error(&[("pox-4", 3, refuses)]);
        assert!(
            said.contains("contracts/pox-4.clar: set-burnchain-parameters fails") && said.contains("(err u3)"),
            "{said}"
        );
        let said = error(&[good, good]);
        assert!(said.contains("deployed already"), "{said}");
    });
}
