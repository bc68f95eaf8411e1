//! Reads at processed blocks.

use clarity::costs::Cost;
use clarity::keys;
use clarity::principal::{ContractId, Principal, TraitId};
use clarity::value::Value;
use marf::{BlockId, Proof, TrieHash, leaf_of_text};
use stacks_types::ids::StacksBlockId;

use super::support::{Account, BALANCE, FEE, TestChain, burn_view, id};
use crate::execution::ContractCache;
use crate::execution::read_only::{
    Account as AccountState, CallRefusal, READ_ONLY_LIMIT, ReadError, ReadOnlyCall, StateReader,
};
use crate::test_support::on_a_large_stack;
use crate::transactions::TransactionError;

const BOOT: StacksBlockId = StacksBlockId::BOOT;

const STORE: &str = "
    (define-trait holder ((get-it (uint) (response uint uint))))
    (define-constant answer u42)
    (define-data-var v uint u7)
    (define-map m uint (string-ascii 5))
    (map-set m u1 \"one\")
    (define-public (get-it (n uint)) (ok n))
    (define-public (write (n uint)) (ok (var-set v n)))
    (define-public (fail) (err u9))
    (define-public (divide (n uint)) (ok (/ u1 n)))
    (define-read-only (read (n uint)) (+ n (var-get v)))
    (define-read-only (who) tx-sender)
    (define-private (secret) u1)";

fn chain() -> (TestChain, Account) {
    let chain = TestChain::new();
    let alice = Account::new(1);
    let user = "(define-public (get-it (n uint)) (ok (+ n u1)))";
    chain.block(BOOT, id(1), 1, &[alice.deploy(0, "store", STORE), alice.deploy(1, "user", user)]);
    (chain, alice)
}

fn call(reader: &StateReader<'_>, alice: &Account, function: &str, arguments: &[Value]) -> Result<Value, ReadError> {
    let (contract, sender) = (alice.contract("store"), alice.principal());
    let call = ReadOnlyCall {
        contract: &contract,
        function,
        arguments,
        sender: &sender,
        sponsor: None,
        limit: READ_ONLY_LIMIT,
    };
    reader.call_read_only(&call)
}

#[test]
fn accounts_are_read_at_any_block() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let at = |block, tenure| chain.reader(block, tenure).account(&alice.principal()).unwrap();
        assert_eq!(at(BOOT, 0), AccountState { available: BALANCE, ..AccountState::default() });
        let after = AccountState { available: BALANCE - u128::from(2 * FEE), nonce: 2, ..AccountState::default() };
        assert_eq!(at(id(1), 1), after);
        let stranger = chain.reader(id(1), 1).account(&Account::new(77).principal()).unwrap();
        assert_eq!(stranger, AccountState::default());
        let unknown = StateReader::at(chain.env(), &id(9), burn_view(1)).err();
        assert_eq!(unknown, Some(ReadError::UnknownBlock(id(9))));
    });
}

/// The contract's bytes are cut behind its size: whoever decodes them fails.
#[test]
fn a_contract_whose_load_is_above_the_limit_is_not_decoded() {
    on_a_large_stack(|| {
        let mut chain = TestChain::new();
        chain.keep_contracts_in(ContractCache::with_source_bytes(0));
        let alice = Account::new(1);
        let constants: String = (0..100).map(|at| format!("(define-constant k{at} 0x{})", "00".repeat(1000))).collect();
        let large = format!("{constants} (define-public (get-it (n uint)) (ok n))");
        let through = "
            (define-trait getter ((get-it (uint) (response uint uint))))
            (define-public (by-name) (contract-call? .large get-it u1))
            (define-public (exists (it <getter>)) (ok (contract-of it)))";
        chain.block(BOOT, id(1), 1, &[alice.deploy(0, "large", &large), alice.deploy(1, "through", through)]);
        let cut = "UPDATE contracts SET body = substr(body, 1, 9) WHERE contract LIKE '%.large'";
        assert_eq!(chain.connection.execute(cut, ()).unwrap(), 1);
        let read = |contract: &str, function: &str, arguments: &[Value], read_length| {
            let (contract, sender) = (alice.contract(contract), alice.principal());
            let limit = Cost { read_length, ..READ_ONLY_LIMIT };
            let call = ReadOnlyCall { contract: &contract, function, arguments, sender: &sender, sponsor: None, limit };
            chain.reader(id(1), 1).call_read_only(&call)
        };
        for (contract, function, arguments) in [("large", "get-it", &[Value::UInt(1)][..]), ("through", "by-name", &[])]
        {
            let below = read(contract, function, arguments, 100_000);
            assert!(matches!(&below, Err(ReadError::Vm(error)) if error.contains("CostBalanceExceeded")), "{below:?}");
            let above = read(contract, function, arguments, 1_000_000);
            assert!(matches!(above, Err(ReadError::Storage(_))), "{above:?}");
        }
        let it = Value::principal(Principal::Contract(alice.contract("large")));
        let exists = read("through", "exists", std::slice::from_ref(&it), 100_000);
        assert_eq!(exists, Ok(Value::okay(it).unwrap()), "whether it is there is in its row");
        let again = chain.begin(id(1), 2).process_transaction(&alice.deploy(2, "large", "u1"));
        assert!(matches!(again, Err(TransactionError::ContractExists(_))), "{again:?}");
    });
}

