//! What differs between the parameters with which a folder's chain was made and those it is opened with, as far as the
//! folder shows. The boot block's event gives the epoch, the network and the balances, the burn database its rules; the
//! boot contracts are stored. Everything else is known only through the hash of all parameters, so likely values are
//! tried.

use std::collections::BTreeMap;
use std::iter::once;

use clarity::Rules;
use clarity::principal::{ContractId, Principal};
use clarity::state::Contract;
use nakamoto_proto::v1;
use prost::Message as _;
use rusqlite::Connection;
use sqlite::Inspected;
use stacks_types::block::SigningMode;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::StacksTransaction;
use v1::transaction_event::Body;

use super::files::Paths;
use crate::burn::{self, BurnOpenError};
use crate::db::{OpenError, StoreError};
use crate::execution::contract_store::{select_contract, select_contracts};
use crate::execution::genesis::boot_texts;
use crate::headers::processed_event;
use crate::params::{BootContracts, BootRelease, BurnParams, ChainParams, HELIUM_20};

/// Values of `reward_maturity` that are tried, from 1: they go beyond the default.
const MATURITIES_TRIED: u32 = 128;

/// Lists the differences; `made_with` is the fingerprint of the folder's chain. Keys are named as in the genesis file.
pub(in crate::chain) fn differences(
    (chain, burn): (&Inspected, &Inspected),
    paths: &Paths,
    made_with: &[u8; 32],
    asked: &ChainParams,
) -> Result<Vec<String>, OpenError> {
    let of_chain = OpenError::store::<StoreError>(&paths.chain);
    let boot = chain.look(|conn| boot_event(conn).map_err(&of_chain))?.flatten();
    let rules = burn.look(burn::stored_rules).map_err(BurnOpenError::at(&paths.burn))?.flatten();
    let mut made = as_stored(asked, boot.as_ref(), rules);
    if made.mainnet != asked.mainnet {
        return Ok(compared(&network(&made), &network(asked))); // All addresses differ then.
    }
    let stored = chain.look(|conn| stored_contracts(conn, made.rules).map_err(&of_chain))?.unwrap_or_default();
    let contracts = compare_contracts(&stored, &mut made, asked);
    if contracts.is_empty()
        && let Some(whole) = complete(&made, made_with)
    {
        made = whole;
    }
    let mut differences = compared(&single_keys(&made), &single_keys(asked));
    for ((key, found), (_, asked)) in lists(&made).into_iter().zip(lists(asked)) {
        differences.extend(first_difference(key, &found, &asked));
    }
    differences.extend(contracts);
    Ok(differences)
}

/// The event of the boot block.
fn boot_event(conn: &Connection) -> Result<Option<v1::BlockProcessed>, StoreError> {
    if !conn.table_exists(None, "nakamoto_block_headers")? {
        return Ok(None);
    }
    let Some(encoded) = processed_event(conn, &StacksBlockId::BOOT)? else { return Ok(None) };
    let event = v1::Event::decode(encoded.as_slice()).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(match event.body {
        Some(v1::event::Body::BlockProcessed(body)) => Some(body),
        _ => None,
    })
}

/// The parameters asked for, replaced by those that the folder tells.
fn as_stored(asked: &ChainParams, boot: Option<&v1::BlockProcessed>, burn: Option<BurnParams>) -> ChainParams {
    let receipts = boot.map_or(&[][..], |boot| &boot.receipts);
    let mut made = epoch_of(receipts).map_or_else(|| asked.clone(), |rules| asked.in_epoch(rules));
    let first = receipts.first().and_then(|receipt| StacksTransaction::decode(&receipt.transaction).ok());
    if let Some(transaction) = first {
        (made.mainnet, made.chain_id) = (transaction.version.is_mainnet(), transaction.chain_id);
    }
    if let Some(balances) = boot.and_then(balances_of) {
        made.boot_balances = balances;
    }
    if let Some(burn) = burn {
        made.burn = burn;
    }
    made
}

