//! Validates proposals with the code that appends blocks, except for the stackers' signatures.

use nakamoto_proto::v1;
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::keys::KeyError;

use crate::blocks::{CheckError, Rejection, SignatureRules, check_in_chain, decode_block};
use crate::chain::NakamotoChainState;
use crate::db::StoreError;
use crate::transactions::TransactionError;
use crate::wire;

/// The verdict. For bytes that are not a block it has no hashes.
pub type Verdict = v1::ValidationVerdict;

impl NakamotoChainState {
    /// Whether a proposal is valid on its parent. Its execution is kept for the append. `decoded` gets the header
    /// before anything is checked, unless the bytes are no block.
    ///
    /// Executes: call it on a thread with [`crate::execution::STACK_BYTES`] of stack.
    ///
    /// # Errors
    /// [`StoreError`]: there is no verdict.
    pub fn validate(
        &self,
        proposal: &[u8],
        decoded: impl FnOnce(&NakamotoStacksBlockHeader),
    ) -> Result<Verdict, StoreError> {
        let size_bytes = proposal.len().try_into().unwrap_or(u64::MAX);
        let block = match decode_block(proposal) {
            Ok(block) => block,
            Err(rejection) => return Ok(rejected(Verdict { size_bytes, ..Verdict::default() }, &rejection)),
        };
        decoded(&block.header);
        let verdict = Verdict {
            block_hash: wire::bytes(&block.header.block_hash().0),
            block_id: wire::id(&block.header.block_id()),
            size_bytes,
            ..Verdict::default()
        };
        let reader = self.take_reader()?;
        let plan = match check_in_chain(reader.rule_env(), &block, SignatureRules::Proposal { length: proposal.len() })
        {
            Ok(plan) => plan,
            Err(CheckError::Rejected(rejection)) => return Ok(rejected(verdict, &rejection)),
            Err(CheckError::Store(error)) => return Err(error),
        };
        // Before 4.0 a block may hold a high-S signature, but a proposal may not
        // (docs/CONSENSUS.md#keys-and-addresses).
        if let Some(transaction) = block.txs.iter().find(|transaction| transaction.has_high_s()) {
            let cause = TransactionError::Signature { reason: KeyError::HighS.to_string() }.to_string();
            return Ok(rejected(verdict, &Rejection::BadTransaction { txid: transaction.txid(), cause }));
        }
        let execution = self.execution_of(&reader, &plan, &block, self.execution_limits())?;
        Ok(match execution {
            Ok(execution) => Verdict { valid: true, cost: Some(wire::cost(&execution.executed.cost)), ..verdict },
            Err(rejection) => rejected(verdict, &rejection),
        })
    }
}

fn rejected(verdict: Verdict, rejection: &Rejection) -> Verdict {
    Verdict { valid: false, rejection: Some(wire::rejection(rejection)), ..verdict }
}
