//! The genesis file as chain parameters.

use chainstate::params::{BurnParams, COINBASE_USTX, ChainParams, HELIUM_20, Producer, Stacker};
use engine::Rules;
use engine::value::Principal;
use stacks_types::block::SigningMode;
use stacks_types::vrf::VrfPublicKey;

use crate::config::{Balance, GenesisError, GenesisFile, ProducerEntry, StackerEntry};
use crate::ids::parse_principal;

/// The parameters of the chain that the file describes.
///
/// # Errors
/// [`GenesisError::Value`] for an address, key or balance that the chain cannot have.
pub fn chain_params(genesis: &GenesisFile) -> Result<ChainParams, GenesisError> {
    let producers = genesis.producers.iter().map(|entry| producer(genesis, entry)).collect::<Result<_, _>>()?;
    let stackers = genesis.stackers.iter().map(|entry| stacker(genesis, entry)).collect::<Result<_, _>>()?;
    let rules = Rules::of_epoch(&genesis.epoch).ok_or_else(|| {
        let detail = format!("there are no rules of epoch {}", genesis.epoch);
        GenesisError::Value { key: "epoch", detail }
    })?;
    let boot_balances = genesis.balances.iter().map(balance).collect::<Result<_, _>>()?;
    Ok(ChainParams {
        chain_id: genesis.chain_id(),
        mainnet: genesis.is_mainnet(),
        rules,
        tenure_cost_limit: if genesis.cost_limit == "mainnet" { rules.block_limit } else { HELIUM_20 },
        signing: if genesis.signing == "well-known" { SigningMode::WellKnown } else { SigningMode::Ecdsa },
        boot_balances,
        coinbase_ustx: COINBASE_USTX,
        reward_maturity: genesis.reward_maturity,
        burn: BurnParams {
            first_height: genesis.first_burn_height,
            first_time_s: genesis.first_burn_time_s,
            satoshis_per_block: genesis.satoshis_per_burn_block,
            reward_cycle_length: genesis.reward_cycle_length,
            producers,
            stackers,
        },
    })
}

fn producer(genesis: &GenesisFile, entry: &ProducerEntry) -> Result<Producer, GenesisError> {
    let vrf_public_key = VrfPublicKey(entry.key()?);
    if !vrf_public_key.is_valid() {
        let detail = format!("{} is not a point of the curve", entry.vrf_public_key);
        return Err(GenesisError::Value { key: "producers.vrf_public_key", detail });
    }
    Ok(Producer { address: genesis.address("producers.address", &entry.address)?, vrf_public_key })
}

fn stacker(genesis: &GenesisFile, entry: &StackerEntry) -> Result<Stacker, GenesisError> {
    Ok(Stacker { address: genesis.address("stackers.address", &entry.address)?, weight: entry.weight })
}

fn balance(balance: &Balance) -> Result<(Principal, u128), GenesisError> {
    let principal = parse_principal(&balance.address).map_err(|error| GenesisError::Value {
        key: "balances.address",
        detail: format!("{}: {error}", balance.address),
    })?;
    Ok((principal, balance.amount_ustx.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SAMPLE_GENESIS;

    #[test]
    fn the_sample_makes_parameters() {
        let mut genesis: GenesisFile = toml::from_str(SAMPLE_GENESIS).unwrap();
        let params = chain_params(&genesis).unwrap();
        assert_eq!((params.chain_id, params.mainnet), (0x8000_0000, false));
        assert_eq!(params.tenure_cost_limit, HELIUM_20);
        assert_eq!(params.burn.producers.len(), 1);
        genesis.balances[0].address = "nobody".to_owned();
        assert!(chain_params(&genesis).unwrap_err().to_string().contains("balances.address"));
    }
}