/// The interface of a contract names the epoch in which it was deployed.
fn epoch_of(receipts: &[v1::TransactionReceipt]) -> Option<&'static Rules> {
    let interface = receipts.iter().map(|receipt| &receipt.contract_interface_json).find(|json| !json.is_empty())?;
    let interface: serde_json::Value = serde_json::from_str(interface).ok()?;
    Rules::ALL.into_iter().find(|rules| interface["epoch"] == rules.interface_name)
}

/// The amounts minted in the boot block, in order; none if this release cannot read them.
fn balances_of(boot: &v1::BlockProcessed) -> Option<Vec<(Principal, u128)>> {
    let events = boot.receipts.iter().flat_map(|receipt| &receipt.events);
    let mints = events.filter_map(|event| match &event.body {
        Some(Body::StxMint(mint)) => Some(mint),
        _ => None,
    });
    let balance = |mint: &v1::StxMint| {
        let amount = <[u8; 16]>::try_from(mint.amount_ustx.as_ref()).ok()?;
        Some((Principal::parse(&mint.recipient)?, u128::from_be_bytes(amount)))
    };
    mints.map(balance).collect()
}

/// These parameters with values for the keys that only the fingerprint holds; none if no likely value fits.
fn complete(made: &ChainParams, made_with: &[u8; 32]) -> Option<ChainParams> {
    let mut candidate = made.clone();
    for reward_maturity in once(made.reward_maturity).chain(1..=MATURITIES_TRIED) {
        for signing in [SigningMode::Ecdsa, SigningMode::WellKnown] {
            for tenure_cost_limit in [HELIUM_20, made.rules.block_limit] {
                candidate.reward_maturity = reward_maturity;
                candidate.signing = signing;
                candidate.tenure_cost_limit = tenure_cost_limit;
                if let Some(whole) = candidate.as_made(made_with) {
                    return Some(whole);
                }
            }
        }
    }
    None
}

