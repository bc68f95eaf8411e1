use clarity::Rules;
use rusqlite::Connection;
use stacks_types::address::StacksAddress;
use stacks_types::block::SigningMode;
use stacks_types::ids::Hash160;
use stacks_types::limits::CHAIN_ID_TESTNET;
use stacks_types::vrf::VrfPrivateKey;

use super::*;
use crate::db::StoreError;
use crate::params::{BootContracts, BurnParams, COINBASE_USTX, HELIUM_20, Producer, Stacker};
use crate::test_support::on_a_large_stack;

/// SQLite's numbers of FULL and OFF.
const FULL: u8 = 2;
const OFF: u8 = 0;

fn params() -> ChainParams {
    let address = StacksAddress::of_key_hash(Hash160([1; 20]), false);
    let vrf_public_key = VrfPrivateKey::from_seed(&[1; 32]).public_key();
    ChainParams {
        chain_id: CHAIN_ID_TESTNET,
        mainnet: false,
        rules: &Rules::EPOCH_3_0,
        tenure_cost_limit: HELIUM_20,
        signing: SigningMode::Ecdsa,
        boot_contracts: BootContracts::default(),
        boot_balances: Vec::new(),
        coinbase_ustx: COINBASE_USTX,
        reward_maturity: 2,
        burn: BurnParams {
            first_height: 100,
            first_time_s: 1_700_000_000,
            satoshis_per_block: 5_000,
            reward_cycle_length: 10,
            producers: vec![Producer { address, vrf_public_key }],
            stackers: vec![Stacker { address, weight: 1 }],
        },
    }
}

fn synchronous(conn: &Connection) -> u8 {
    conn.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap()
}

#[test]
fn every_database_of_a_chain_is_as_durable_as_the_chain() {
    on_a_large_stack(|| {
        for (durability, expected) in [(Durability::Synced, FULL), (Durability::Unsynced, OFF)] {
            let folder = tempfile::tempdir().unwrap();
            let (chain, _writer) = Chain::open(folder.path(), params(), durability, || 1_800_000_000_000).unwrap();
            let found = [
                chain.inner.store.write_all(|tx| Ok::<_, StoreError>(synchronous(tx.sql()))).unwrap(),
                synchronous(chain.inner.burn.lock().unwrap().connection()),
                synchronous(chain.inner.staging.lock().unwrap().connection()),
            ];
            assert_eq!(found, [expected; 3], "{durability:?}");
        }
    });
}
