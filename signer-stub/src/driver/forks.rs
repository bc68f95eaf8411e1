//! Whether burn blocks are on one bitcoin fork: the node knows.

use client::{Failed, Node, unary};
use nakamoto_proto::v1::CheckBurnAncestorRequest;
use stacks_types::ids::BurnBlockHash;
use tonic::Code;

/// Whether neither of two burn blocks is the other's ancestor. With one that the node does not know the answer is no: to take them for
/// one fork is the safe side.
pub(super) async fn are_on_two_forks(node: &Node, one: BurnBlockHash, other: BurnBlockHash) -> Result<bool, Failed> {
    for burn in [one, other] {
        if !is_burn_ancestor(node, burn, burn).await? {
            return Ok(false);
        }
    }
    Ok(!is_burn_ancestor(node, one, other).await? && !is_burn_ancestor(node, other, one).await?)
}

/// Whether a burn block is equal to or an ancestor of another; no when the node does not know one of them.
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