/// A key of the genesis file with its value.
type Key = (&'static str, String);

fn network(params: &ChainParams) -> Vec<Key> {
    let network = if params.mainnet { "mainnet" } else { "testnet" };
    vec![("network", network.to_owned()), ("chain_id", format!("{:#x}", params.chain_id))]
}

fn single_keys(params: &ChainParams) -> Vec<Key> {
    let signing = match params.signing {
        SigningMode::Ecdsa => "ecdsa",
        SigningMode::WellKnown => "well-known",
    };
    let cost_limit = if params.tenure_cost_limit == HELIUM_20 { "helium-20" } else { "mainnet" };
    let burn = &params.burn;
    let mut keys = vec![("epoch", params.rules.epoch.to_owned())];
    keys.extend(network(params));
    keys.extend([
        ("signing", signing.to_owned()),
        ("cost_limit", cost_limit.to_owned()),
        ("reward_maturity", params.reward_maturity.to_string()),
        ("first_burn_height", burn.first_height.to_string()),
        ("first_burn_time_s", burn.first_time_s.to_string()),
        ("satoshis_per_burn_block", burn.satoshis_per_block.to_string()),
        ("reward_cycle_length", burn.reward_cycle_length.to_string()),
    ]);
    keys
}

/// Keys whose values differ; both lists have the same keys in the same order.
fn compared(found: &[Key], asked: &[Key]) -> Vec<String> {
    let pairs = found.iter().zip(asked).filter(|(found, asked)| found != asked);
    pairs.map(|((key, found), (_, asked))| format!("it was made with {key} {found}, {asked} is asked for")).collect()
}

/// The lists of the genesis file, one text for each entry.
fn lists(params: &ChainParams) -> [(&'static str, Vec<String>); 3] {
    let burn = &params.burn;
    let producers = burn.producers.iter();
    let producers = producers.map(|one| format!("{} {}", one.address, hex::encode(one.vrf_public_key.0)));
    [
        ("balances", params.boot_balances.iter().map(|(owner, amount)| format!("{owner} {amount}")).collect()),
        ("producers", producers.collect()),
        ("stackers", burn.stackers.iter().map(|one| format!("{} {}", one.address, one.weight)).collect()),
    ]
}

/// Names the first entry that differs: a list may be long.
fn first_difference(key: &str, found: &[String], asked: &[String]) -> Option<String> {
    let at = (0..found.len().max(asked.len())).find(|at| found.get(*at) != asked.get(*at))?;
    let text = |list: &[String]| list.get(at).map_or("none", String::as_str).to_owned();
    let (entry, found, asked) = (at + 1, text(found), text(asked));
    Some(format!("it was made with other {key}: entry {entry} is {found}, {asked} is asked for"))
}

/// A boot contract's text and version.
type StoredContract = (String, u8);

/// Compares the boot contracts; gives those of the genesis in `made` the versions that they have in the folder.
fn compare_contracts(
    found: &BTreeMap<String, StoredContract>,
    made: &mut ChainParams,
    asked: &ChainParams,
) -> Vec<String> {
    let given: BTreeMap<_, _> = boot_texts(made).into_iter().collect();
    let own: Vec<_> = own_texts(made).collect();
    // A text of our own that changed with a release is no difference of the parameters asked for.
    let is_ours = |id: &String, text: &String| own.iter().any(|own| (&own.0, &own.1) == (id, text));
    let mut differences = Vec::new();
    for (id, text) in &given {
        match found.get(id) {
            Some((found, _)) if found == text || (is_ours(id, found) && is_ours(id, text)) => {}
            Some(_) => differences.push(format!("its boot contract {id} has another text")),
            None if is_ours(id, text) => {}
            None => differences.push(format!("it has no boot contract {id}")),
        }
    }
    let more = found.iter().filter(|(id, (text, _))| !given.contains_key(*id) && !is_ours(id, text));
    differences.extend(more.map(|(id, _)| format!("it has a boot contract {id}, which is not given")));
    // A contract that names no version gets the newest one of its epoch.
    let same_epoch = made.rules.epoch == asked.rules.epoch;
    for contract in &mut made.boot_contracts.brought {
        let Some((_, version)) = found.get(&contract.id.to_string()).filter(|(_, version)| *version > 0) else {
            continue;
        };
        if same_epoch && *version != contract.clarity_version {
            let (id, given) = (&contract.id, contract.clarity_version);
            differences.push(format!("its boot contract {id} has clarity_version {version}, {given} is asked for"));
        }
        contract.clarity_version = *version;
    }
    differences
}

/// Ids and texts of our own boot contracts, of all releases.
fn own_texts(params: &ChainParams) -> impl Iterator<Item = (String, String)> {
    let of_release = |release| {
        let boot_contracts = BootContracts { release, brought: Vec::new() };
        boot_texts(&ChainParams { boot_contracts, ..params.clone() })
    };
    BootRelease::ALL.into_iter().flat_map(of_release)
}

/// The boot contracts that a folder has. A contract in a form that this release does not read has no text, and version
/// 0.
fn stored_contracts(conn: &Connection, rules: &'static Rules) -> Result<BTreeMap<String, StoredContract>, StoreError> {
    let mut contracts = BTreeMap::new();
    if !conn.table_exists(None, "contracts")? {
        return Ok(contracts);
    }
    for id in select_contracts(conn, &StacksBlockId::BOOT)? {
        let body = select_contract(conn, &StacksBlockId::BOOT.0, &id)?.unwrap_or_default();
        let parsed = ContractId::parse(&id);
        let contract = parsed.and_then(|id| Contract::decode(&body, &id, rules).ok());
        contracts
            .insert(id, contract.map_or_else(StoredContract::default, |found| (found.source, found.interface.version)));
    }
    Ok(contracts)
}
