//! The chain on which programs run; [`Ledger`] has it in memory, for the engine. Four blocks of three tenures exist;
//! programs run in the fifth block, the first of the next tenure.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DEPLOYER, OTHER};
use clarity::Rules;
use clarity::error::InternalError;
use clarity::keys;
use clarity::principal::{ContractId, Principal};
use clarity::state::{BlockFacts, Contract, PoxAddresses, View, World};

/// Height of the block that is built.
pub const TIP: u8 = 4;
/// The tenure of each block, including the one that is being built.
pub const TENURES: [u8; 5] = [0, 1, 1, 2, 3];
/// Height of the first burn block; each tenure has a burn block.
pub const FIRST_BURN: u32 = 100;
/// Opening balances, in micro-STX.
pub const OPENING: [(&str, u128); 2] = [(DEPLOYER, 1_000_000_000), (OTHER, 1_000)];
/// Principal that mined all blocks.
pub const MINER: &str = OTHER;
/// Chain id of testnets.
pub const CHAIN_ID: u32 = 0x8000_0000;

/// Facts about a block below the tip.
pub struct Facts {
    /// Id of the block.
    pub id: [u8; 32],
    /// Hash of its header.
    pub header_hash: [u8; 32],
    /// Height of the burn block of its tenure.
    pub burn_height: u32,
    /// Time of that burn block, in seconds.
    pub burn_time: u64,
    /// VRF seed of its tenure.
    pub vrf_seed: [u8; 32],
    /// Consensus hash of its tenure.
    pub consensus_hash: [u8; 20],
    /// What all miners spent for its tenure.
    pub spend_total: u128,
    /// What the winner spent.
    pub spend_winner: u128,
    /// Reward of the block, once it is known.
    pub reward: Option<u128>,
}

/// Facts about the block at a height.
#[must_use]
pub fn facts(height: u8) -> Facts {
    let tenure = TENURES[usize::from(height)];
    Facts {
        id: if height == 0 { stacks_types::ids::StacksBlockId::BOOT.0 } else { [height; 32] },
        header_hash: [0x40 + height; 32],
        burn_height: FIRST_BURN + u32::from(tenure),
        burn_time: 1_600_000_000 + u64::from(tenure),
        vrf_seed: [0x60 + tenure; 32],
        consensus_hash: [tenure; 20],
        // Nobody has paid for the first block, and no block is old enough for its reward to be known.
        spend_total: if height == 0 { 0 } else { 1_000 + u128::from(tenure) },
        spend_winner: if height == 0 { 0 } else { 500 + u128::from(tenure) },
        reward: None,
    }
}

/// Hash of the burn block at a height, up to the burn chain's tip.
#[must_use]
pub fn burn_hash(height: u32, tip: u32) -> Option<[u8; 32]> {
    (FIRST_BURN..=tip).contains(&height).then(|| [u8::try_from(height).unwrap(); 32])
}

/// The state and the contracts of a program.
pub struct Ledger {
    /// The rules under which it runs.
    pub rules: &'static Rules,
    texts: HashMap<String, String>,
    /// Entries that the program has written.
    pub written: HashMap<String, String>,
    /// Contracts that the program has published.
    pub contracts: HashMap<ContractId, Arc<Contract>>,
}

impl Ledger {
    /// A chain on which no program has run.
    #[must_use]
    pub fn new(rules: &'static Rules) -> Self {
        let mut texts = HashMap::new();
        let mut supply = 0;
        for (account, amount) in OPENING {
            supply += amount;
            texts.insert(
                keys::balance(&Principal::parse(account).unwrap()).to_string(),
                format!("{amount:032x}{:048x}", 0),
            );
        }
        texts.insert(keys::LIQUID_SUPPLY.to_owned(), format!("01{supply:032x}"));
        texts.insert(keys::EPOCH.to_owned(), format!("{:08x}", rules.number));
        if rules.has_block_time {
            texts.insert(keys::BLOCK_TIME.to_owned(), "1700000000".to_owned());
        }
        Self { rules, texts, written: HashMap::new(), contracts: HashMap::new() }
    }
}

fn height_of(view: View) -> u8 {
    match view {
        View::Tip => TIP,
        View::Block(height) => u8::try_from(height).unwrap(),
    }
}

impl World for Ledger {
    fn read(&mut self, view: View, key: &str) -> Result<Option<String>, InternalError> {
        if key == keys::TENURE_HEIGHT {
            return Ok(Some(format!("{:08x}", TENURES[usize::from(height_of(view))])));
        }
        let written = if view == View::Tip { self.written.get(key) } else { None };
        Ok(written.or_else(|| self.texts.get(key)).cloned())
    }

    fn contract(&mut self, view: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError> {
        Ok(if view == View::Tip { self.contracts.get(id).cloned() } else { None })
    }

    fn view_of(&mut self, block: &[u8; 32]) -> Result<Option<View>, InternalError> {
        Ok((0..TIP).find(|height| facts(*height).id == *block).map(|height| View::Block(height.into())))
    }

    fn is_mainnet(&self) -> bool {
        false
    }

    fn chain_id(&self) -> u32 {
        CHAIN_ID
    }

    fn block_height(&self, view: View) -> u64 {
        height_of(view).into()
    }

    fn burn_height(&self) -> u64 {
        facts(TIP).burn_height.into()
    }

    fn tenure_height(&mut self, view: View) -> Result<u64, InternalError> {
        Ok(TENURES[usize::from(height_of(view))].into())
    }

    fn first_block_of_tenure(&mut self, view: View, tenure: u64) -> Result<Option<u64>, InternalError> {
        let seen = &TENURES[..=usize::from(height_of(view))];
        Ok(seen.iter().position(|number| u64::from(*number) == tenure).map(|height| height.try_into().unwrap()))
    }

    fn block(&mut self, _: View, height: u64) -> Result<Option<BlockFacts>, InternalError> {
        let Some(height) = u8::try_from(height).ok().filter(|height| *height < TIP) else { return Ok(None) };
        let facts = facts(height);
        Ok(Some(BlockFacts {
            id: facts.id,
            header_hash: facts.header_hash,
            time: self.rules.has_block_time.then(|| 1_700_000_000 - u64::from(TIP - height)),
            burn_header_hash: [u8::try_from(facts.burn_height).unwrap(); 32],
            burn_time: facts.burn_time,
            vrf_seed: facts.vrf_seed,
            miner: Principal::parse(MINER).unwrap(),
            spend_winner: facts.spend_winner,
            spend_total: facts.spend_total,
            reward: facts.reward,
        }))
    }

    fn burn_header_hash(&mut self, height: u64) -> Result<Option<[u8; 32]>, InternalError> {
        Ok(u32::try_from(height).ok().and_then(|height| burn_hash(height, facts(TIP).burn_height)))
    }

    fn pox_addresses(&mut self, _: u64) -> Result<Option<PoxAddresses>, InternalError> {
        Ok(None)
    }
}
