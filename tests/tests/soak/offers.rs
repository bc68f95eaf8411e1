//! Clients that offer transfers as fast as the node takes them, and continue whatever happens to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clarity::principal::Principal;
use nakamoto_proto::v1;
use nakamoto_proto::v1::transaction_service_client::TransactionServiceClient;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{SpendingCondition, StacksTransaction, TransactionAuth, TransactionPayload};
use tests::processes::Client;

/// Pause when the node is away or needs blocks first: clients are told of neither.
const PAUSE: Duration = Duration::from_millis(10);

/// Transactions that the node has accepted.
#[derive(Default)]
pub(crate) struct Offers(Mutex<Vec<[u8; 32]>>);

impl Offers {
    /// Ids of all transactions that the node accepted.
    pub(crate) fn accepted(&self) -> Vec<[u8; 32]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, txid: [u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(txid);
    }
}

fn transfer(key: &PrivateKey, nonce: u64) -> StacksTransaction {
    let recipient = Principal::parse("ST000000000000000000002AMW42H").expect("an address");
    let payload = TransactionPayload::TokenTransfer { recipient, amount: 1 + nonce, memo: [0; 34] };
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(key, nonce, 300));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.sign_origin(key).expect("the origin's key");
    transaction
}

/// Offers transfers with rising nonces until it is stopped; repeats an offer that got no answer.
pub(crate) async fn offer(client: Client, key: PrivateKey, stop: Arc<AtomicBool>, offers: Arc<Offers>) {
    let mut service = TransactionServiceClient::new(client.channel.clone());
    let mut transaction = transfer(&key, 0);
    let mut nonce = 0;
    while !stop.load(Ordering::Relaxed) {
        let request = v1::SubmitTransactionRequest { transaction: transaction.encode().into() };
        match service.submit_transaction(request).await.map(tonic::Response::into_inner) {
            Ok(answer) if answer.accepted => offers.note(transaction.txid().0),
            // An accepted offer whose answer was lost may be mined by now.
            Ok(answer) if answer.refusal_reason == "BadNonce" => {}
            Ok(_) | Err(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        }
        nonce += 1;
        transaction = transfer(&key, nonce);
    }
}