#[test]
fn contracts_are_read_with_source_interface_and_values() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let reader = chain.reader(id(1), 1);
        let store = alice.contract("store");
        let source = reader.contract_source(&store).unwrap().unwrap();
        assert_eq!((source.source.as_str(), source.publish_height), (STORE, 1));
        let interface: serde_json::Value =
            serde_json::from_str(&reader.contract_interface(&store).unwrap().unwrap()).unwrap();
        assert_eq!(interface["epoch"], "Epoch30");
        assert_eq!(interface["clarity_version"], "Clarity2");
        let names: Vec<_> = interface["functions"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
        assert_eq!(names, ["secret", "divide", "fail", "get-it", "write", "read", "who"]);

        assert_eq!(reader.constant(&store, "answer").unwrap(), Some(Value::UInt(42)));
        assert_eq!(reader.constant(&store, "question").unwrap(), None);
        let hex = Value::encode_hex;
        assert_eq!(reader.value(&keys::variable(&store, &"v".parse().unwrap())).unwrap(), Some(hex(&Value::UInt(7))));
        let key = keys::map_entry(&store, &"m".parse().unwrap(), &Value::UInt(1));
        let one = Value::some(Value::ascii(b"one".to_vec()).unwrap()).unwrap();
        assert_eq!(reader.value(&key).unwrap(), Some(hex(&one)));
        assert_eq!(reader.metadata(&store, "vm-metadata::9::contract-src").unwrap().as_deref(), Some(STORE));
        assert_eq!(reader.metadata(&store, "vm-metadata::9::contract-size").unwrap(), Some(STORE.len().to_string()));
        // Its constant is a uint: 16 bytes.
        let data = reader.metadata(&store, "vm-metadata::9::contract-data-size").unwrap();
        assert_eq!(data.as_deref(), Some("16"));
        assert_eq!(reader.metadata(&store, "analysis").unwrap(), None);

        let missing = alice.contract("missing");
        assert_eq!(reader.contract_source(&missing).unwrap(), None);
        assert_eq!(reader.contract_interface(&missing).unwrap(), None);
        assert_eq!(reader.constant(&missing, "answer").unwrap(), None);
        assert_eq!(reader.metadata(&missing, "vm-metadata::9::contract-src").unwrap(), None);
        assert!(!reader.contract_exists(&missing).unwrap());
        assert!(!chain.reader(BOOT, 0).contract_exists(&store).unwrap());
    });
}

#[test]
fn values_come_with_proofs_against_the_blocks_root() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let key = keys::balance(&alice.principal());
        let (value, proof) = chain.reader(id(1), 1).value_with_proof(&key).unwrap().unwrap();
        let proof = Proof::decode(&proof).unwrap();
        let roots = |root: &TrieHash| {
            [BlockId(BOOT.0), BlockId(id(1).0)].into_iter().find(|block| chain.marf.root_of(block) == Some(*root))
        };
        let root = chain.marf.root_of(&BlockId(id(1).0)).unwrap();
        proof.verify(&TrieHash::of_key(&key), &leaf_of_text(&value), &root, &roots).unwrap();
        let path = TrieHash::of_key(&key);
        assert_eq!(chain.reader(id(1), 1).value_by_path(&path.0).unwrap(), Some(value));
    });
}

