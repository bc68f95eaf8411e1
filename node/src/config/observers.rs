//! `[[events_observer]]`, checked: which observers get events by POST, and which events.

use super::file::ObserverTable;
use crate::principals::{PrincipalError, parse_contract_id};
use clarity::names::ClarityName;

/// Milliseconds for one attempt, unless the observer's table says otherwise. The reference's one second is too short
/// for an indexer to take a boot block with many contracts; here a slow observer delays no other.
const DEFAULT_TIMEOUT_MS: u64 = 60_000;
/// Range of `timeout_ms`: a shorter attempt would fail on a loaded machine, and a longer one is no limit.
const TIMEOUT_MS: (u64, u64) = (10, 600_000);
/// Most observers: each has a task and a cursor.
const MAX_OBSERVERS: usize = 64;
/// Most keys of one observer: each event is compared with each key.
const MAX_KEYS: usize = 256;
/// Bytes of the longest host name in DNS, and of a port.
const MAX_ENDPOINT_BYTES: usize = 253 + 6;

/// An HTTP observer, and the events it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverConfig {
    /// `host:port`, unique among the observers.
    pub endpoint: String,
    /// Keys that select its events; at least one.
    pub events_keys: Vec<EventKey>,
    /// Milliseconds that one attempt may take.
    pub timeout_ms: u64,
    /// Whether a post is given up when an attempt does not reach the observer.
    pub disable_retries: bool,
    /// Answers other than 200 to one post after which it is given up; `None` = never.
    pub skip_after_refusals: Option<u32>,
    /// Whether `contract_interface` is null in its posts.
    pub disable_contract_interface: bool,
}

/// One of `events_keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKey {
    /// `*`: everything but StackerDB chunks and validation results.
    Any,
    /// `all_but_burn_blocks`: as `*`, without `/new_burn_block`; for observers that ask bitcoind about those.
    AllButBurnBlocks,
    /// `stx`: the events of transfer, mint, burn and lock.
    Stx,
    /// `memtx`: transactions that enter the mempool and that are dropped from it.
    Mempool,
    /// `burn_blocks`: new blocks of the mocked bitcoin.
    BurnBlocks,
    /// `microblocks`: there are none by Nakamoto rules, but observers of the reference name it.
    Microblocks,
    /// `stackerdb`: chunks of StackerDBs.
    StackerDb,
    /// `block_proposal`: results of validations.
    BlockProposal,
    /// `ADDRESS.contract::topic`: events that a contract prints.
    ContractEvent {
        /// Id of the contract, "ADDRESS.contract".
        contract: String,
        /// Topic of the event; contracts have only "print".
        topic: String,
    },
    /// `ADDRESS.contract.asset`: events of a fungible or non-fungible token.
    Asset {
        /// Id of the contract, "ADDRESS.contract".
        contract: String,
        /// Name of the asset.
        asset: String,
    },
}

impl EventKey {
    /// Parses a key, as the reference's config file has it.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => return Ok(Self::Any),
            "all_but_burn_blocks" => return Ok(Self::AllButBurnBlocks),
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
                "`{text}` is none of *, all_but_burn_blocks, stx, memtx, burn_blocks, microblocks, stackerdb, block_proposal, \
                 ADDRESS.contract::topic, ADDRESS.contract.asset"
            )
        };
        let (contract, name, is_topic) = match (text.split_once("::"), text.rsplit_once('.')) {
            (Some((contract, topic)), _) => (contract, topic, true),
            (None, Some((contract, asset))) => (contract, asset, false),
            (None, None) => return Err(unknown()),
        };
        let contract = match parse_contract_id(contract) {
            Ok(contract) if is_name(name) => contract.to_string(),
            Err(error @ PrincipalError::Address(_)) => return Err(format!("`{text}`: {error}")),
            Ok(_) | Err(_) => return Err(unknown()),
        };
        Ok(match is_topic {
            true => Self::ContractEvent { contract, topic: name.to_owned() },
            false => Self::Asset { contract, asset: name.to_owned() },
        })
    }
}

fn is_name(text: &str) -> bool {
    ClarityName::new(text).is_some()
}

/// Checks the tables of the config file and adds the observers of the command line (`host:port`, then keys after
/// commas) and of the environment.
///
/// # Errors
/// Path of the key that is wrong, and what is wrong with it.
pub(super) fn observers(
    tables: &[ObserverTable],
    from_flags: &[String],
    from_environment: Option<&str>,
) -> Result<Vec<ObserverConfig>, (String, String)> {
    let mut observers: Vec<ObserverConfig> = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let place = |key: &str| format!("events_observer[{index}].{key}");
        let observer = observer(table).map_err(|(key, detail)| (place(key), detail))?;
        add(&mut observers, observer).map_err(|detail| (place("endpoint"), detail))?;
    }
    let flags = from_flags.iter().map(|text| ("--event-observer", text.as_str()));
    let mut given = Vec::new();
    // Compose files and CI set it empty to have none.
    let from_environment = from_environment.filter(|text| !text.is_empty());
    for (place, text) in flags.chain(from_environment.map(|text| ("STACKS_EVENT_OBSERVER", text))) {
        let named = |detail| (place.to_owned(), detail);
        let observer = observer(&in_one_text(text)).map_err(|(_, detail)| named(detail))?;
        add(&mut given, observer.clone()).map_err(named)?;
        // Flags and environment win over the file's keys; the file's other settings of the observer stay.
        match observers.iter_mut().find(|other| other.endpoint == observer.endpoint) {
            Some(in_file) => in_file.events_keys = observer.events_keys,
            None => add(&mut observers, observer).map_err(named)?,
        }
    }
    Ok(observers)
}

