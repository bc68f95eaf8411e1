//! Whether this signer can work at all: its key must be in the stacker set, and the node must take its token.

use client::{is_refusal, unary};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::BurnBlockHash;
use tonic::Code;

use super::{Driver, Failed};

/// Id of no validation: only whether the node refuses the call matters.
const TOKEN_CHECK: &str = "token-check";

impl Driver {
    /// At a new burn tip, looks this signer up in the stacker set and logs a change.
    pub(super) async fn say_when_not_in_the_set(&mut self) {
        let Some(burn_tip) = self.machine.burn_tip() else { return };
        if self.standing.is_known_at(&burn_tip) {
            return;
        }
        // The failure was logged already, and the next item asks again.
        let Ok(is_member) = self.is_asked(&burn_tip).await else { return };
        if self.standing.learn(burn_tip, is_member) {
            let address = &self.chain.address;
            if is_member {
                tracing::info!(address, "this signer is in the stacker set");
            } else {
                let how = "the sets are the genesis' or AdminService.SetStackerSet's, from the next reward cycle on";
                tracing::warn!(address, "this signer is not in the stacker set and will not be asked; {how}");
            }
        }
    }

    /// Finds out whether the node takes the token before the first proposal, which may come late.
    pub(super) async fn check_token(&mut self) {
        let request = v1::GetValidationRequest { validation_id: TOKEN_CHECK.to_owned(), wait: None };
        if let Err(status) = unary(self.node.validation().get_validation(request)).await
            && is_refusal(&status)
        {
            self.refused = Some(status.message().to_owned());
        }
    }

    /// Whether this signer is a stacker at a burn block. For one that the node does not know the answer is yes: validation decides.
    pub(super) async fn is_asked(&mut self, at: &BurnBlockHash) -> Result<bool, Failed> {
        if let Some((known, asked)) = self.asked_at
            && known == *at
        {
            return Ok(asked);
        }
        let request = v1::GetStackerSetRequest { burn_block_hash: at.as_bytes().to_vec().into() };
        let answer = match unary(self.node.burnchain().get_stacker_set(request)).await {
            Ok(answer) => answer,
            Err(status) if status.code() == Code::NotFound => return Ok(true),
            Err(status) => return Err(status.into()),
        };
        let asked = answer.stackers.iter().any(|member| self.is_own(&member.address));
        self.asked_at = Some((*at, asked));
        Ok(asked)
    }

    pub(super) fn is_own(&self, address: &str) -> bool {
        StacksAddress::parse(address).is_ok_and(|address| address.hash160() == self.chain.signer)
    }
}
