//! Transactions that are offered. What was refused is remembered: the same bytes cost nothing again.

use bytes::Bytes;
use chainstate::chain::{self, Admission, AdmissionRefusal, wire};
use chainstate::db::StoreError;
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;

use super::NodeChain;
use crate::error::ApiError;

/// What became of one of many transactions that were offered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// Its answer.
    Decided(v1::SubmitTransactionResponse),
    /// What is left to check may take long, and takes a turn of its sender.
    Left {
        /// Who signed it.
        origin: StacksAddress,
    },
}

type Decision = Result<Admission, AdmissionRefusal>;

impl NodeChain {
    /// Offers transactions to the mempool, with one commit for all; as many answers, in order.
    pub fn offer_transactions(&self, raw: &[Bytes]) -> Vec<Result<Offered, ApiError>> {
        // Before the check: what is refused at a later tip is forgotten early, and no refusal outlives its tip.
        let tip = self.tip_ref().block_id;
        let known: Vec<_> = raw.iter().map(|raw| self.refusals.find(raw, &tip)).collect();
        let unknown = raw.iter().zip(&known).filter(|(_, known)| known.is_none());
        let unknown: Vec<_> = unknown.map(|(raw, _)| raw.clone()).collect();
        let mut offered = self.chain.offer_transactions(&unknown).into_iter();
        let mut answer = |raw: &Bytes, known: Option<v1::SubmitTransactionResponse>| match known {
            Some(answer) => Ok(Offered::Decided(answer)),
            None => match offered.next().unwrap_or(Err(StoreError::ShuttingDown))? {
                chain::Offered::Left { origin } => Ok(Offered::Left { origin }),
                chain::Offered::Decided(decision) => Ok(Offered::Decided(self.decided(raw, &tip, decision))),
            },
        };
        raw.iter().zip(known).map(|(raw, known)| answer(raw, known)).collect()
    }

    /// Offers one that was left, alone: its check may load a large contract that it calls.
    pub fn submit_transaction(&self, raw: &Bytes) -> Result<v1::SubmitTransactionResponse, ApiError> {
        let tip = self.tip_ref().block_id;
        // Others may have offered the same meanwhile.
        if let Some(answer) = self.refusals.find(raw, &tip) {
            return Ok(answer);
        }
        Ok(self.decided(raw, &tip, self.chain.admit_transaction(raw)?))
    }

    fn decided(&self, raw: &[u8], tip: &[u8], decision: Decision) -> v1::SubmitTransactionResponse {
        let holds = match &decision {
            Ok(_) => false,
            Err(AdmissionRefusal::Undecodable(_)) => true,
            Err(AdmissionRefusal::Refused { refusal, .. }) => refusal.holds_at_its_tip(),
        };
        let answer = response(decision);
        if holds {
            self.refusals.remember(raw, tip, &answer);
        }
        answer
    }
}

fn response(decision: Decision) -> v1::SubmitTransactionResponse {
    match decision {
        Ok(Admission::Accepted(txid) | Admission::AlreadyPending(txid)) => v1::SubmitTransactionResponse {
            accepted: true,
            txid: wire::bytes(&txid.0),
            ..v1::SubmitTransactionResponse::default()
        },
        Err(AdmissionRefusal::Undecodable(error)) => v1::SubmitTransactionResponse {
            refusal_reason: "Deserialization".to_owned(),
            refusal_data_json: serde_json::json!({ "message": error.to_string() }).to_string(),
            ..v1::SubmitTransactionResponse::default()
        },
        Err(AdmissionRefusal::Refused { txid, refusal }) => v1::SubmitTransactionResponse {
            accepted: false,
            txid: wire::bytes(&txid.0),
            refusal_reason: refusal.reason().to_owned(),
            refusal_data_json: refusal.reason_data().map(|data| data.to_string()).unwrap_or_default(),
        },
    }
}
