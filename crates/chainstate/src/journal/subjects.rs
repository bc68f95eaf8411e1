//! The transactions, contracts, assets and principals that an event touches. Computed once for each event, when a
//! filter asks.

use std::collections::BTreeSet;

use nakamoto_proto::v1;
use stacks_types::transaction::{StacksTransaction, TransactionPayload};
use v1::event::Body;
use v1::transaction_event::Body as TxBody;

/// Txids; contracts, assets and principals as text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct EventSubjects {
    /// "ADDRESS.name": printed, held an asset that moved, called or deployed.
    pub contracts: BTreeSet<String>,
    /// "ADDRESS.contract::asset".
    pub assets: BTreeSet<String>,
    /// Senders, recipients, origins, sponsors, and those paid.
    pub principals: BTreeSet<String>,
    /// Txids; one that is not 32 bytes long is left out.
    pub txids: BTreeSet<[u8; 32]>,
}

impl EventSubjects {
    /// The subjects of a processed block or a mempool event; none for other kinds.
    #[must_use]
    pub(crate) fn from_event(event: &v1::Event) -> Self {
        let mut touched = Self::default();
        match &event.body {
            Some(Body::BlockProcessed(processed)) => {
                for receipt in &processed.receipts {
                    touched.add_txid(&receipt.txid);
                    touched.add_transaction(&receipt.transaction);
                    receipt.events.iter().filter_map(|event| event.body.as_ref()).for_each(|b| touched.add_event(b));
                }
                for reward in &processed.matured_rewards {
                    touched.principals.insert(reward.recipient.clone());
                    touched.principals.insert(reward.producer.clone());
                }
            }
            Some(Body::MempoolAccepted(accepted)) => {
                touched.add_txid(&accepted.txid);
                touched.add_transaction(&accepted.transaction);
            }
            Some(Body::MempoolDropped(dropped)) => dropped.txids.iter().for_each(|txid| touched.add_txid(txid)),
            Some(_) | None => {}
        }
        touched
    }

    fn add_txid(&mut self, txid: &[u8]) {
        self.txids.extend(<[u8; 32]>::try_from(txid));
    }

    fn add_transaction(&mut self, raw: &[u8]) {
        // The node recorded it, so it decodes. If it did not, nothing in it could be named.
        let Ok(transaction) = StacksTransaction::decode(raw) else { return };
        let mainnet = transaction.version.is_mainnet();
        let origin = transaction.origin_address(mainnet).to_string();
        match &transaction.payload {
            TransactionPayload::TokenTransfer { recipient, .. }
            | TransactionPayload::CoinbaseToAltRecipient { recipient, .. } => {
                self.principals.insert(recipient.to_string());
            }
            TransactionPayload::SmartContract { name, .. }
            | TransactionPayload::VersionedSmartContract { name, .. } => {
                self.contracts.insert(format!("{origin}.{name}"));
            }
            TransactionPayload::ContractCall(call) => {
                self.contracts.insert(format!("{}.{}", call.address, call.contract_name));
            }
            TransactionPayload::Coinbase { .. }
            | TransactionPayload::PoisonMicroblock(_)
            | TransactionPayload::TenureChange(_)
            | TransactionPayload::NakamotoCoinbase { .. } => {}
        }
        self.principals.extend(transaction.sponsor_address(mainnet).map(|sponsor| sponsor.to_string()));
        self.principals.insert(origin);
    }

    fn add_event(&mut self, body: &TxBody) {
        match body {
            TxBody::ContractPrint(event) => {
                self.contracts.insert(event.contract_id.clone());
            }
            TxBody::StxTransfer(event) => self.add_principals([&event.sender, &event.recipient]),
            TxBody::StxMint(event) => self.add_principals([&event.recipient]),
            TxBody::StxBurn(event) => self.add_principals([&event.sender]),
            TxBody::StxLock(event) => {
                self.contracts.insert(event.contract_id.clone());
                self.add_principals([&event.locked_address]);
            }
            TxBody::FtTransfer(event) => self.add_asset(&event.asset_id, [&event.sender, &event.recipient]),
            TxBody::FtMint(event) => self.add_asset(&event.asset_id, [&event.recipient]),
            TxBody::FtBurn(event) => self.add_asset(&event.asset_id, [&event.sender]),
            TxBody::NftTransfer(event) => self.add_asset(&event.asset_id, [&event.sender, &event.recipient]),
            TxBody::NftMint(event) => self.add_asset(&event.asset_id, [&event.recipient]),
            TxBody::NftBurn(event) => self.add_asset(&event.asset_id, [&event.sender]),
        }
    }

    fn add_asset<const N: usize>(&mut self, asset_id: &str, principals: [&String; N]) {
        if let Some((contract, _)) = asset_id.split_once("::") {
            self.contracts.insert(contract.to_owned());
        }
        self.assets.insert(asset_id.to_owned());
        self.add_principals(principals);
    }

    fn add_principals<const N: usize>(&mut self, principals: [&String; N]) {
        self.principals.extend(principals.into_iter().cloned());
    }
}
