//! `[[events_observer]]`, checked: who is told about events by HTTP, and about which.

use clarity::vm::ClarityName;

use super::file::ObserverTable;
use crate::chain::parse_contract_id;

/// Time an attempt has unless the observer's table says otherwise, milliseconds; as the reference has it.
const DEFAULT_TIMEOUT_MS: u64 = 1000;
/// A shorter attempt would fail on a loaded machine, a longer one is not a time limit.
const TIMEOUT_MS: (u64, u64) = (10, 600_000);
/// Observers at most: each has a task and a cursor.
const MAX_OBSERVERS: usize = 64;
/// Keys of one observer at most: each event is compared with each.
const MAX_KEYS: usize = 256;
/// Longest host name by DNS, and a port.
const MAX_ENDPOINT_BYTES: usize = 253 + 6;

/// An observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverConfig {
    /// `host:port`. Unique among the observers.
    pub endpoint: String,
    /// What it wants to know; at least one.
    pub events_keys: Vec<EventKey>,
    /// How long one attempt may take, milliseconds.
    pub timeout_ms: u64,
    /// Whether an event is given up when an attempt does not reach the observer.
    pub disable_retries: bool,
    /// Whether `contract_interface` is null.
    pub disable_contract_interface: bool,
}

/// One of `events_keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKey {
    /// `*`: everything but StackerDB chunks and validation results.
    Any,
    /// `stx`: the events of transfer, mint, burn and lock.
    Stx,
    /// `memtx`: transactions that the mempool takes and drops.
    Mempool,
    /// `burn_blocks`.
    BurnBlocks,
    /// `microblocks`: there are none by Nakamoto rules; accepted because observers of the reference name it.
    Microblocks,
    /// `stackerdb`.
    StackerDb,
    /// `block_proposal`: results of validations.
    BlockProposal,
    /// `ADDRESS.contract::topic`: what a contract prints.
    ContractEvent {
        /// "ADDRESS.contract".
        contract: String,
        /// "print".
        topic: String,
    },
    /// `ADDRESS.contract.asset`: events of a fungible or non-fungible token.
    Asset {
        /// "ADDRESS.contract".
        contract: String,
        /// Name of the asset.
        asset: String,
    },
}

impl EventKey {
    /// Reads a key of the reference.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => return Ok(Self::Any),
            "stx" => return Ok(Self::Stx),
            "memtx" => return Ok(Self::Mempool),
            "burn_blocks" => return Ok(Self::BurnBlocks),
            "microblocks" => return Ok(Self::Microblocks),
            "stackerdb" => return Ok(Self::StackerDb),
            "block_proposal" => return Ok(Self::BlockProposal),
            _ => {}
        }
        let unknown = || {
            format!(
                "`{text}` is none of *, stx, memtx, burn_blocks, microblocks, stackerdb, block_proposal, \
                 ADDRESS.contract::topic, ADDRESS.contract.asset"
            )
        };
        if let Some((contract, topic)) = text.split_once("::") {
            contract_of(contract).filter(|_| is_name(topic)).ok_or_else(unknown)?;
            return Ok(Self::ContractEvent { contract: contract.to_owned(), topic: topic.to_owned() });
        }
        let (contract, asset) = text.rsplit_once('.').ok_or_else(unknown)?;
        contract_of(contract).filter(|_| is_name(asset)).ok_or_else(unknown)?;
        Ok(Self::Asset { contract: contract.to_owned(), asset: asset.to_owned() })
    }
}

fn contract_of(text: &str) -> Option<()> {
    parse_contract_id(text).ok().map(drop)
}

fn is_name(text: &str) -> bool {
    ClarityName::try_from(text.to_owned()).is_ok()
}

/// Checks the tables, with those that get every key and what the environment adds at the end.
///
/// # Errors
/// Path of the key, and what is wrong with it.
pub(super) fn observers(
    tables: &[ObserverTable],
    with_every_key: &[String],
    from_environment: Option<&str>,
) -> Result<Vec<ObserverConfig>, (String, String)> {
    let mut observers: Vec<ObserverConfig> = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let place = |key: &str| format!("events_observer[{index}].{key}");
        let observer = observer(table).map_err(|(key, detail)| (place(key), detail))?;
        add(&mut observers, observer).map_err(|detail| (place("endpoint"), detail))?;
    }
    let every_key = [EventKey::Any, EventKey::StackerDb, EventKey::BlockProposal];
    let flags = with_every_key.iter().map(|endpoint| ("--event-observer", endpoint.as_str(), every_key.to_vec()));
    let environment = from_environment.map(|endpoint| ("STACKS_EVENT_OBSERVER", endpoint, vec![EventKey::Any]));
    for (place, endpoint, events_keys) in flags.chain(environment) {
        check_endpoint(endpoint).map_err(|detail| (place.to_owned(), detail))?;
        let observer = ObserverConfig {
            endpoint: endpoint.to_owned(),
            events_keys,
            timeout_ms: DEFAULT_TIMEOUT_MS,
            disable_retries: false,
            disable_contract_interface: false,
        };
        add(&mut observers, observer).map_err(|detail| (place.to_owned(), detail))?;
    }
    Ok(observers)
}

