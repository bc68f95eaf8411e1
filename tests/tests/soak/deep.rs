//! Contracts that nest deeply, with a top level that takes some time.

use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_service_client::TransactionServiceClient;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};
use tests::processes::{Client, stacksjs};

/// Accounts that offer such contracts and nothing else.
const ACCOUNTS: [&str; 2] = ["wallet_7", "wallet_8"];

/// Code whose top level takes part of a transaction's time limit, and then nests deeply.
fn source(salt: u64) -> String {
    let list = format!("(list {})", "u1 ".repeat(40));
    format!(
        ";; {salt}
         (define-constant l {list})
         (define-private (a (x uint) (sum uint)) (+ sum x))
         (define-private (b (x uint) (sum uint)) (fold a l sum))
         (fold b l u0)
         (define-public (f) (ok {}u1{}))",
        "(+ u1 ".repeat(50),
        ")".repeat(50)
    )
}

/// Offers `count` contracts at once, and returns their ids. The answers are ignored: the contracts are mined, or
/// dropped because they take too much, or the node is killed meanwhile.
pub(crate) fn offer(client: &Client, salt: u64, count: u64) -> Vec<[u8; 32]> {
    let vectors = stacksjs();
    let mut offered = Vec::new();
    for number in 0..count {
        let account = ACCOUNTS[usize::from(number % 2 == 1)];
        let key = vectors["accounts"][account]["private_key"].as_str().map(PrivateKey::from_hex);
        let key = key.expect("an account").expect("a key");
        let payload = TransactionPayload::SmartContract { name: "deep".parse().unwrap(), code: source(salt ^ number) };
        let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&key, number / 2, 100_000));
        let mut transaction = StacksTransaction::new(false, auth, payload);
        transaction.sign_origin(&key).expect("the origin's key");
        offered.push(transaction.txid().0);
        let mut service = TransactionServiceClient::new(client.channel.clone());
        let request = v1::SubmitTransactionRequest { transaction: transaction.encode().into() };
        tokio::spawn(async move { service.submit_transaction(request).await });
    }
    offered
}
