use super::support::*;
use crate::mempool::check::MAX_AUTH_FIELDS;
use crate::mempool::{CheckOutcome, DropReason, Refusal, check, insert, remove};
use crate::test_support::{call_payload, deploy_payload, params, with_other_s};
use clarity::names::ContractName;
use clarity::principal::{ContractId, Principal, Standard};
use clarity::value::Value;
use rusqlite::Connection;
use serde_json::json;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{Hash160, Txid};
use stacks_types::keys::{KeyEncoding, LowS, MessageSignature, PrivateKey};
use stacks_types::transaction::{
    AuthField, BlockTransaction, ContractVersion, MultiSigCondition, MultiSigHashMode, PostConditionMode,
    SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload, TransactionVersion,
};

const BALANCE: u128 = 1_000_000;
const FEE: u64 = 1_000;

/// Account 1 has nonce 5 and money; 2 is a sponsor with nonce 0 and money; 3 has nothing.
fn view() -> View {
    let mut view = View::default().with_account(1, 5, BALANCE).with_account(2, 0, BALANCE);
    view.contracts.insert(contract(9, "here"));
    view.contracts.insert(contract(1, "taken"));
    view
}

fn contract(owner: u8, name: &str) -> ContractId {
    ContractId { issuer: address(owner).standard(), name: ContractName::new(name).unwrap() }
}

fn checked_at_tip(conn: &Connection, transaction: impl Into<BlockTransaction>) -> Result<CheckOutcome, Refusal> {
    check(conn, &view(), &params(0, 0), transaction.into(), NOW_S)
}

fn refusal(transaction: impl Into<BlockTransaction>) -> Refusal {
    checked_at_tip(&database(), transaction).unwrap_err()
}

fn admitted(transaction: impl Into<BlockTransaction>) {
    let admission = checked_at_tip(&database(), transaction);
    assert!(matches!(admission, Ok(CheckOutcome::Checked(_))), "{admission:?}");
}

/// Signed by account 1 after `change`.
fn changed(payload: TransactionPayload, change: impl FnOnce(&mut StacksTransaction)) -> StacksTransaction {
    let mut transaction = unsigned(1, 5, FEE, payload);
    change(&mut transaction);
    transaction.sign_origin(&key(1)).unwrap();
    transaction
}

fn call(owner: u8, name: &str, function: &str, arguments: usize) -> TransactionPayload {
    call_payload(address(owner), name, function, vec![Value::NONE; arguments])
}

fn sponsored(fee: u64, payload: TransactionPayload) -> StacksTransaction {
    let mut transaction = unsigned_sponsored((1, 5), (2, 0), fee, payload);
    transaction.sign_origin(&key(1)).unwrap();
    transaction.sign_sponsor(&key(2)).unwrap();
    transaction
}

#[test]
fn what_every_row_allows_is_admitted() {
    admitted(signed(1, 5, FEE, transfer(3, 10)));
    admitted(signed(1, 31, FEE, transfer(3, 10)));
    admitted(signed(1, 5, FEE, call(9, "here", FUNCTION, 1)));
    admitted(signed(1, 5, FEE, deploy_payload("new", "(ok 1)")));
    let versioned = TransactionPayload::VersionedSmartContract {
        version: ContractVersion::Clarity2,
        name: ContractName::new("new").unwrap(),
        code: "(ok 1)".to_owned(),
    };
    admitted(signed(1, 5, FEE, versioned));
    admitted(sponsored(FEE, transfer(3, u64::try_from(BALANCE).unwrap())));
}

#[test]
fn a_pending_transaction_is_not_checked_again() {
    let mut conn = database();
    let transaction = signed(1, 5, FEE, transfer(3, 10));
    let CheckOutcome::Checked(checked) = checked_at_tip(&conn, transaction.clone()).unwrap() else {
        panic!("not checked")
    };
    write(&mut conn, |tx| insert(tx, &checked, &[], |_| Ok(5))).unwrap();
    assert_eq!(checked_at_tip(&conn, transaction), Ok(CheckOutcome::AlreadyPending));
}