fn add(observers: &mut Vec<ObserverConfig>, observer: ObserverConfig) -> Result<(), String> {
    if observers.iter().any(|other| other.endpoint == observer.endpoint) {
        return Err(format!("{} is given twice; an observer has one list of events_keys", observer.endpoint));
    }
    if observers.len() == MAX_OBSERVERS {
        return Err(format!("more than {MAX_OBSERVERS} observers"));
    }
    observers.push(observer);
    Ok(())
}

fn observer(table: &ObserverTable) -> Result<ObserverConfig, (&'static str, String)> {
    check_endpoint(&table.endpoint).map_err(|detail| ("endpoint", detail))?;
    if table.events_keys.is_empty() || table.events_keys.len() > MAX_KEYS {
        return Err(("events_keys", format!("{} keys, not 1 to {MAX_KEYS}", table.events_keys.len())));
    }
    let keys = table.events_keys.iter().map(|text| EventKey::parse(text)).collect::<Result<_, _>>();
    let timeout_ms = table.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS);
    if !(TIMEOUT_MS.0..=TIMEOUT_MS.1).contains(&timeout_ms) {
        return Err(("timeout_ms", format!("{timeout_ms} is not {} to {}", TIMEOUT_MS.0, TIMEOUT_MS.1)));
    }
    Ok(ObserverConfig {
        endpoint: table.endpoint.clone(),
        events_keys: keys.map_err(|detail| ("events_keys", detail))?,
        timeout_ms,
        disable_retries: table.disable_retries,
        disable_contract_interface: table.disable_contract_interface,
    })
}

/// `host:port`, as the node puts `http://` before it and a path behind it.
fn check_endpoint(text: &str) -> Result<(), String> {
    if text.contains("://") || text.contains('/') {
        return Err(format!("`{text}` is to be host:port; the node adds http:// and the path itself"));
    }
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty() && text.len() <= MAX_ENDPOINT_BYTES);
    let is_host = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    match parts {
        Some((host, port)) if is_host(host) && port.parse::<u16>().is_ok_and(|port| port != 0) => Ok(()),
        Some(_) | None => Err(format!("`{text}` is not host:port")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.store";

    fn table(endpoint: &str, keys: &[&str]) -> ObserverTable {
        ObserverTable {
            endpoint: endpoint.to_owned(),
            events_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            timeout_ms: None,
            disable_retries: false,
            disable_contract_interface: false,
        }
    }

    #[test]
    fn every_key_of_the_reference_is_read() {
        assert_eq!(EventKey::parse("*"), Ok(EventKey::Any));
        assert_eq!(EventKey::parse("block_proposal"), Ok(EventKey::BlockProposal));
        let contract = CONTRACT.to_owned();
        let print = EventKey::ContractEvent { contract: contract.clone(), topic: "print".to_owned() };
        assert_eq!(EventKey::parse(&format!("{CONTRACT}::print")), Ok(print));
        let asset = EventKey::Asset { contract, asset: "coin".to_owned() };
        assert_eq!(EventKey::parse(&format!("{CONTRACT}.coin")), Ok(asset));
    }

    #[test]
    fn any_other_key_is_refused() {
        let long = format!("{CONTRACT}::{}", "a".repeat(300));
        for text in ["", "all", "STX", "stacker_set", "a.b", "a::print", "x.y.z", "*::print", CONTRACT, &long] {
            assert!(EventKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_observer_has_the_defaults_of_the_reference() {
        let found = observers(&[table("localhost:3700", &["*", "stackerdb"])], &[], Some("127.0.0.1:9")).unwrap();
        assert_eq!(found[0].timeout_ms, 1000);
        assert_eq!(found[0].events_keys, [EventKey::Any, EventKey::StackerDb]);
        assert_eq!((found[1].endpoint.as_str(), &found[1].events_keys), ("127.0.0.1:9", &vec![EventKey::Any]));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let good = table("localhost:3700", &["*"]);
        let check = |tables: &[ObserverTable], from_environment, place: &str, detail: &str| {
            let (found, why) = observers(tables, &[], from_environment).unwrap_err();
            assert_eq!(found, place);
            assert!(why.contains(detail), "{why}");
        };
        check(&[table("http://a:1", &["*"])], None, "events_observer[0].endpoint", "adds http://");
        for endpoint in ["a", ":1", "a:0", "a:70000", "a b:1", ""] {
            check(&[table(endpoint, &["*"])], None, "events_observer[0].endpoint", "host:port");
        }
        check(&[good.clone(), table("a:1", &["*", "nope"])], None, "events_observer[1].events_keys", "`nope`");
        check(&[table("a:1", &[])], None, "events_observer[0].events_keys", "0 keys");
        let slow = ObserverTable { timeout_ms: Some(0), ..good.clone() };
        check(&[slow], None, "events_observer[0].timeout_ms", "not 10 to");
        check(&[good.clone(), good.clone()], None, "events_observer[1].endpoint", "twice");
        check(&[good], Some("localhost:3700"), "STACKS_EVENT_OBSERVER", "twice");
        check(&[], Some("nowhere"), "STACKS_EVENT_OBSERVER", "host:port");
    }
}