#[test]
fn calls_read_and_do_not_write() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let reader = chain.reader(id(1), 1);
        assert_eq!(call(&reader, &alice, "read", &[Value::UInt(3)]), Ok(Value::UInt(10)));
        assert_eq!(call(&reader, &alice, "who", &[]), Ok(Value::principal(alice.principal())));
        let ok = Value::okay(Value::UInt(3)).unwrap();
        assert_eq!(call(&reader, &alice, "get-it", &[Value::UInt(3)]), Ok(ok));
        assert_eq!(call(&reader, &alice, "fail", &[]), Ok(Value::error(Value::UInt(9)).unwrap()));
        assert_eq!(call(&reader, &alice, "write", &[Value::UInt(3)]), Err(ReadError::NotReadOnly));
        for (function, arguments) in
            [("divide", vec![Value::UInt(0)]), ("secret", vec![]), ("absent", vec![]), ("read", vec![])]
        {
            let error = call(&reader, &alice, function, &arguments).expect_err(function);
            assert!(matches!(error, ReadError::Vm(_)), "{function}: {error}");
        }
        assert_eq!(call(&reader, &alice, "read", &[Value::UInt(3)]), Ok(Value::UInt(10)));
    });
}

#[test]
fn admission_checks_name_what_does_not_fit() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let reader = chain.reader(id(1), 1);
        let check = |contract: &ContractId, function: &str, arguments: &[Value]| {
            reader.check_public_function(contract, function, arguments).unwrap()
        };
        let store = alice.contract("store");
        assert_eq!(check(&store, "get-it", &[Value::UInt(1)]), Ok(()));
        let bad_argument = |arguments: &[Value]| match check(&store, "get-it", arguments) {
            Err(CallRefusal::BadArgument { message, .. }) => message,
            other => panic!("{other:?}"),
        };
        let message = bad_argument(&[Value::Int(1)]);
        assert!(message.starts_with("argument 1 of get-it, "), "{message}");
        assert!(message.ends_with(": expecting expression of type 'uint', found 'int'"), "{message}");
        assert_eq!(bad_argument(&[]), "get-it: expecting 1 arguments, got 0");
        for (function, why) in
            [("read", "is read-only"), ("secret", "is private"), ("absent", "has no function absent")]
        {
            match check(&store, function, &[]) {
                Err(CallRefusal::NoSuchPublicFunction(message)) => {
                    assert!(message.contains(why) && message.contains("Public: "), "{message}");
                    assert!(message.contains("get-it"), "{message}");
                }
                other => panic!("{function}: {other:?}"),
            }
        }
        assert_eq!(check(&alice.contract("absent"), "f", &[]), Err(CallRefusal::NoSuchContract));
    });
}

#[test]
fn traits_are_implemented_by_having_their_functions() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let reader = chain.reader(id(1), 1);
        let wanted = TraitId { contract: alice.contract("store"), name: "holder".parse().unwrap() };
        let implements = |name: &str| reader.implements_trait(&alice.contract(name), &wanted).unwrap();
        assert_eq!(implements("user"), Some(true));
        assert_eq!(implements("store"), Some(true));
        assert_eq!(implements("absent"), None);
        let boot = ContractId::parse("ST000000000000000000002AMW42H.costs-3").unwrap();
        assert_eq!(reader.implements_trait(&boot, &wanted).unwrap(), Some(false));
    });
}

#[test]
fn a_call_stops_when_the_time_is_over() {
    on_a_large_stack(|| {
        let (chain, alice) = chain();
        let page: String = "(+ u1 u1) ".repeat(2_000);
        let source = format!("(define-read-only (f) (begin {page} u1))");
        chain.block(id(1), id(2), 2, &[alice.deploy(2, "long", &source)]);
        let contract = alice.contract("long");
        let sender = alice.principal();
        let call = ReadOnlyCall {
            contract: &contract,
            function: "f",
            arguments: &[],
            sender: &sender,
            sponsor: None,
            limit: READ_ONLY_LIMIT,
        };
        let reader = chain.reader(id(2), 2);
        assert_eq!(reader.call_read_only(&call), Ok(Value::UInt(1)));
        assert_eq!(reader.stop_when(&|| true).call_read_only(&call), Err(ReadError::DeadlinePassed));
    });
}