#[test]
fn a_problematic_transaction_is_refused_for_two_days() {
    let mut conn = database();
    let transaction = signed(1, 5, FEE, transfer(3, 10));
    write(&mut conn, |tx| remove(tx, &[transaction.txid()], DropReason::Problematic, NOW_S)).unwrap();
    assert_eq!(checked_at_tip(&conn, transaction.clone()), Err(Refusal::TemporarilyBlacklisted));
    let two_days = 2 * 24 * 60 * 60;
    let at = |now_s| check(&conn, &view(), &params(0, 0), transaction.clone(), now_s);
    assert_eq!(at(NOW_S + two_days - 1), Err(Refusal::TemporarilyBlacklisted));
    assert!(at(NOW_S + two_days).is_ok());
}

/// The refusal of an address of another network.
fn abroad(version: u8, hash160: Hash160) -> Refusal {
    let address = Standard::new(version, hash160.0).expect("a version");
    Refusal::BadAddressVersionByte { address, mainnet: false }
}

#[test]
fn rows_one_to_three_look_at_the_transaction_alone() {
    let mainnet = changed(transfer(3, 1), |tx| tx.version = TransactionVersion::Mainnet);
    assert_eq!(refusal(mainnet), Refusal::BadTransactionVersion { mainnet: false });
    let recipient = address(1).to_principal();
    assert_eq!(refusal(signed(1, 5, FEE, transfer(1, 1))), Refusal::TransferRecipientCannotEqualSender { recipient });
    assert_eq!(refusal(signed(1, 5, FEE, transfer(3, 0))), Refusal::TransferAmountMustBePositive);
    for version in [20, 22, 5] {
        let foreign = StacksAddress::new(version, address(3).hash160()).unwrap().to_principal();
        let payload = TransactionPayload::TokenTransfer { recipient: foreign, amount: 1, memo: [0; 34] };
        assert_eq!(refusal(signed(1, 5, FEE, payload)), abroad(version, address(3).hash160()));
    }
    let mut foreign = contract(3, "c");
    foreign.issuer = Standard::new(22, foreign.issuer.hash).unwrap();
    let recipient = Principal::Contract(foreign);
    let payload = TransactionPayload::TokenTransfer { recipient, amount: 1, memo: [0; 34] };
    assert_eq!(refusal(signed(1, 5, FEE, payload)), abroad(22, address(3).hash160()));
}

#[test]
fn a_transfer_with_post_conditions_is_refused_up_front() {
    use stacks_types::transaction::{FungibleCode, PostCondition, PostConditionPrincipal};
    let condition =
        PostCondition::Stx { principal: PostConditionPrincipal::Origin, code: FungibleCode::Equal, amount: 1 };
    let transaction = changed(transfer(3, 1), |tx| tx.post_conditions.push(condition));
    assert_eq!(refusal(transaction), Refusal::TransferWithPostConditions);
}

/// The message with which row 4 refuses it.
fn cause_and_cure(transaction: StacksTransaction) -> String {
    match refusal(transaction) {
        Refusal::SignatureValidation { message } => message,
        other => panic!("{other}"),
    }
}

#[test]
fn row_four_says_what_is_wrong_and_what_to_do() {
    let says = |transaction: StacksTransaction, parts: [&str; 2]| {
        let message = cause_and_cure(transaction);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    };
    says(unsigned(1, 5, FEE, transfer(3, 1)), ["the origin has not signed", "sign it"]);
    let mut unsponsored = unsigned_sponsored((1, 5), (2, 0), FEE, transfer(3, 1));
    unsponsored.sign_origin(&key(1)).unwrap();
    says(unsponsored.clone(), ["made for a sponsor, and none has signed", "without a sponsor"]);
    unsponsored.sign_sponsor(&key(2)).unwrap();
    unsponsored.auth.sponsor_mut().unwrap().set_fee(FEE + 1);
    says(unsponsored, ["the sponsor is", "own key"]);
    let mut tampered = changed(transfer(3, 1), |_| ());
    tampered.payload = transfer(3, 2);
    says(tampered, ["the origin is", "after the last change"]);
    says(changed(transfer(3, 1), |tx| tx.chain_id = 1), ["chain id is 0x00000001, not 0x80000000", "sign it again"]);
    let originator = changed(call(9, "here", FUNCTION, 1), |tx| tx.post_condition_mode = PostConditionMode::Originator);
    says(originator, ["post-condition mode originator needs epoch 3.4", "without"]);
}

