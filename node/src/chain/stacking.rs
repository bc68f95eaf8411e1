//! The mocked stacking: cycles, their stackers, and what each has signed.

use std::collections::BTreeMap;

use chainstate::burn::StackerSet;
use chainstate::chain::ChainReader;
use chainstate::headers::{ProcessedHeader, select_witnesses};
use chainstate::params::{POX_PREPARE_LENGTH, stacking_minimum};
use clarity::Rules;
use clarity::costs::Cost;
use stacks_types::block::SigningMode;
use stacks_types::ids::Hash160;
use stacks_types::keys::PublicKey;

use super::NodeChain;
use crate::error::ApiError;

/// What `/v2/pox` is made of.
#[derive(Debug, Clone)]
pub struct Stacking {
    /// Height of the first burn block.
    pub first_burn_height: u64,
    /// Height of the canonical burn tip.
    pub burn_height: u64,
    /// Burn blocks a cycle.
    pub cycle_length: u64,
    /// The last burn blocks of a cycle, in which the next is prepared.
    pub prepare_length: u64,
    /// All micro-STX that exist at the Stacks tip.
    pub liquid_supply: u128,
    /// Cost limit of a tenure.
    pub cost_limit: Cost,
    /// The epoch, as interfaces of contracts name it.
    pub epoch: String,
    /// Names of the PoX contracts at the boot address, oldest first; the last is in force. None on chains of builds that had
    /// none.
    pub pox_contracts: &'static [&'static str],
    /// The least amount that could be stacked, micro-STX, as the contract in force says it.
    pub minimum: u128,
    /// It is the threshold of every cycle too (from epoch 4.0 on); before, thresholds follow from the supply.
    pub minimum_is_threshold: bool,
}

/// What the chain's own settings say and no block changes.
#[derive(Debug, Clone)]
pub struct ChainRules {
    /// Burn blocks a cycle.
    pub cycle_length: u64,
    /// Cost limit of a tenure.
    pub cost_limit: Cost,
    /// The epoch, as interfaces of contracts name it.
    pub epoch: String,
}

/// The stackers of a cycle with the keys that are known: the chain names them by address, a key shows when it signs.
#[derive(Debug, Clone)]
pub struct CycleStackers {
    /// The stackers of the cycle, in signing order.
    pub set: StackerSet,
    /// Its keys, in the set's order.
    pub keys: Vec<Option<PublicKey>>,
}

/// Blocks whose signatures are looked at for the stackers' keys: one that has not signed in so many is not active.
const BLOCKS_FOR_KEYS: usize = 100;
/// Blocks of a cycle that are counted, newest first; recovering keys takes a fraction of a millisecond each.
const BLOCKS_COUNTED: usize = 20_000;

impl NodeChain {
    /// The mocked stacking.
    pub fn stacking(&self) -> Result<Stacking, ApiError> {
        let params = self.chain.params();
        self.read(|reader| {
            let liquid_supply = reader.state_at(None, |state| state.liquid_supply())?;
            Ok(Stacking {
                first_burn_height: params.burn.first_height,
                burn_height: reader.burn_tip()?.height,
                cycle_length: params.burn.reward_cycle_length,
                prepare_length: u64::from(POX_PREPARE_LENGTH),
                liquid_supply,
                cost_limit: params.tenure_cost_limit,
                epoch: params.rules.interface_name.to_owned(),
                pox_contracts: params.boot_contracts.pox_names(params.rules),
                minimum: stacking_minimum(params.rules, params.mainnet, liquid_supply),
                minimum_is_threshold: params.rules.number >= Rules::EPOCH_4_0.number,
            })
        })
    }

    /// The chain's settings. Does not block.
    pub fn rules(&self) -> ChainRules {
        let params = self.chain.params();
        ChainRules {
            cycle_length: params.burn.reward_cycle_length,
            cost_limit: params.tenure_cost_limit,
            epoch: params.rules.interface_name.to_owned(),
        }
    }

    /// Stackers of a cycle that has begun or is the next; `None` for later ones.
    pub fn stackers_of_cycle(&self, cycle: u64) -> Result<Option<CycleStackers>, ApiError> {
        self.read(|reader| {
            let (burn, tip) = (reader.burn(), reader.burn_tip()?);
            if cycle > burn.cycle_of(tip.height).saturating_add(1) {
                return Ok(None);
            }
            let set = burn.stackers_of_cycle(cycle)?;
            let newest = match self.chain.params().signing {
                SigningMode::Ecdsa => {
                    select_witnesses(reader.conn(), 0..tip.height.saturating_add(1), BLOCKS_FOR_KEYS)?
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
        })
    }

    /// Blocks of a cycle that a key has signed.
    pub fn blocks_signed(&self, key: &PublicKey, cycle: u64) -> Result<u64, ApiError> {
        if self.chain.params().signing == SigningMode::WellKnown {
            return Ok(0); // The constant is nobody's signature.
        }
        self.read(|reader| {
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
