//! Parameters that differ between chains: fixed at genesis, equal on every node of a chain.
//!
//! # Not here
//! How a node runs (ports, folders, queue sizes): the node's config.

mod boot;

pub use boot::{BootContract, BootContracts, BootRelease};
pub(crate) use boot::{POX_5_MINIMUM_USTX, pox_4_minimum_part, stacking_minimum};

use clarity::Rules;
use clarity::costs::Cost;
use clarity::principal::Principal;
use sha2::{Digest as _, Sha256};
use stacks_types::address::StacksAddress;
use stacks_types::block::SigningMode;
use stacks_types::limits::{BOOT_ADDRESS_MAINNET, BOOT_ADDRESS_TESTNET};
use stacks_types::transaction::Epoch;
use stacks_types::vrf::VrfPublicKey;

/// Cost limit of testnets, regtest and the reference's mockamoto mode, for one tenure
/// (docs/COMPATIBILITY.md#cost-limits). Mainnet's is [`Rules::block_limit`].
pub const HELIUM_20: Cost = Cost {
    write_length: 150_000_000,
    write_count: 50_000,
    read_length: 1_000_000_000,
    read_count: 50_000,
    runtime: 100_000_000_000,
};

/// Coinbase of one burn block, in micro-STX (docs/CONSENSUS.md#transactions-of-this-chain).
pub const COINBASE_USTX: u128 = 1_000_000_000;

/// Length of the prepare phase in burn blocks; stacking is mocked, so nothing depends on it.
pub(crate) const POX_PREPARE_LENGTH: u32 = 1;

/// Number of epoch 3.0 in peer versions.
const FIRST_NETWORK_EPOCH: u8 = 0x0b;

/// The address that deploys the boot contracts.
#[must_use]
pub const fn boot_address(mainnet: bool) -> StacksAddress {
    if mainnet { BOOT_ADDRESS_MAINNET } else { BOOT_ADDRESS_TESTNET }
}

/// Everything on which the rules of one chain depend.
#[derive(Debug, Clone)]
pub struct ChainParams {
    /// Part of every transaction: 0x80000000 on testnets, 1 on mainnet.
    pub chain_id: u32,
    /// Whether address and transaction versions are those of mainnet.
    pub mainnet: bool,
    /// The rules of its epoch.
    pub rules: &'static Rules,
    /// Bounds the sum of the costs of a tenure's blocks.
    pub tenure_cost_limit: Cost,
    /// How producers and stackers sign.
    pub signing: SigningMode,
    /// Opening balances in micro-STX, in the order of their mint events.
    pub boot_balances: Vec<(Principal, u128)>,
    /// The contracts that block 0 deploys.
    pub boot_contracts: BootContracts,
    /// Coinbase of one burn block in micro-STX.
    pub coinbase_ustx: u128,
    /// A tenure's reward is paid at the start of the tenure this many tenures later.
    pub reward_maturity: u32,
    /// The mocked bitcoin.
    pub burn: BurnParams,
}

impl ChainParams {
    /// The epoch as the wire types name it.
    #[must_use]
    pub(crate) fn epoch(&self) -> Epoch {
        Epoch::from_name(self.rules.epoch).unwrap_or(Epoch::NEWEST)
    }

    /// The epoch's number in peer versions: 0x0b for 3.0, and one more for each after it.
    #[must_use]
    pub fn network_epoch(&self) -> u8 {
        let later = Rules::ALL.iter().position(|rules| rules.epoch == self.rules.epoch);
        later
            .and_then(|later| u8::try_from(later).ok())
            .map_or(FIRST_NETWORK_EPOCH, |later| FIRST_NETWORK_EPOCH + later)
    }

    /// Clarity version of contracts whose payload names none: the epoch's newest (docs/CONSENSUS.md#payloads).
    #[must_use]
    pub(crate) const fn default_version(&self) -> u8 {
        self.rules.newest_version
    }

    /// SHA256 over everything on which the rules depend: a data folder is not opened with the parameters of another
    /// chain.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let mut text = format!(
            "{:08x} {} {} {} {:?} {} {}\n",
            self.chain_id,
            self.mainnet,
            self.rules.epoch,
            self.tenure_cost_limit,
            self.signing,
            self.coinbase_ustx,
            self.reward_maturity,
        );
        for (principal, amount) in &self.boot_balances {
            text += &format!("{principal} {amount}\n");
        }
        let burn = &self.burn;
        text += &format!(
            "{} {} {} {}\n",
            burn.first_height, burn.first_time_s, burn.satoshis_per_block, burn.reward_cycle_length
        );
        for producer in &burn.producers {
            text += &format!("{} {}\n", producer.address, hex::encode(producer.vrf_public_key.0));
        }
        for stacker in &burn.stackers {
            text += &format!("{} {}\n", stacker.address, stacker.weight);
        }
        text += &self.boot_contracts.described();
        Sha256::digest(text).into()
    }

    /// These parameters with the release of boot contracts whose fingerprint this is; none if no release matches, as
    /// the chain was made with other parameters.
    #[must_use]
    pub(crate) fn as_made(&self, fingerprint: &[u8; 32]) -> Option<Self> {
        let of_release = |release| {
            let boot_contracts = BootContracts { release, ..self.boot_contracts.clone() };
            Self { boot_contracts, ..self.clone() }
        };
        BootRelease::ALL.into_iter().map(of_release).find(|params| params.fingerprint() == *fingerprint)
    }

    /// These parameters with the rules of another epoch, and with that epoch's limit if they have their own epoch's.
    #[must_use]
    pub(crate) fn in_epoch(&self, rules: &'static Rules) -> Self {
        let has_own_limit = self.tenure_cost_limit == self.rules.block_limit;
        let tenure_cost_limit = if has_own_limit { rules.block_limit } else { self.tenure_cost_limit };
        Self { rules, tenure_cost_limit, ..self.clone() }
    }
}

/// The mock rules of the burn chain (docs/CONSENSUS.md#burn-chain).
#[derive(Debug, Clone)]
pub struct BurnParams {
    /// Height of the first burn block, which the boot block witnessed.
    pub first_height: u64,
    /// Time of the first burn block in seconds since 1970.
    pub first_time_s: u64,
    /// Cost of each burn block's election, in satoshis.
    pub satoshis_per_block: u64,
    /// Length of a reward cycle in burn blocks.
    pub reward_cycle_length: u64,
    /// The producers from reward cycle 0 on, up to the first cycle for which another set is stored; they are elected in
    /// turn by burn height. Never empty.
    pub producers: Vec<Producer>,
    /// The stackers from reward cycle 0 on, up to the first cycle for which another set is stored. Never empty.
    pub stackers: Vec<Stacker>,
}

impl BurnParams {
    /// Burn height of a reward cycle's first block; `None` beyond 64 bits.
    #[must_use]
    pub fn cycle_start(&self, cycle: u64) -> Option<u64> {
        cycle.checked_mul(self.reward_cycle_length)?.checked_add(self.first_height)
    }
}

/// A member of the producer set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// Single-signature address of the producer's block signing key; its coinbases come from it.
    pub address: StacksAddress,
    /// Key of its VRF proofs.
    pub vrf_public_key: VrfPublicKey,
}

/// A member of a stacker set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stacker {
    /// Single-signature address of the signing key.
    pub address: StacksAddress,
    /// Weight of its signature.
    pub weight: u32,
}
