//! Rules 2 to 4: a block's place among processed blocks and burn blocks.

use rusqlite::Connection;
use stacks_types::block::NakamotoStacksBlockHeader;
use stacks_types::ids::StacksBlockId;

use crate::blocks::{BlockPlan, CheckError, Rejection};
use crate::burn::ProcessedBurnDb;
use crate::db::StoreError;
use crate::headers::{ProcessedHeader, children_burn_views, select_header};

pub(super) fn check_parent(
    conn: &Connection,
    header: &NakamotoStacksBlockHeader,
) -> Result<ProcessedHeader, CheckError> {
    let parent = select_header(conn, &header.parent_block_id)?;
    parent.ok_or_else(|| Rejection::UnknownParent(header.parent_block_id).into())
}

pub(super) fn check_chain_length(
    parent: &ProcessedHeader,
    header: &NakamotoStacksBlockHeader,
) -> Result<(), Rejection> {
    let (expected, got) = (parent.chain_length.saturating_add(1), header.chain_length);
    if expected == got { Ok(()) } else { Err(Rejection::BadChainLength { expected, got }) }
}

/// Rule 2, before the parent is known: the length of any chain fits a database integer, and this one does not.
pub(super) fn check_chain_length_alone(header: &NakamotoStacksBlockHeader) -> Result<(), Rejection> {
    let got = header.chain_length;
    if i64::try_from(got).is_ok() { Ok(()) } else { Err(Rejection::ChainLengthTooLarge(got)) }
}

pub(super) fn check_burn_spent(plan: &BlockPlan, header: &NakamotoStacksBlockHeader) -> Result<(), Rejection> {
    let (expected, got) = (plan.burn_spent(), header.burn_spent);
    if expected == got { Ok(()) } else { Err(Rejection::BadBurnSpent { expected, got }) }
}

pub(super) fn check_burn_view(burn: &ProcessedBurnDb, plan: &BlockPlan) -> Result<(), CheckError> {
    let (parent, got) = (plan.parent.burn_view, plan.burn_view.hash);
    if burn.is_ancestor_of(&parent, &got).map_err(StoreError::from)? {
        return Ok(());
    }
    Err(Rejection::BurnViewRegressed { parent, got }.into())
}

/// Blocks on disjoint bitcoin forks are not siblings.
pub(super) fn check_sibling(
    conn: &Connection,
    burn: &ProcessedBurnDb,
    plan: &BlockPlan,
    own: &StacksBlockId,
) -> Result<(), CheckError> {
    let own_view = plan.burn_view.hash;
    for (sibling, view) in children_burn_views(conn, &plan.parent.block_id)? {
        let same_fork = burn.is_ancestor_of(&view, &own_view).map_err(StoreError::from)?
            || burn.is_ancestor_of(&own_view, &view).map_err(StoreError::from)?;
        if same_fork && sibling != *own {
            return Err(Rejection::HasSibling { sibling }.into());
        }
    }
    Ok(())
}
