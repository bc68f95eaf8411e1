//! Facts that a producer needs before it asks for a template.

use stacks_types::address::StacksAddress;

use super::LookupError;
use crate::burn::{BurnBlockInfo, StackerSet};
use crate::chain::{Mining, Snapshot};
use crate::headers::ProcessedHeader;
use crate::stackerdb::{list_metadata, producers_contract};

/// Facts that a producer needs before it asks for a template.
#[derive(Debug, Clone)]
pub struct ProducerView {
    /// The canonical Stacks tip.
    pub tip: ProcessedHeader,
    /// The canonical burn tip.
    pub burn_tip: BurnBlockInfo,
    /// Whether the next block begins a tenure: the tip does not witness the burn tip.
    pub new_tenure: bool,
    /// Whether the producer is elected at the burn tip.
    pub elected: bool,
    /// The producer's next nonce at the tip.
    pub nonce: u64,
    /// The stackers as of the burn tip.
    pub stackers: StackerSet,
    /// The producer's slot for proposals. A former member keeps its slot for a while.
    pub producer_slot_id: Option<u32>,
    /// Number of pending transactions.
    pub mempool_count: u64,
    /// When producers are to make blocks.
    pub mining: Mining,
    /// The view has the effects of all events up to this sequence.
    pub sequence: u64,
}

/// The view of the producer with this address.
///
/// # Errors
/// The node's own failures only.
pub fn get(snapshot: &Snapshot<'_>, producer: &StacksAddress) -> Result<ProducerView, LookupError> {
    let mempool_count = snapshot.chain().pending_count();
    let (tip, burn_tip) = (snapshot.tip()?, snapshot.burn_tip()?);
    let burn_tip = snapshot.burn().describe(&burn_tip)?;
    Ok(ProducerView {
        new_tenure: tip.burn_view != burn_tip.block.hash,
        elected: burn_tip.elected_producer == *producer,
        nonce: snapshot.account(&producer.to_principal(), Some(&tip.block_id))?.nonce,
        stackers: snapshot.burn().get_stacker_set(&burn_tip.block.hash)?,
        producer_slot_id: slot(snapshot, producer)?,
        mempool_count,
        mining: snapshot.mining()?,
        sequence: snapshot.sequence(),
        tip,
        burn_tip,
    })
}

fn slot(snapshot: &Snapshot<'_>, producer: &StacksAddress) -> Result<Option<u32>, LookupError> {
    let contract = producers_contract(snapshot.params().mainnet);
    let slots = list_metadata(snapshot.conn(), &contract)?.unwrap_or_default();
    Ok(slots.iter().find(|slot| slot.owner == producer.hash160()).map(|slot| slot.slot_id))
}
