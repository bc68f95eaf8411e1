//! How two burn views are related, according to the node.

use client::{Failed, Node, unary};
use nakamoto_proto::v1::{CheckBurnAncestorRequest, GetStackerSetRequest};
use stacks_types::ids::BurnBlockHash;
use tonic::Code;

/// Whether a signer that has signed a block with burn view `signed` may sign another with burn view `view` on the same
/// parent: the two are on different bitcoin forks, or `view` comes later and has other stackers. Then the first block's
/// stackers may never finish it, and the node accepts at most one of the two.
pub(super) async fn may_follow(node: &Node, signed: BurnBlockHash, view: BurnBlockHash) -> Result<bool, Failed> {
    Ok(have_stackers_changed(node, signed, view).await? || are_on_two_forks(node, signed, view).await?)
}

/// Whether other stackers, or the same with other weights, sign at a burn block than at an ancestor of it.
async fn have_stackers_changed(node: &Node, ancestor: BurnBlockHash, later: BurnBlockHash) -> Result<bool, Failed> {
    if !is_burn_ancestor(node, ancestor, later).await? {
        return Ok(false);
    }
    Ok(stackers_at(node, ancestor).await? != stackers_at(node, later).await?)
}

/// Addresses and weights of the stackers.
async fn stackers_at(node: &Node, burn: BurnBlockHash) -> Result<Vec<(String, u32)>, Failed> {
    let request = GetStackerSetRequest { burn_block_hash: burn.as_bytes().to_vec().into() };
    let answer = unary(node.burnchain().get_stacker_set(request)).await?;
    Ok(answer.stackers.into_iter().map(|stacker| (stacker.address, stacker.weight)).collect())
}

/// Whether neither of two burn blocks is the other's ancestor. False if the node does not know one of them: assuming
/// one fork is the safe side.
async fn are_on_two_forks(node: &Node, one: BurnBlockHash, other: BurnBlockHash) -> Result<bool, Failed> {
    for burn in [one, other] {
        if !is_burn_ancestor(node, burn, burn).await? {
            return Ok(false);
        }
    }
    Ok(!is_burn_ancestor(node, one, other).await? && !is_burn_ancestor(node, other, one).await?)
}

/// Whether a burn block is equal to or an ancestor of another; false if the node does not know one of them.
pub(super) async fn is_burn_ancestor(
    node: &Node,
    ancestor: BurnBlockHash,
    descendant: BurnBlockHash,
) -> Result<bool, Failed> {
    let request = CheckBurnAncestorRequest {
        ancestor: ancestor.as_bytes().to_vec().into(),
        descendant: descendant.as_bytes().to_vec().into(),
    };
    match unary(node.burnchain().check_burn_ancestor(request)).await {
        Ok(answer) => Ok(answer.is_ancestor),
        Err(status) if status.code() == Code::NotFound => Ok(false),
        Err(status) => Err(status.into()),
    }
}
