//! The events that an observer gets, by the keys of its registration (docs/COMPATIBILITY.md#observer-keys).
//!
//! # Invariants
//! - `*` and `all_but_burn_blocks` include neither `stackerdb` nor `block_proposal`.
//!
//! # Not here
//! Parsing keys: `config`.

use std::collections::BTreeSet;

use nakamoto_proto::v1;
use v1::transaction_event::Body;

use crate::config::EventKey;

/// Which transaction events an observer gets in `/new_block`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionFilter {
    /// Events of every kind.
    all: bool,
    /// The four kinds of STX events.
    stx: bool,
    /// Printed events, by contract ("ADDRESS.name") and topic.
    topics: BTreeSet<(String, String)>,
    /// Events of these assets ("ADDRESS.contract::asset").
    assets: BTreeSet<String>,
}

/// What an observer gets besides blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// Events of transactions in blocks.
    pub transactions: TransactionFilter,
    /// Posts to `/new_burn_block`.
    pub burn_blocks: bool,
    /// Posts to `/new_mempool_tx` and `/drop_mempool_tx`.
    pub mempool: bool,
    /// Posts to `/stackerdb_chunks`.
    pub stackerdb: bool,
    /// Posts to `/proposal_response`.
    pub proposals: bool,
}

impl Interest {
    /// What these keys select together.
    #[must_use]
    pub fn of_keys(keys: &[EventKey]) -> Self {
        let mut interest = Self::default();
        keys.iter().for_each(|key| interest.add(key));
        interest
    }

    fn add(&mut self, key: &EventKey) {
        match key {
            EventKey::Any => {
                self.transactions.all = true;
                self.burn_blocks = true;
                self.mempool = true;
            }
            EventKey::AllButBurnBlocks => {
                self.transactions.all = true;
                self.mempool = true;
            }
            EventKey::Stx => self.transactions.stx = true,
            EventKey::Mempool => self.mempool = true,
            EventKey::BurnBlocks => self.burn_blocks = true,
            EventKey::StackerDb => self.stackerdb = true,
            EventKey::BlockProposal => self.proposals = true,
            // This chain has no microblocks.
            EventKey::Microblocks => {}
            EventKey::ContractEvent { contract, topic } => {
                self.transactions.topics.insert((contract.clone(), topic.clone()));
            }
            EventKey::Asset { contract, asset } => {
                self.transactions.assets.insert(format!("{contract}::{asset}"));
            }
        }
    }
}

/// The text of a key, as the config has it.
pub(super) fn text(key: &EventKey) -> String {
    match key {
        EventKey::Any => "*".to_owned(),
        EventKey::AllButBurnBlocks => "all_but_burn_blocks".to_owned(),
        EventKey::Stx => "stx".to_owned(),
        EventKey::Mempool => "memtx".to_owned(),
        EventKey::BurnBlocks => "burn_blocks".to_owned(),
        EventKey::Microblocks => "microblocks".to_owned(),
        EventKey::StackerDb => "stackerdb".to_owned(),
        EventKey::BlockProposal => "block_proposal".to_owned(),
        EventKey::ContractEvent { contract, topic } => format!("{contract}::{topic}"),
        EventKey::Asset { contract, asset } => format!("{contract}.{asset}"),
    }
}

impl TransactionFilter {
    /// Whether the posts contain this event.
    pub(super) fn wants(&self, event: &Body) -> bool {
        self.all
            || match event {
                Body::ContractPrint(print) => self.wants_topic(print),
                Body::StxTransfer(_) | Body::StxMint(_) | Body::StxBurn(_) | Body::StxLock(_) => self.stx,
                Body::FtTransfer(event) => self.assets.contains(&event.asset_id),
                Body::FtMint(event) => self.assets.contains(&event.asset_id),
                Body::FtBurn(event) => self.assets.contains(&event.asset_id),
                Body::NftTransfer(event) => self.assets.contains(&event.asset_id),
                Body::NftMint(event) => self.assets.contains(&event.asset_id),
                Body::NftBurn(event) => self.assets.contains(&event.asset_id),
            }
    }

    fn wants_topic(&self, print: &v1::ContractPrint) -> bool {
        // There are few keys: comparing each is cheaper than making a pair of texts to look up.
        self.topics.iter().any(|(contract, topic)| *contract == print.contract_id && *topic == print.topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG.token";

    fn ft(asset: &str) -> Body {
        Body::FtMint(v1::FtMint { asset_id: format!("{TOKEN}::{asset}"), ..v1::FtMint::default() })
    }

    fn print(topic: &str) -> Body {
        let (contract_id, topic) = (TOKEN.to_owned(), topic.to_owned());
        Body::ContractPrint(v1::ContractPrint { contract_id, topic, ..v1::ContractPrint::default() })
    }

    fn interest(keys: &[&str]) -> Interest {
        let keys: Vec<_> = keys.iter().map(|key| EventKey::parse(key).unwrap()).collect();
        assert_eq!(keys.iter().map(|key| EventKey::parse(&text(key)).unwrap()).collect::<Vec<_>>(), keys);
        Interest::of_keys(&keys)
    }

    #[test]
    fn the_star_leaves_out_stackerdb_and_proposals() {
        let star = interest(&["*"]);
        assert!(star.burn_blocks && star.mempool && !star.stackerdb && !star.proposals);
        assert!(star.transactions.wants(&ft("gold")) && star.transactions.wants(&print("print")));
        let every = interest(&["*", "stackerdb", "block_proposal"]);
        assert!(every.burn_blocks && every.mempool && every.stackerdb && every.proposals);
        let other = interest(&["all_but_burn_blocks"]);
        assert!(!other.burn_blocks && other.mempool && !other.stackerdb && !other.proposals);
        assert_eq!(other.transactions, star.transactions);
    }

    #[test]
    fn a_key_asks_for_what_it_names_and_no_more() {
        let stx = interest(&["stx"]);
        assert!(stx.transactions.wants(&Body::StxLock(v1::StxLock::default())));
        assert!(!stx.transactions.wants(&ft("gold")) && !stx.burn_blocks && !stx.mempool);
        let asset = interest(&[&format!("{TOKEN}.gold")]);
        assert!(asset.transactions.wants(&ft("gold")) && !asset.transactions.wants(&ft("silver")));
        assert!(!asset.transactions.wants(&print("print")));
        let topic = interest(&[&format!("{TOKEN}::print")]);
        assert!(topic.transactions.wants(&print("print")) && !topic.transactions.wants(&print("other")));
        let rest = interest(&["microblocks", "burn_blocks", "memtx"]);
        assert!(rest.burn_blocks && rest.mempool && !rest.transactions.wants(&ft("gold")));
    }
}
