//! The mocked stacking: cycles, their stackers, and the blocks that each has signed.

use std::collections::BTreeMap;
use std::ops::Range;

use clarity::Rules;
use stacks_types::block::SigningMode;
use stacks_types::ids::{Hash160, StacksBlockId};
use stacks_types::keys::{LowS, PublicKey};

use super::{LookupError, Unknown, at_state};
use crate::burn::StackerSet;
use crate::chain::Snapshot;
use crate::headers::{ProcessedHeader, select_headers_at_burn_heights};
use crate::params::{POX_PREPARE_LENGTH, stacking_minimum};

/// Stacking as its contract would report it, except for facts that are parameters of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stacking {
    /// Height of the canonical burn tip, or of the block's burn view.
    pub burn_height: u64,
    /// Number of burn blocks at the end of a cycle in which the next one is prepared.
    pub prepare_length: u64,
    /// All micro-STX that exist at the block.
    pub liquid_supply: u128,
    /// The least amount that can be stacked, in micro-STX, as the contract in force reports it.
    pub minimum: u128,
    /// Whether the minimum is also the threshold of every cycle (from epoch 4.0 on); before, thresholds follow from the
    /// supply.
    pub minimum_is_threshold: bool,
}

/// The stackers of a cycle, with the keys that are known: the chain has their addresses only, a key is known once it
/// has signed.
#[derive(Debug, Clone)]
pub struct CycleStackers {
    /// The stackers of the cycle, in signing order.
    pub set: StackerSet,
    /// Its keys, in the set's order.
    pub keys: Vec<Option<PublicKey>>,
}

/// Blocks that are searched for the stackers' keys: a stacker that signed none of so many is not active.
const BLOCKS_FOR_KEYS: usize = 100;
/// Most blocks of a cycle that are counted, newest first; recovering the keys takes a fraction of a millisecond each.
const BLOCKS_COUNTED: usize = 20_000;

/// Stacking at a processed block; `None` means the canonical tips of both chains.
///
/// # Errors
/// [`Unknown::Block`].
pub fn get(snapshot: &Snapshot<'_>, at: Option<StacksBlockId>) -> Result<Stacking, LookupError> {
    let params = snapshot.params();
    let burn_height = burn_height(snapshot, at)?;
    let liquid_supply = at_state(snapshot, at.as_ref(), |state| Ok(state.liquid_supply()?))?;
    Ok(Stacking {
        burn_height,
        prepare_length: u64::from(POX_PREPARE_LENGTH),
        liquid_supply,
        minimum: stacking_minimum(params.rules, params.mainnet, liquid_supply),
        minimum_is_threshold: params.rules.number >= Rules::EPOCH_4_0.number,
    })
}

/// Burn height of a processed block; `None` means the canonical burn tip, which may be above that of the Stacks tip.
fn burn_height(snapshot: &Snapshot<'_>, at: Option<StacksBlockId>) -> Result<u64, LookupError> {
    let Some(id) = at else { return Ok(snapshot.burn_tip()?.height) };
    let header = snapshot.header(&id)?.ok_or_else(|| LookupError::unknown(Unknown::Block, &id.0))?;
    Ok(header.burn_height)
}

/// The stackers of a cycle that has begun at a processed block, or is the next one there; `None` for later cycles.
/// Without a block, at the canonical burn tip. Keys come from blocks of all forks up to that height.
///
/// # Errors
/// [`Unknown::Block`].
pub fn stackers_of_cycle(
    snapshot: &Snapshot<'_>,
    cycle: u64,
    at: Option<StacksBlockId>,
) -> Result<Option<CycleStackers>, LookupError> {
    let (burn, height) = (snapshot.burn(), burn_height(snapshot, at)?);
    if cycle > burn.cycle_of(height).saturating_add(1) {
        return Ok(None);
    }
    let set = burn.stackers_of_cycle(cycle)?;
    let newest = match snapshot.params().signing {
        SigningMode::Ecdsa => {
            select_headers_at_burn_heights(snapshot.conn(), 0..height.saturating_add(1), BLOCKS_FOR_KEYS)?
        }
        SigningMode::WellKnown => Vec::new(),
    };
    let mut known = BTreeMap::new();
    for header in newest {
        known.extend(signers(&header).into_iter().map(|key| (key.hash160(), key)));
        if set.stackers.iter().all(|stacker| known.contains_key(&stacker.address.hash160())) {
            break;
        }
    }
    let keys = set.stackers.iter().map(|stacker| known.get(&stacker.address.hash160()).copied()).collect();
    Ok(Some(CycleStackers { set, keys }))
}