#[test]
fn signatures_are_counted_before_they_are_checked() {
    let with = |fields: usize| {
        let field = AuthField::Signature { encoding: KeyEncoding::Compressed, signature: MessageSignature::default() };
        let condition = SpendingCondition::MultiSig(MultiSigCondition {
            hash_mode: MultiSigHashMode::P2sh,
            signer: Hash160([7; 20]),
            nonce: 0,
            fee: 1_000_000,
            fields: vec![field; fields],
            signatures_required: 1,
        });
        StacksTransaction::new(false, TransactionAuth::Standard(condition), transfer(3, 1))
    };
    let text = "257 keys and signatures of one account: the mempool takes at most 256";
    assert_eq!(cause_and_cure(with(MAX_AUTH_FIELDS + 1)), text);
    assert_ne!(cause_and_cure(with(MAX_AUTH_FIELDS)), text);
}

#[test]
fn a_clarity_version_of_a_later_epoch_is_no_fault_of_the_signature() {
    for (version, epoch) in [(ContractVersion::Clarity4, "--epoch 3.3"), (ContractVersion::Clarity6, "--epoch 4.0")] {
        let (name, code) = (ContractName::new("new").unwrap(), "(ok 1)".to_owned());
        let refused = refusal(changed(TransactionPayload::VersionedSmartContract { version, name, code }, |_| ()));
        assert_eq!(refused.reason(), "ServerFailureOther");
        let data = refused.reason_data().unwrap();
        let message = data["message"].as_str().unwrap();
        for part in [
            &format!("clarity version {} is above 3, the newest of epoch 3.0", version.to_byte()),
            "clarityVersion in stacks.js",
            "with none",
            epoch,
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn a_high_s_is_refused() {
    let mut transaction = changed(transfer(3, 1), |_| ());
    let TransactionAuth::Standard(stacks_types::transaction::SpendingCondition::SingleSig(condition)) =
        &mut transaction.auth
    else {
        panic!("one key")
    };
    condition.signature.0 = with_other_s(condition.signature.0);
    assert_eq!(transaction.verify(LowS::Lax), Ok(()), "good but for its S");
    assert!(cause_and_cure(transaction).contains("high S"));
}

#[test]
fn row_five_wants_a_micro_stx_a_byte() {
    let length = u64::try_from(signed(1, 5, 0, transfer(3, 1)).length()).unwrap();
    assert_eq!(
        refusal(signed(1, 5, length - 1, transfer(3, 1))),
        Refusal::FeeTooLow { expected: length, actual: length - 1 }
    );
    admitted(signed(1, 5, length, transfer(3, 1)));
}

#[test]
fn row_seven_bounds_nonces_on_both_sides() {
    let principal = address(1);
    assert_eq!(
        refusal(signed(1, 4, FEE, transfer(3, 1))),
        Refusal::BadNonce { expected: 5, actual: 4, principal, is_origin: true }
    );
    assert_eq!(
        refusal(signed(1, 32, FEE, transfer(3, 1))),
        Refusal::TooMuchChaining { expected: 31, actual: 32, principal, is_origin: true }
    );
    let mut far = unsigned_sponsored((1, 5), (2, 27), FEE, transfer(3, 1));
    far.sign_origin(&key(1)).unwrap();
    far.sign_sponsor(&key(2)).unwrap();
    assert_eq!(
        refusal(far),
        Refusal::TooMuchChaining { expected: 26, actual: 27, principal: address(2), is_origin: false }
    );
    let mut twice = unsigned_sponsored((1, 5), (1, 6), FEE, transfer(3, 1));
    twice.sign_origin(&key(1)).unwrap();
    twice.sign_sponsor(&key(1)).unwrap();
    assert_eq!(refusal(twice), Refusal::BadNonce { expected: 5, actual: 6, principal, is_origin: false });
}

#[test]
fn rows_nine_and_ten_want_the_money_to_be_there() {
    let balance = u64::try_from(BALANCE).unwrap();
    let short = |expected: u64, actual| Refusal::NotEnoughFunds { expected: u128::from(expected), actual };
    admitted(signed(1, 5, FEE, transfer(3, balance - FEE)));
    assert_eq!(refusal(signed(1, 5, FEE, transfer(3, balance - FEE + 1))), short(balance + 1, BALANCE));
    assert_eq!(refusal(signed(1, 5, balance + 1, call(9, "here", FUNCTION, 1))), short(balance + 1, BALANCE));
    assert_eq!(refusal(signed(3, 0, FEE, deploy_payload("new", "1"))), short(FEE, 0));
    // With a sponsor each account pays its own part.
    assert_eq!(refusal(sponsored(FEE, transfer(3, balance + 1))), short(balance + 1, BALANCE));
    assert_eq!(refusal(sponsored(balance + 1, transfer(3, 1))), short(balance + 1, BALANCE));
    let most = signed(1, 5, u64::MAX, transfer(3, u64::MAX));
    assert_eq!(refusal(most), Refusal::NotEnoughFunds { expected: 2 * u128::from(u64::MAX), actual: BALANCE });
}

#[test]
fn rows_eleven_and_twelve_look_at_contracts() {
    assert_eq!(
        refusal(signed(1, 5, FEE, call(9, "gone", FUNCTION, 1))),
        Refusal::NoSuchContract { contract: contract(9, "gone") }
    );
    let message = "no other".to_owned();
    assert_eq!(refusal(signed(1, 5, FEE, call(9, "here", "other", 1))), Refusal::NoSuchPublicFunction { message });
    assert!(matches!(refusal(signed(1, 5, FEE, call(9, "here", FUNCTION, 2))), Refusal::BadFunctionArgument { .. }));
    let mut foreign = call(9, "here", FUNCTION, 1);
    if let TransactionPayload::ContractCall(call) = &mut foreign {
        call.address = StacksAddress::of_key_hash(call.address.hash160(), true);
    }
    assert_eq!(refusal(signed(1, 5, FEE, foreign)), abroad(22, address(9).hash160()));
    let contract_identifier = contract(1, "taken");
    assert_eq!(
        refusal(signed(1, 5, FEE, deploy_payload("taken", "1"))),
        Refusal::ContractAlreadyExists { contract_identifier }
    );
}

#[test]
fn row_thirteen_takes_no_coinbase() {
    let coinbase = TransactionPayload::Coinbase { buffer: [0; 32] };
    assert_eq!(refusal(signed(1, 5, FEE, coinbase)), Refusal::NoCoinbaseViaMempool);
    let recipient = address(3).to_principal();
    let alternative = TransactionPayload::CoinbaseToAltRecipient { buffer: [0; 32], recipient: recipient.clone() };
    assert_eq!(refusal(signed(1, 5, FEE, alternative)), Refusal::NoCoinbaseViaMempool);
    let vrf_proof = Box::default();
    let nakamoto = TransactionPayload::NakamotoCoinbase { buffer: [0; 32], recipient: Some(recipient), vrf_proof };
    assert_eq!(refusal(signed(1, 5, FEE, nakamoto)), Refusal::NoCoinbaseViaMempool);
}

#[test]
fn rows_are_judged_in_their_order() {
    // Each transaction breaks the named row and every later one that it can break.
    let broke = |nonce, fee, payload| refusal(signed(3, nonce, fee, payload)).reason();
    assert_eq!(broke(0, 0, transfer(3, 0)), "TransferRecipientCannotEqualSender");
    assert_eq!(broke(99, 0, transfer(1, 0)), "TransferAmountMustBePositive");
    assert_eq!(refusal(unsigned(3, 99, 0, transfer(1, 1))).reason(), "SignatureValidation");
    assert_eq!(broke(99, 0, transfer(1, 1)), "FeeTooLow");
    assert_eq!(broke(99, FEE, transfer(1, 1)), "TooMuchChaining");
    assert_eq!(broke(0, FEE, call(9, "gone", FUNCTION, 1)), "NotEnoughFunds");
    let coinbase = TransactionPayload::Coinbase { buffer: [0; 32] };
    assert_eq!(broke(0, FEE, coinbase), "NotEnoughFunds");
}

#[test]
fn refusals_have_the_words_and_keys_that_clients_know() {
    let principal = address(1);
    let text = principal.to_string();
    let check = |refusal: Refusal, reason: &str, data: Option<serde_json::Value>| {
        assert_eq!((refusal.reason(), refusal.reason_data()), (reason, data), "{refusal}");
    };
    check(
        Refusal::BadNonce { expected: 5, actual: 4, principal, is_origin: true },
        "BadNonce",
        Some(json!({"expected": 5, "actual": 4, "principal": text, "is_origin": true})),
    );
    check(
        Refusal::TooMuchChaining { expected: 31, actual: 40, principal, is_origin: false },
        "TooMuchChaining",
        Some(json!({
            "message": "Nonce would exceed chaining limit in mempool",
            "expected": 31, "actual": 40, "principal": text, "is_origin": false,
        })),
    );
    check(Refusal::FeeTooLow { expected: 180, actual: 1 }, "FeeTooLow", Some(json!({"expected": 180, "actual": 1})));
    check(
        Refusal::NotEnoughFunds { expected: 16, actual: u128::MAX },
        "NotEnoughFunds",
        Some(json!({
            "expected": "0x00000000000000000000000000000010",
            "actual": "0xffffffffffffffffffffffffffffffff",
        })),
    );
    check(
        Refusal::TransferRecipientCannotEqualSender { recipient: principal.to_principal() },
        "TransferRecipientCannotEqualSender",
        Some(json!({"recipient": text})),
    );
    check(
        Refusal::ContractAlreadyExists { contract_identifier: contract(1, "taken") },
        "ContractAlreadyExists",
        Some(json!({"contract_identifier": format!("{text}.taken")})),
    );
    check(
        Refusal::SignatureValidation { message: "bad".to_owned() },
        "SignatureValidation",
        Some(json!({"message": "bad"})),
    );
    check(
        Refusal::BadFunctionArgument { error: "TypeError".to_owned(), message: "bad".to_owned() },
        "BadFunctionArgument",
        Some(json!({"message": "TypeError"})),
    );
    check(Refusal::Database { message: "disk".to_owned() }, "ServerFailureDatabase", Some(json!({"message": "disk"})));
    check(
        Refusal::PayloadNotAllowed { name: "PoisonMicroblock" },
        "ServerFailureOther",
        Some(json!({"message": "payload PoisonMicroblock is not allowed"})),
    );
    let (mainnet, txid) = (false, Txid([7; 32]));
    for (refusal, reason) in [
        (Refusal::BadTransactionVersion { mainnet }, "BadTransactionVersion"),
        (Refusal::TransferAmountMustBePositive, "TransferAmountMustBePositive"),
        (Refusal::NoSuchContract { contract: contract(1, "gone") }, "NoSuchContract"),
        (Refusal::NoSuchPublicFunction { message: "no".to_owned() }, "NoSuchPublicFunction"),
        (Refusal::ConflictingNonceInMempool { nonce: 5, txid, fee: 180 }, "ConflictingNonceInMempool"),
        (Refusal::BadAddressVersionByte { address: principal.standard(), mainnet }, "BadAddressVersionByte"),
        (Refusal::NoCoinbaseViaMempool, "NoCoinbaseViaMempool"),
        (Refusal::NoTenureChangeViaMempool, "NoTenureChangeViaMempool"),
        (Refusal::TemporarilyBlacklisted, "TemporarilyBlacklisted"),
    ] {
        check(refusal, reason, None);
    }
}

#[test]
fn keys_of_the_tests_are_different_accounts() {
    let of = |key: &PrivateKey| StacksAddress::p2pkh(&key.public_key(), false);
    assert_ne!(of(&key(1)), of(&key(2)));
}
