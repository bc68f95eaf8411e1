//! The requests of `clarinet deployments apply --devnet`, in its order and at its pace, on a devnet with defaults only:
//! it reads `/v2/info` every second, sends a batch, and moves on when the batch is on the chain and a burn block came
//! after it.

use std::time::{Duration, Instant};

use serde_json::Value;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::{
    AnchorMode, ContractCall, ContractVersion, PostConditionMode, SpendingCondition, StacksTransaction,
    TransactionAuth, TransactionPayload,
};
use tests::processes::{Http, WAIT, address_of, run, stacksjs, start_devnet, wallet};

const DEPLOYER: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM";
/// Burn height at which the newest epoch of Clarinet's Devnet.toml begins, the last for which it waits.
const EPOCH_4_0: u64 = 162;
/// Time between two polls.
const LOOK: Duration = Duration::from_secs(1);

/// A transaction of a plan; says when Clarinet takes it as done.
enum Step {
    /// Done when the contract with this name has a source.
    Publish(&'static str, StacksTransaction),
    /// Done when the sender's nonce is above this.
    Other(u64, StacksTransaction),
}

struct Clarinet {
    http: Http,
    /// Stacks and burn heights when it last waited for an epoch.
    seen: (u64, u64),
}

impl Clarinet {
    async fn json(&self, path: &str) -> Value {
        let answer = self.http.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// Stacks and burn heights, from an answer with all keys that Clarinet parses.
    async fn heights(&self) -> (u64, u64) {
        let info = self.json("/v2/info").await;
        for key in [
            "peer_version",
            "pox_consensus",
            "burn_block_height",
            "stable_pox_consensus",
            "stable_burn_block_height",
            "server_version",
            "network_id",
            "parent_network_id",
            "stacks_tip_height",
            "stacks_tip",
            "stacks_tip_consensus_hash",
            "genesis_chainstate_hash",
        ] {
            assert!(!info[key].is_null(), "{key} is missing");
        }
        (info["stacks_tip_height"].as_u64().expect("a height"), info["burn_block_height"].as_u64().expect("a height"))
    }

    /// The sender's nonce, from an answer with proofs.
    async fn nonce(&self) -> u64 {
        let account = self.json(&format!("/v2/accounts/{DEPLOYER}")).await;
        assert!(account["balance_proof"].is_string() && account["nonce_proof"].is_string(), "{account}");
        account["nonce"].as_u64().expect("a nonce")
    }

    async fn is_done(&self, step: &Step) -> bool {
        match step {
            Step::Publish(name, _) => {
                let answer = self.http.get(&format!("/v2/contracts/source/{DEPLOYER}/{name}")).await;
                answer.status == 200 && answer.json()["publish_height"].is_u64()
            }
            Step::Other(nonce, _) => self.nonce().await > *nonce,
        }
    }

    /// Waits until the burn chain is past this height and both chains have moved since the earlier batches. Does not
    /// wait if an earlier batch already saw a burn height past it.
    async fn wait_for_epoch(&mut self, start: u64) {
        let end = Instant::now() + WAIT;
        while self.seen.1 <= start {
            let (stacks, burn) = self.heights().await;
            if stacks > 0 && burn > self.seen.1 {
                self.seen.1 = burn;
                if stacks > self.seen.0 {
                    self.seen.0 = stacks;
                    continue;
                }
            }
            assert!(Instant::now() < end, "heights {:?} do not pass {start}", self.seen);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Applies one batch whose epoch begins at this burn height.
    async fn apply(&mut self, epoch_start: u64, batch: &[Step]) {
        self.wait_for_epoch(epoch_start).await;
        for Step::Publish(_, transaction) | Step::Other(_, transaction) in batch {
            let sent = self.http.post("/v2/transactions", "application/octet-stream", transaction.encode()).await;
            assert_eq!(sent.status, 200, "a refused transaction stops it: {}", sent.text());
        }
        let (end, mut last) = (Instant::now() + WAIT, (0, 0));
        let mut waiting: Vec<&Step> = batch.iter().collect();
        loop {
            let (stacks, burn) = self.heights().await;
            if stacks > last.0 {
                let mut left = Vec::new();
                for step in waiting {
                    if !self.is_done(step).await {
                        left.push(step);
                    }
                }
                waiting = left;
                // Polls until bitcoin has moved too.
                if burn > last.1 {
                    last = (stacks, burn);
                    if waiting.is_empty() {
                        return;
                    }
                    continue;
                }
            }
            assert!(Instant::now() < end, "{} of the batch are not done at {last:?}", waiting.len());
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn signed(key: &PrivateKey, nonce: u64, payload: TransactionPayload) -> StacksTransaction {
    let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(key, nonce, 50_000));
    let mut transaction = StacksTransaction::new(false, auth, payload);
    transaction.anchor_mode = AnchorMode::OnChainOnly;
    transaction.post_condition_mode = PostConditionMode::Allow;
    transaction.sign_origin(key).expect("the origin's key");
    transaction
}

fn publish(key: &PrivateKey, nonce: u64, version: Option<ContractVersion>, name: &'static str, code: &str) -> Step {
    let code = code.to_owned();
    let payload = match version {
        None => TransactionPayload::SmartContract { name: name.parse().expect("a name"), code },
        Some(version) => {
            TransactionPayload::VersionedSmartContract { version, name: name.parse().expect("a name"), code }
        }
    };
    Step::Publish(name, signed(key, nonce, payload))
}

#[test]
fn a_plan_is_applied_in_seconds() {
    run(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (_devnet, accounts) = start_devnet(folder.path(), &[]);
        let mut clarinet = Clarinet { http: Http::new(&address_of(&accounts)), seen: (0, 0) };
        let key = wallet(&stacksjs(), "deployer");
        let begun = Instant::now();

        let mut nonce = clarinet.nonce().await;
        let mut next = || {
            nonce += 1;
            nonce - 1
        };
        // First the requirements, without a version, then the project, batch by batch.
        let registry = "(define-map deposits { block-height: uint } uint)\n(define-public (note) (ok true))";
        let token = "(define-fungible-token sbtc)\n(define-public (mint) (contract-call? .sbtc-registry note))";
        let requirements =
            [publish(&key, next(), None, "sbtc-registry", registry), publish(&key, next(), None, "sbtc-token", token)];
        clarinet.apply(EPOCH_4_0 - 20, &requirements).await;
        let counter = "(define-data-var n uint u0)\n(define-public (add) (ok (var-set n (+ (var-get n) u1))))";
        let project = [publish(&key, next(), Some(ContractVersion::Clarity4), "counter", counter)];
        clarinet.apply(EPOCH_4_0 - 14, &project).await;
        let call = TransactionPayload::ContractCall(ContractCall {
            address: stacks_types::address::StacksAddress::parse(DEPLOYER).expect("an address"),
            contract_name: "counter".parse().expect("a name"),
            function_name: "add".parse().expect("a name"),
            arguments: Vec::new(),
        });
        let (called, sent) = (next(), next());
        let recipient = stacks_types::address::StacksAddress::parse("ST000000000000000000002AMW42H")
            .expect("an address")
            .to_principal();
        let transfer = TransactionPayload::TokenTransfer { recipient, amount: 1_000_000, memo: [0; 34] };
        let calls = [Step::Other(called, signed(&key, called, call)), Step::Other(sent, signed(&key, sent, transfer))];
        clarinet.apply(EPOCH_4_0, &calls).await;
        // With only the devnet's burn block interval, three batches would take more than a minute.
        assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
    });
}
