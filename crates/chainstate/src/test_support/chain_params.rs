//! The chain on which tests run.

use clarity::Rules;
use stacks_types::block::SigningMode;
use stacks_types::limits::CHAIN_ID_TESTNET;

use super::{address, user, vrf_key};
use crate::params::{BootContracts, BurnParams, COINBASE_USTX, ChainParams, HELIUM_20, Producer, Stacker};

/// Opening balance of each user, micro-STX.
pub const OPENING_USTX: u128 = 100_000_000_000_000;
/// Number of users with an opening balance.
pub const USERS: u8 = 4;
/// Time of the first burn block, seconds since 1970.
pub const FIRST_TIME_S: u64 = 1_700_000_000;

/// A chain of epoch 3.0 with so many producers and stackers, each of weight 1, and [`USERS`] with money. Its burn chain
/// begins at height 100, cycles have 10 blocks.
#[must_use]
pub fn params(producers: u8, stackers: u8) -> ChainParams {
    ChainParams {
        chain_id: CHAIN_ID_TESTNET,
        mainnet: false,
        rules: &Rules::EPOCH_3_0,
        tenure_cost_limit: HELIUM_20,
        signing: SigningMode::Ecdsa,
        boot_contracts: BootContracts::default(),
        boot_balances: (0..USERS).map(|number| (user(number), OPENING_USTX)).collect(),
        coinbase_ustx: COINBASE_USTX,
        reward_maturity: 2,
        burn: BurnParams {
            first_height: 100,
            first_time_s: FIRST_TIME_S,
            satoshis_per_block: 5_000,
            reward_cycle_length: 10,
            producers: (0..producers)
                .map(|number| Producer {
                    address: address("producer", number),
                    vrf_public_key: vrf_key(number).public_key(),
                })
                .collect(),
            stackers: (0..stackers).map(|number| Stacker { address: address("stacker", number), weight: 1 }).collect(),
        },
    }
}