/// Parses `host:port` with keys after commas; without keys the observer gets `*`.
fn in_one_text(text: &str) -> ObserverTable {
    let mut parts = text.split(',').map(|part| part.trim().to_owned());
    let endpoint = parts.next().unwrap_or_default();
    let keys: Vec<_> = parts.collect();
    let events_keys = if keys.is_empty() { vec!["*".to_owned()] } else { keys };
    ObserverTable { endpoint, events_keys, ..ObserverTable::default() }
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
    if table.skip_after_refusals == Some(0) {
        return Err(("skip_after_refusals", "0: at least one refusal; leave it out to skip nothing".to_owned()));
    }
    Ok(ObserverConfig {
        endpoint: table.endpoint.clone(),
        events_keys: keys.map_err(|detail| ("events_keys", detail))?,
        timeout_ms,
        disable_retries: table.disable_retries,
        skip_after_refusals: table.skip_after_refusals,
        disable_contract_interface: table.disable_contract_interface,
    })
}

/// Checks that a text is `host:port`: the node puts `http://` before it and a path after it.
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
            ..ObserverTable::default()
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
    fn an_observer_that_says_no_more_has_the_defaults() {
        let found = observers(&[table("localhost:3700", &["*", "stackerdb"])], &[], Some("127.0.0.1:9")).unwrap();
        assert_eq!((found[0].timeout_ms, found[0].skip_after_refusals), (60_000, None));
        assert_eq!(found[0].events_keys, [EventKey::Any, EventKey::StackerDb]);
        assert_eq!((found[1].endpoint.as_str(), &found[1].events_keys), ("127.0.0.1:9", &vec![EventKey::Any]));
        let keys = |flag: &str| observers(&[], &[flag.to_owned()], None).unwrap().remove(0).events_keys;
        assert_eq!(keys("a:1"), [EventKey::Any]);
        assert_eq!(keys("a:1,*,stackerdb"), [EventKey::Any, EventKey::StackerDb]);
        assert_eq!(keys("a:1, all_but_burn_blocks"), [EventKey::AllButBurnBlocks]);
        for (flag, detail) in [("a:1,", "`` is none of"), ("a:1,nope", "`nope`"), ("stackerdb,a:1", "host:port")] {
            let (place, why) = observers(&[], &[flag.to_owned()], None).unwrap_err();
            assert_eq!(place, "--event-observer");
            assert!(why.contains(detail), "{why}");
        }
    }

    #[test]
    fn a_flag_wins_over_the_file_which_says_the_rest() {
        let in_file = ObserverTable { timeout_ms: Some(500), ..table("localhost:3700", &["*", "stackerdb"]) };
        let flags = ["localhost:3700,stx".to_owned()];
        let found = observers(std::slice::from_ref(&in_file), &flags, None).unwrap();
        assert_eq!((found.len(), found[0].timeout_ms, &found[0].events_keys[..]), (1, 500, &[EventKey::Stx][..]));
        let found = observers(&[in_file], &[], Some("localhost:3700")).unwrap();
        assert_eq!((found.len(), found[0].timeout_ms, &found[0].events_keys[..]), (1, 500, &[EventKey::Any][..]));
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
        let hasty = ObserverTable { skip_after_refusals: Some(0), ..good.clone() };
        check(&[hasty], None, "events_observer[0].skip_after_refusals", "at least one");
        let mistyped = CONTRACT.replace("9AG", "9AH") + "::print";
        check(&[table("a:1", &[&mistyped])], None, "events_observer[0].events_keys", "checksum does not match");
        check(&[good.clone(), good.clone()], None, "events_observer[1].endpoint", "twice");
        let twice = ["localhost:3700,stx", "localhost:3700"].map(str::to_owned);
        assert!(observers(std::slice::from_ref(&good), &twice, None).unwrap_err().1.contains("twice"));
        let once = observers(&[], &twice[..1], Some("localhost:3700")).unwrap_err();
        assert!(once.0 == "STACKS_EVENT_OBSERVER" && once.1.contains("twice"), "{once:?}");
        check(&[], Some("nowhere"), "STACKS_EVENT_OBSERVER", "host:port");
        assert_eq!(observers(&[], &[], Some("")), Ok(Vec::new()), "set to nothing, as if it were not set");
    }
}
