//! Sortitions: elections at burn blocks.
//!
//! # What differs from the reference
//! - A sortition is named by its burn block: `sortition_id` is the burn block's hash.
//! - Every burn block but the first elects a producer. There are no block commits: `committed_block_hash` is the first
//!   block of the tenure that the elected producer builds on, `vrf_seed` the hash of that block's VRF proof.

use axum::extract::{Path, State};
use chainstate::read;
use chainstate::read::sortition::{Sortition, SortitionAt};
use serde_json::{Value, json};
use stacks_types::ids::{BurnBlockHash, ConsensusHash};

use super::input::{path_hash, path_number};
use super::respond::{Answer, hex0x, json};
use crate::rpc::grpc::Services;

/// GET /v3/sortitions and /v3/sortitions/latest.
pub(super) async fn latest(State(services): State<Services>) -> Answer {
    list(&services, SortitionAt::Latest, false).await
}

/// GET /v3/sortitions/latest_and_last: the newest, and the one with an election before it.
pub(super) async fn latest_and_last(State(services): State<Services>) -> Answer {
    list(&services, SortitionAt::Latest, true).await
}

/// GET /v3/sortitions/consensus/{consensus_hash}.
pub(super) async fn by_consensus(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    list(&services, SortitionAt::Consensus(ConsensusHash(path_hash(&hash)?)), false).await
}

/// GET /v3/sortitions/burn/{burn_block_hash}.
pub(super) async fn by_burn_block(State(services): State<Services>, Path(hash): Path<String>) -> Answer {
    list(&services, SortitionAt::BurnBlock(BurnBlockHash(path_hash(&hash)?)), false).await
}

/// GET /v3/sortitions/burn_height/{height}.
pub(super) async fn by_height(State(services): State<Services>, Path(height): Path<String>) -> Answer {
    list(&services, SortitionAt::Height(path_number(&height)?), false).await
}

async fn list(services: &Services, at: SortitionAt, with_last: bool) -> Answer {
    let found = services.pool.read(move |snapshot| read::sortition::list(snapshot, at, with_last)).await?;
    Ok(json(found.iter().map(sortition).collect::<Vec<_>>().into()))
}

fn sortition(sortition: &Sortition) -> Value {
    let (burn, election) = (&sortition.burn_block, sortition.election.as_ref());
    json!({
        "burn_block_hash": hex0x(&burn.hash.0),
        "burn_block_height": burn.height,
        "burn_header_timestamp": burn.time_s,
        "sortition_id": hex0x(&burn.hash.0),
        "parent_sortition_id": hex0x(&burn.parent.0),
        "consensus_hash": hex0x(&burn.consensus_hash.0),
        "was_sortition": election.is_some(),
        "miner_pk_hash160": election.map(|election| hex0x(&election.producer.0)),
        "stacks_parent_ch": election.map(|election| hex0x(&election.parent_tenure.0)),
        "last_sortition_ch": election.and_then(|election| election.last).map(|last| hex0x(&last.0)),
        "committed_block_hash": election.map(|election| hex0x(&election.parent_start.0)),
        "vrf_seed": election.and_then(|election| election.vrf_seed).map(|seed| hex0x(&seed.0)),
    })
}
