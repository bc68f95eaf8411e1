//! Whether the signers can work at all: their keys must be in the stacker set, and the node must accept their token.

use std::collections::BTreeSet;

use client::{Failed, is_refusal, unary};
use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::{BurnBlockHash, Hash160};
use tonic::Code;

use super::Driver;

/// An id that no validation has: the call only tests whether the node refuses it.
const TOKEN_CHECK: &str = "token-check";

impl Driver {
    /// At a new burn tip, looks the signers up in the stacker set and logs changes.
    pub(super) async fn log_members(&mut self) {
        let Some(burn_tip) = self.machine.burn_tip() else { return };
        if self.signers.iter().all(|signer| signer.standing.is_known_at(&burn_tip)) {
            return;
        }
        // The failure was logged already; the next item asks again.
        let Ok(asked) = self.asked_at(&burn_tip).await else { return };
        for signer in &mut self.signers {
            let is_member = asked.contains(&signer.account);
            if !signer.standing.learn(burn_tip, is_member) {
                continue;
            }
            let address = &signer.address;
            if is_member {
                tracing::info!(address, "this signer is in the stacker set");
            } else {
                let how = "the sets are the genesis' or AdminService.SetStackerSet's, from the next reward cycle on";
                tracing::warn!(address, "this signer is not in the stacker set and will not be asked; {how}");
            }
        }
    }

    /// Checks whether the node accepts the token before the first proposal, which may come late.
    pub(super) async fn check_token(&mut self) {
        let request = v1::GetValidationRequest { validation_id: TOKEN_CHECK.to_owned(), wait: None };
        if let Err(status) = unary(self.node.validation().get_validation(request)).await
            && is_refusal(&status)
        {
            self.refused = Some(status.message().to_owned());
        }
    }

    /// Accounts of this process's signers that are stackers at a burn block. If the node does not know the block, all
    /// of them: validation decides.
    pub(super) async fn asked_at(&mut self, at: &BurnBlockHash) -> Result<BTreeSet<Hash160>, Failed> {
        if let Some((known, asked)) = &self.asked_at
            && known == at
        {
            return Ok(asked.clone());
        }
        let own = self.signers.iter().map(|signer| signer.account);
        let request = v1::GetStackerSetRequest { burn_block_hash: at.as_bytes().to_vec().into() };
        let answer = match unary(self.node.burnchain().get_stacker_set(request)).await {
            Ok(answer) => answer,
            Err(status) if status.code() == Code::NotFound => return Ok(own.collect()),
            Err(status) => return Err(status.into()),
        };
        let addresses = answer.stackers.iter().filter_map(|member| StacksAddress::parse(&member.address).ok());
        let members: BTreeSet<_> = addresses.map(|address| address.hash160()).collect();
        let asked: BTreeSet<_> = own.filter(|own| members.contains(own)).collect();
        self.asked_at = Some((*at, asked.clone()));
        Ok(asked)
    }
}
