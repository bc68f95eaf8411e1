//! The chain that the cases' contracts see: every fact follows from a height, as the sets' README says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use clarity::Rules;
use clarity::crypto::hash::sha256;
use clarity::error::InternalError;
use clarity::keys;
use clarity::principal::{ContractId, Principal, Standard};
use clarity::state::{BlockFacts, Contract, PoxAddresses, View, World};

/// The block that is built first.
const FIRST: u64 = 300;
/// Burn height of the first tenure, at which the burn chain begins.
const BURN: u64 = 800_000;
const BURN_FIRST: u64 = 799_000;
/// Blocks of a tenure.
const TENURE: u64 = 3;

/// Opening balances.
const ACCOUNTS: [(&str, u128); 5] = [
    ("ST2ZKRNXP4N5BTNQ2FMQ10EAXXTSFMVRFXVWD75Y6", 1_000_000_000_000),
    ("ST1J2VJSCC903W4RYGHKS90E8SB05E63SM7ECK14J", 500_000_000_000),
    ("ST1KMGYR6FFGHFGPENSDHZHM9VKVSQ37VE307HH2W", 1_000_000),
    ("ST2WGY1YYBXY4CW8QB6J8W9WRTMVFQY9TG83MV27Y", 100),
    ("ST2EQ9RASN7T2NBJM20SX11XVC1HH8DRBSVYZQ5W5", 340_282_366_920_938),
];

/// A chain in memory, with the state at the end of each block.
pub(super) struct Chain {
    has_block_time: bool,
    pub(super) height: u64,
    /// All texts that a key had, each by the first height at which it has it.
    state: HashMap<String, BTreeMap<u64, String>>,
    contracts: HashMap<ContractId, (u64, Arc<Contract>)>,
}

impl Chain {
    pub(super) fn new(rules: &Rules) -> Self {
        let mut chain =
            Self { has_block_time: rules.has_block_time, height: 0, state: HashMap::new(), contracts: HashMap::new() };
        chain.put(keys::EPOCH, format!("{:08x}", rules.number));
        chain.begin(0);
        let mut supply = 0;
        for (account, amount) in ACCOUNTS {
            supply += amount;
            chain.put(&format!("vm-account::{account}::19"), format!("{amount:032x}{:048x}", 0));
            chain.put(keys::LIQUID_SUPPLY, format!("01{supply:032x}"));
        }
        for height in 1..FIRST {
            chain.begin(height);
        }
        chain.height = FIRST;
        chain
    }

    fn begin(&mut self, height: u64) {
        self.height = height;
        if height.is_multiple_of(TENURE) {
            self.put(keys::TENURE_HEIGHT, format!("{:08x}", height / TENURE));
        }
        if self.has_block_time {
            self.put(keys::BLOCK_TIME, (1_700_000_000 + 10 * height).to_string());
        }
    }

    pub(super) fn put(&mut self, key: &str, text: String) {
        self.state.entry(key.to_owned()).or_default().insert(self.height, text);
    }

    pub(super) fn deployed(&mut self, contract: Arc<Contract>, id: ContractId) {
        self.contracts.insert(id, (self.height, contract));
    }

    pub(super) fn has(&self, id: &ContractId) -> bool {
        self.contracts.contains_key(id)
    }

    const fn at(&self, view: View) -> u64 {
        match view {
            View::Tip => self.height,
            View::Block(height) => height,
        }
    }
}

fn bytes20(text: &str) -> [u8; 20] {
    sha256(text.as_bytes())[..20].try_into().unwrap()
}

impl World for Chain {
    fn read(&mut self, view: View, key: &str) -> Result<Option<String>, InternalError> {
        let at = self.at(view);
        Ok(self.state.get(key).and_then(|texts| texts.range(..=at).next_back()).map(|(_, text)| text.clone()))
    }

    fn contract(&mut self, view: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError> {
        let at = self.at(view);
        Ok(self.contracts.get(id).filter(|(height, _)| *height <= at).map(|(_, contract)| Arc::clone(contract)))
    }

    fn view_of(&mut self, block: &[u8; 32]) -> Result<Option<View>, InternalError> {
        let found = (0..self.height).find(|height| sha256(format!("id {height}").as_bytes()) == *block);
        Ok(found.map(View::Block))
    }

    fn is_mainnet(&self) -> bool {
        false
    }

    fn chain_id(&self) -> u32 {
        0x8000_0000
    }

    fn block_height(&self, view: View) -> u64 {
        self.at(view)
    }

    fn burn_height(&self) -> u64 {
        BURN + self.height / TENURE
    }

    fn tenure_height(&mut self, view: View) -> Result<u64, InternalError> {
        Ok(self.at(view) / TENURE)
    }

    fn first_block_of_tenure(&mut self, _: View, tenure: u64) -> Result<Option<u64>, InternalError> {
        // As in the reference's headers: a tenure is looked up by a block's height.
        Ok(Some(tenure))
    }

    fn block(&mut self, _: View, height: u64) -> Result<Option<BlockFacts>, InternalError> {
        let tenure = height / TENURE;
        Ok(Some(BlockFacts {
            id: sha256(format!("id {height}").as_bytes()),
            header_hash: sha256(format!("header {height}").as_bytes()),
            time: Some(1_700_000_000 + 10 * height),
            burn_header_hash: sha256(format!("burn {}", BURN + tenure).as_bytes()),
            burn_time: 1_690_000_000 + 600 * tenure,
            vrf_seed: sha256(format!("vrf {tenure}").as_bytes()),
            miner: Principal::Standard(Standard::new(26, bytes20(&format!("miner {tenure}"))).unwrap()),
            spend_winner: if height == 0 { 0 } else { (600_000 + tenure).into() },
            spend_total: if height == 0 { 0 } else { (1_000_000 + tenure).into() },
            reward: (height > 0 && height + 100 < self.height).then_some((1_000_000_000 + tenure).into()),
        }))
    }

    fn burn_header_hash(&mut self, height: u64) -> Result<Option<[u8; 32]>, InternalError> {
        let known = (BURN_FIRST..=self.burn_height()).contains(&height);
        Ok(known.then(|| sha256(format!("burn {height}").as_bytes())))
    }

    fn pox_addresses(&mut self, height: u64) -> Result<Option<PoxAddresses>, InternalError> {
        if self.burn_header_hash(height)?.is_none() {
            return Ok(None);
        }
        let addresses = (0..height % 3)
            .map(|i| (u8::try_from(i).unwrap(), bytes20(&format!("pox {height} {i}")).to_vec()))
            .collect();
        Ok(Some(PoxAddresses { addresses, payout: (5_000 + height % 7).into() }))
    }
}