/// Number of blocks of a cycle that a key has signed.
///
/// # Errors
/// The node's own failures only.
pub fn blocks_signed(snapshot: &Snapshot<'_>, key: &PublicKey, cycle: u64) -> Result<u64, LookupError> {
    if snapshot.params().signing == SigningMode::WellKnown {
        return Ok(0); // The constant is not a signature of any key.
    }
    if cycle > snapshot.burn().cycle_of(snapshot.burn_tip()?.height) {
        return Ok(0); // It has not begun.
    }
    let set = snapshot.burn().stackers_of_cycle(cycle)?;
    let hash = key.hash160();
    let Some(position) = set.position(&hash) else { return Ok(0) };
    let blocks = select_headers_at_burn_heights(snapshot.conn(), heights_of(snapshot, cycle), BLOCKS_COUNTED)?;
    let signed = blocks.iter().filter(|block| has_signed(block, position, &hash, set.stackers.len())).count();
    Ok(signed as u64)
}

fn heights_of(snapshot: &Snapshot<'_>, cycle: u64) -> Range<u64> {
    let rules = snapshot.burn().rules();
    let start = rules.first_height.saturating_add(cycle.saturating_mul(rules.reward_cycle_length));
    start..start.saturating_add(rules.reward_cycle_length)
}

/// Whether the member at `position` of a set of `members` signed a block. Signatures have the order of the set, so the
/// member's is among those that have no more members before them than signatures, nor after them: the others' keys
/// need not be recovered, and none when all have signed.
fn has_signed(block: &ProcessedHeader, position: usize, hash: &Hash160, members: usize) -> bool {
    let Some(header) = &block.header else { return false };
    let absent = members.saturating_sub(header.stacker_signatures.len());
    if absent == 0 {
        return true;
    }
    let signed = header.block_hash();
    let candidates = header.stacker_signatures.iter().skip(position.saturating_sub(absent)).take(absent + 1);
    let mut signers = candidates.filter_map(|signature| signature.recover(&signed.0, LowS::Lax).ok());
    signers.any(|signer| signer.hash160() == *hash)
}

/// Recovers the signers' keys; the signatures of processed blocks were verified, so this succeeds.
fn signers(header: &ProcessedHeader) -> Vec<PublicKey> {
    header.header.as_ref().and_then(|header| header.recover_stackers().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use stacks_types::block::NakamotoStacksBlockHeader;
    use stacks_types::ids::{BurnBlockHash, MerkleRoot, StateRoot};
    use stacks_types::keys::MessageSignature;
    use stacks_types::vrf::VrfProof;

    use super::*;
    use crate::test_support::key;

    #[test]
    fn whoever_signed_is_found_among_any_of_the_others() {
        let members: Vec<_> = (0..5).map(|index| key("stacker", index)).collect();
        let mut block = ProcessedHeader::boot(StateRoot([0; 32]), BurnBlockHash([0; 32]), 0, 0);
        let unsigned = NakamotoStacksBlockHeader {
            version: 0,
            chain_length: 1,
            burn_spent: 0,
            bitcoin_block_hash: BurnBlockHash([0; 32]),
            parent_block_id: StacksBlockId::BOOT,
            tx_merkle_root: MerkleRoot::default(),
            state_index_root: StateRoot([0; 32]),
            vrf_proof: VrfProof([0; 80]),
            producer_signature: MessageSignature::default(),
            stacker_signatures: Vec::new(),
        };
        for subset in 0..1_u32 << members.len() {
            let is_in = |position: usize| subset & (1 << position) != 0;
            let mut header = unsigned.clone();
            let signing = (0..members.len()).filter(|position| is_in(*position));
            header.stacker_signatures = signing.map(|position| unsigned.sign_stacker(&members[position])).collect();
            block.header = Some(header);
            for (position, member) in members.iter().enumerate() {
                let hash = member.public_key().hash160();
                let found = has_signed(&block, position, &hash, members.len());
                assert_eq!(found, is_in(position), "member {position} of {subset:05b}");
            }
        }
    }
}
