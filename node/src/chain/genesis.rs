//! Turns the genesis file into chain parameters.

use std::path::Path;

use chainstate::chain::NakamotoChainState;
use chainstate::execution::STACK_BYTES;
use chainstate::params::{
    BootContract, BootContracts, BootRelease, BurnParams, COINBASE_USTX, ChainParams, HELIUM_20, Producer, Stacker,
};
use clarity::Rules;
use clarity::principal::Principal;
use sqlite::Durability;
use stacks_types::block::SigningMode;
use stacks_types::vrf::VrfPublicKey;

use crate::config::{
    Balance, BootContractEntry, CostLimit, GenesisError, GenesisFile, ProducerEntry, Signing, StackerEntry,
};
use crate::principals::parse_principal;

/// The parameters of the chain that the file describes.
///
/// # Errors
/// [`GenesisError::Value`] for an address, key or balance that the chain cannot have.
pub fn chain_params(genesis: &GenesisFile) -> Result<ChainParams, GenesisError> {
    let producers = genesis.producers.iter().map(|entry| producer(genesis, entry)).collect::<Result<_, _>>()?;
    let stackers = genesis.stackers.iter().map(|entry| stacker(genesis, entry)).collect::<Result<_, _>>()?;
    let rules = genesis.rules()?;
    let boot_contracts = genesis.boot_contract.iter().map(|entry| boot_contract(genesis, rules, entry));
    let brought = boot_contracts.collect::<Result<_, _>>()?;
    let boot_balances = genesis.balances.iter().map(balance).collect::<Result<_, _>>()?;
    Ok(ChainParams {
        chain_id: genesis.chain_id(),
        mainnet: genesis.is_mainnet(),
        rules,
        tenure_cost_limit: match genesis.cost_limit {
            CostLimit::Helium20 => HELIUM_20,
            CostLimit::Mainnet => rules.block_limit,
        },
        signing: match genesis.signing {
            Signing::Ecdsa => SigningMode::Ecdsa,
            Signing::WellKnown => SigningMode::WellKnown,
        },
        boot_balances,
        boot_contracts: BootContracts { release: BootRelease::default(), brought },
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

/// Makes a chain from the genesis in an empty folder, to check that this works, and leaves the files there.
///
/// # Errors
/// [`GenesisError`] as from [`chain_params`]; or why the chain cannot be made, such as a boot contract with invalid
/// code.
pub fn try_genesis(genesis: &GenesisFile, folder: &Path) -> anyhow::Result<()> {
    let (params, folder) = (chain_params(genesis)?, folder.to_owned());
    let make = move || {
        NakamotoChainState::open(&folder, params, Durability::Unsynced, || 0).map(|(chain, writer)| {
            drop(chain);
            writer.join()
        })
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(make)?;
    let made = thread.join().map_err(|_| anyhow::anyhow!("the boot block could not be made"))?;
    made?.map_err(|_| anyhow::anyhow!("the boot block could not be stored"))
}

fn boot_contract(
    genesis: &GenesisFile,
    rules: &Rules,
    entry: &BootContractEntry,
) -> Result<BootContract, GenesisError> {
    Ok(BootContract {
        id: entry.id(genesis.is_mainnet())?,
        source: entry.text.clone(),
        clarity_version: entry.clarity_version(rules),
        file: entry.source.display().to_string(),
    })
}

fn producer(genesis: &GenesisFile, entry: &ProducerEntry) -> Result<Producer, GenesisError> {
    let vrf_public_key = VrfPublicKey(entry.key()?);
    if !vrf_public_key.is_valid() {
        let detail = format!("{} is not a point of the curve", entry.vrf_public_key);
        return Err(GenesisError::Value { key: "producers.vrf_public_key", detail });
    }
    Ok(Producer { address: genesis.member_address("producers.address", &entry.address)?, vrf_public_key })
}

fn stacker(genesis: &GenesisFile, entry: &StackerEntry) -> Result<Stacker, GenesisError> {
    Ok(Stacker { address: genesis.member_address("stackers.address", &entry.address)?, weight: entry.weight })
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

    #[test]
    fn a_chain_with_mainnets_limit_has_that_of_its_epoch() {
        let mut genesis: GenesisFile = toml::from_str(SAMPLE_GENESIS).unwrap();
        genesis.cost_limit = CostLimit::Mainnet;
        for (epochs, read_count, read_length) in
            [(&["3.0", "3.1", "3.2", "3.3", "3.4"][..], 15_000, 100_000_000), (&["4.0", "4.1"], 30_000, 200_000_000)]
        {
            for epoch in epochs {
                genesis.epoch = (*epoch).to_owned();
                let limit = chain_params(&genesis).unwrap().tenure_cost_limit;
                assert_eq!((limit.read_count, limit.read_length), (read_count, read_length), "{epoch}");
                assert_eq!((limit.write_count, limit.write_length, limit.runtime), (15_000, 15_000_000, 5_000_000_000));
            }
        }
    }
}
