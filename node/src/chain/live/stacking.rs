//! The mocked stacking: cycles, their stackers, and what each has signed.

use std::collections::BTreeMap;

use chainstate::chain::ChainReader;
use chainstate::headers::{POX_PREPARE_LENGTH, ProcessedHeader, select_witnesses};
use stacks_types::block::SigningMode;
use stacks_types::ids::Hash160;
use stacks_types::keys::PublicKey;

use super::LiveChain;
use crate::chain::ApiError;
use crate::chain::lookups::{ChainRules, CycleStackers, Stacking};

/// Blocks whose signatures are looked at for the stackers' keys: one that has not signed in so many is not active.
const BLOCKS_FOR_KEYS: usize = 100;
/// Blocks of a cycle that are counted, newest first; recovering keys takes a fraction of a millisecond each.
const BLOCKS_COUNTED: usize = 20_000;

pub(super) fn stacking(live: &LiveChain) -> Result<Stacking, ApiError> {
    let params = live.chain.params();
    live.read(|reader| {
        Ok(Stacking {
            first_burn_height: params.burn.first_height,
            burn_height: reader.burn_tip()?.height,
            cycle_length: params.burn.reward_cycle_length,
            prepare_length: u64::from(POX_PREPARE_LENGTH),
            liquid_supply: reader.state_at(None, |state| state.liquid_supply())?,
            cost_limit: params.tenure_cost_limit.clone(),
            epoch: format!("{:?}", params.epoch),
        })
    })
}

pub(super) fn rules(live: &LiveChain) -> ChainRules {
    let params = live.chain.params();
    ChainRules {
        cycle_length: params.burn.reward_cycle_length,
        cost_limit: params.tenure_cost_limit.clone(),
        epoch: format!("{:?}", params.epoch),
    }
}

pub(super) fn stackers(live: &LiveChain, cycle: u64) -> Result<Option<CycleStackers>, ApiError> {
    live.read(|reader| {
        let (burn, tip) = (reader.burn(), reader.burn_tip()?);
        if cycle > burn.cycle_of(tip.height).saturating_add(1) {
            return Ok(None);
        }
        let set = burn.stackers_of_cycle(cycle)?;
        let newest = match live.chain.params().signing {
            SigningMode::Ecdsa => select_witnesses(reader.conn(), 0..tip.height.saturating_add(1), BLOCKS_FOR_KEYS)?,
            SigningMode::WellKnown => Vec::new(),
        };
        let mut known = BTreeMap::new();
        for header in newest {
            known.extend(signers(&header).into_iter().map(|key| (key.hash160(), key)));
            if set.stackers.iter().all(|stacker| known.contains_key(&stacker.address.hash160)) {
                break;
            }
        }
        let keys = set.stackers.iter().map(|stacker| known.get(&stacker.address.hash160).copied()).collect();
        Ok(Some(CycleStackers { set, keys }))
    })
}

pub(super) fn blocks_signed(live: &LiveChain, key: &PublicKey, cycle: u64) -> Result<u64, ApiError> {
    if live.chain.params().signing == SigningMode::WellKnown {
        return Ok(0); // The constant is nobody's signature.
    }
    live.read(|reader| {
        let set = reader.burn().stackers_of_cycle(cycle)?;
        let hash = key.hash160();
        if set.position(&hash).is_none() {
            return Ok(0);
        }
        let blocks = select_witnesses(reader.conn(), heights_of(reader, cycle), BLOCKS_COUNTED)?;
        let signed = blocks.iter().filter(|header| has_signed(header, &hash, set.stackers.len())).count();
        Ok(signed as u64)
    })
}

fn heights_of(reader: &ChainReader, cycle: u64) -> std::ops::Range<u64> {
    let rules = reader.burn().rules();
    let start = rules.first_height.saturating_add(cycle.saturating_mul(rules.reward_cycle_length));
    start..start.saturating_add(rules.reward_cycle_length)
}

fn has_signed(header: &ProcessedHeader, hash: &Hash160, members: usize) -> bool {
    // With as many signatures as members all have signed: no need to recover any key.
    let all = header.header.as_ref().is_some_and(|header| header.stacker_signatures.len() == members);
    all || signers(header).iter().any(|signer| signer.hash160() == *hash)
}

/// Signatures of processed blocks were verified, so their keys can be recovered.
fn signers(header: &ProcessedHeader) -> Vec<PublicKey> {
    header.header.as_ref().and_then(|header| header.recover_stackers().ok()).unwrap_or_default()
}
