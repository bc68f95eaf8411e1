//! Which events a subscriber gets: "or" joins terms, "and" joins the conditions of a term.
//!
//! # Invariants
//! - Matching is pure: the same event and filter give the same answer, live or from disk.
//! - Named limits bound the size of a filter.
//! - A value that no event could have is refused, so that a mistake is reported and the client does not wait in vain.
//!   Addresses are compared in the form that events have.
//!
//! # Not here
//! Signers' keys: a signer is known by its slot, which `slot_ids` selects. Matching a key would cost each subscriber a
//! signature recovery for each event.

use std::collections::BTreeSet;

use chainstate::journal::JournalEvent;
use chainstate::stackerdb::MAX_SLOTS;
use clarity::principal::Principal;
use nakamoto_proto::v1;
use v1::event::Body;

use crate::error::ApiError;
use crate::principals::{PrincipalError, parse_asset_id, parse_contract_id, parse_principal};
use crate::request_ids::is_request_id;

/// Most terms of a filter. A signer needs two; the rest is reserve.
pub const MAX_FILTER_TERMS: usize = 32;
/// Most values in a list of a term: a wallet's addresses or an indexer's contracts; matching looks them up.
pub const MAX_FILTER_VALUES: usize = 256;
/// Most bytes of a value: an asset id (41 + 1 + 128 + 2 + 128) fits.
pub const MAX_FILTER_VALUE_BYTES: usize = 300;
/// Most bytes of a label: it is sent with every event that matches.
pub const MAX_LABEL_BYTES: usize = 32;

/// A checked filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// `None` = every event.
    terms: Option<Vec<Term>>,
    /// The filter as the client sent it.
    wire: v1::EventFilter,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    kinds: BTreeSet<i32>,
    stackerdb_contracts: BTreeSet<String>,
    contracts: BTreeSet<String>,
    assets: BTreeSet<String>,
    addresses: BTreeSet<String>,
    request_id: Option<String>,
    slot_ids: BTreeSet<u32>,
    txids: BTreeSet<[u8; 32]>,
    producers: BTreeSet<String>,
    label: String,
}

impl Filter {
    /// The filter for every event.
    pub const ALL: Self = Self { terms: None, wire: v1::EventFilter { terms: Vec::new(), all: true } };

    /// Checks a filter from the wire.
    ///
    /// # Errors
    /// [`FilterError::Empty`] when the filter selects nothing, [`FilterError::Field`] when a value is wrong or exceeds
    /// a limit.
    pub fn decode(filter: Option<v1::EventFilter>) -> Result<Self, FilterError> {
        let filter = filter.unwrap_or_default();
        match (filter.all, filter.terms.is_empty()) {
            (true, true) => Ok(Self::ALL),
            (true, false) => Err(ApiError::invalid("filter.all", "cannot be set together with terms").into()),
            (false, true) => Err(FilterError::Empty),
            (false, false) if filter.terms.len() > MAX_FILTER_TERMS => {
                Err(ApiError::invalid("filter.terms", format!("more than {MAX_FILTER_TERMS}")).into())
            }
            (false, false) => {
                let wire = filter.clone();
                let decode = |(place, term)| Term::decode(term).map_err(|error: FilterError| error.in_term(place));
                let terms = filter.terms.into_iter().enumerate().map(decode).collect::<Result<_, _>>()?;
                Ok(Self { terms: Some(terms), wire })
            }
        }
    }

    /// The filter as the client sent it.
    #[must_use]
    pub fn wire(&self) -> &v1::EventFilter {
        &self.wire
    }

    /// Whether the filter selects the event.
    #[must_use]
    pub fn matches(&self, entry: &JournalEvent) -> bool {
        self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(entry)))
    }

    /// Whether events are sent with labels.
    #[must_use]
    pub fn has_labels(&self) -> bool {
        self.terms.iter().flatten().any(|term| !term.label.is_empty())
    }

    /// The labels of the terms that select the event (empty for a filter without labels); `None` when no term does.
    #[must_use]
    pub fn labels(&self, entry: &JournalEvent) -> Option<v1::EventLabels> {
        if !self.has_labels() {
            return self.matches(entry).then(v1::EventLabels::default);
        }
        let mut is_match = false;
        let mut labels = Vec::new();
        for term in self.terms.iter().flatten().filter(|term| term.matches(entry)) {
            is_match = true;
            if !term.label.is_empty() {
                labels.push(term.label.clone());
            }
        }
        is_match.then_some(v1::EventLabels { labels })
    }

    /// Ids of the StackerDBs that the filter names, for the snapshot; empty when it names none.
    #[must_use]
    pub fn stackerdb_contracts(&self) -> BTreeSet<&str> {
        let terms = self.terms.as_deref().unwrap_or_default();
        terms.iter().flat_map(|term| term.stackerdb_contracts.iter().map(String::as_str)).collect()
    }

    /// Whether the filter could select an event of a StackerDB that no term names.
    #[must_use]
    pub fn wants_every_stackerdb(&self) -> bool {
        let Some(terms) = &self.terms else { return true };
        let kind = v1::EventKind::StackerdbChunks.into();
        terms.iter().any(|term| {
            term.stackerdb_contracts.is_empty()
                && (term.kinds.is_empty() || term.kinds.contains(&kind))
                && term.has_no_subjects()
                && term.request_id.is_none()
                && term.producers.is_empty()
        })
    }
}

impl Term {
    fn decode(term: v1::EventTerm) -> Result<Self, FilterError> {
        if term.kinds.len() > MAX_FILTER_VALUES {
            return Err(too_many("filter.terms.kinds").into());
        }
        if term.slot_ids.len() > MAX_FILTER_VALUES {
            return Err(too_many("filter.terms.slot_ids").into());
        }
        if term.label.len() > MAX_LABEL_BYTES {
            let detail = format!("more than {MAX_LABEL_BYTES} bytes");
            return Err(ApiError::invalid("filter.terms.label", detail).into());
        }
        if let Some((place, kind)) = term.kinds.iter().enumerate().find(|(_, kind)| !is_kind(**kind)) {
            let field = format!("filter.terms.kinds[{place}]");
            return Err(ApiError::invalid(field, format!("{kind} is no event kind")).into());
        }
        let is_too_high = |slot: u32| usize::try_from(slot).is_ok_and(|slot| slot >= MAX_SLOTS);
        if let Some((place, slot)) = term.slot_ids.iter().enumerate().find(|(_, slot)| is_too_high(**slot)) {
            let detail = format!("{slot}: a StackerDB has slots 0 to {}", MAX_SLOTS - 1);
            return Err(ApiError::invalid(format!("filter.terms.slot_ids[{place}]"), detail).into());
        }
        let decoded = Self {
            kinds: term.kinds.into_iter().collect(),
            stackerdb_contracts: values("filter.terms.stackerdb_contracts", term.stackerdb_contracts, contract)?,
            contracts: values("filter.terms.contracts", term.contracts, contract)?,
            assets: values("filter.terms.assets", term.assets, parse_asset_id)?,
            addresses: values("filter.terms.addresses", term.addresses, principal)?,
            request_id: request_id(term.request_id)?,
            slot_ids: term.slot_ids.into_iter().collect(),
            txids: txids(&term.txids)?,
            producers: values("filter.terms.producers", term.producers, account)?,
            label: term.label,
        };
        let asks = !decoded.kinds.is_empty()
            || !decoded.stackerdb_contracts.is_empty()
            || !decoded.has_no_subjects()
            || !decoded.slot_ids.is_empty()
            || !decoded.producers.is_empty()
            || decoded.request_id.is_some();
        if asks { Ok(decoded) } else { Err(FilterError::Empty) }
    }

    /// Whether the term has no condition on what an event touches.
    fn has_no_subjects(&self) -> bool {
        self.contracts.is_empty() && self.assets.is_empty() && self.addresses.is_empty() && self.txids.is_empty()
    }

    fn matches(&self, entry: &JournalEvent) -> bool {
        let event = entry.event.as_ref();
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.matches_stackerdb(event)
            && self.matches_request(event)
            && self.matches_producer(event)
            && (self.has_no_subjects() || self.matches_subjects(entry))
    }

    /// Constrains StackerDB events only, so that one term can select "these chunks and every burn block".
    fn matches_stackerdb(&self, event: &v1::Event) -> bool {
        let narrows = !self.stackerdb_contracts.is_empty() || !self.slot_ids.is_empty();
        match &event.body {
            Some(Body::StackerdbChunks(chunks)) => {
                let contract = &chunks.contract_id;
                (self.stackerdb_contracts.is_empty() || self.stackerdb_contracts.contains(contract))
                    && (self.slot_ids.is_empty()
                        || chunks.chunks.iter().any(|chunk| self.slot_ids.contains(&chunk.slot_id)))
            }
            // A term whose only conditions are on StackerDBs selects only their chunks.
            Some(_) | None => {
                !narrows || !self.kinds.is_empty() || !self.has_no_subjects() || !self.producers.is_empty()
            }
        }
    }

    fn matches_request(&self, event: &v1::Event) -> bool {
        let Some(id) = &self.request_id else { return true };
        match &event.body {
            Some(Body::TemplateFinished(finished)) => finished.template_id == *id,
            Some(Body::ValidationFinished(finished)) => finished.validation_id == *id,
            Some(_) | None => false,
        }
    }

    fn matches_producer(&self, event: &v1::Event) -> bool {
        let burn_block = match &event.body {
            _ if self.producers.is_empty() => return true,
            Some(Body::BurnBlock(mined)) => &mined.burn_block,
            Some(Body::BlockProcessed(processed)) => &processed.burn_view,
            Some(_) | None => return false,
        };
        burn_block.as_ref().is_some_and(|block| self.producers.contains(&block.elected_producer))
    }

    fn matches_subjects(&self, entry: &JournalEvent) -> bool {
        let subjects = entry.subjects();
        meets(&self.contracts, &subjects.contracts)
            && meets(&self.assets, &subjects.assets)
            && meets(&self.addresses, &subjects.principals)
            && meets(&self.txids, &subjects.txids)
    }
}

/// Whether there is no condition, or one of its values is present.
fn meets<T: Ord>(wanted: &BTreeSet<T>, there: &BTreeSet<T>) -> bool {
    wanted.is_empty() || wanted.iter().any(|value| there.contains(value))
}

fn is_kind(number: i32) -> bool {
    v1::EventKind::try_from(number).is_ok_and(|kind| kind != v1::EventKind::Unspecified)
}

fn too_many(field: &'static str) -> ApiError {
    ApiError::invalid(field, format!("more than {MAX_FILTER_VALUES} values"))
}

/// The values of a list, each parsed by `parse`.
fn values(
    field: &'static str,
    values: Vec<String>,
    parse: impl Fn(&str) -> Result<String, PrincipalError>,
) -> Result<BTreeSet<String>, ApiError> {
    if values.len() > MAX_FILTER_VALUES {
        return Err(too_many(field));
    }
    let value = |(place, text): (usize, String)| {
        let invalid = |detail| ApiError::invalid(format!("{field}[{place}]"), detail);
        if text.is_empty() || text.len() > MAX_FILTER_VALUE_BYTES {
            return Err(invalid(format!("a value has 1 to {MAX_FILTER_VALUE_BYTES} bytes")));
        }
        parse(&text).map_err(|error| invalid(format!("{text:?} is {error}")))
    };
    values.into_iter().enumerate().map(value).collect()
}

fn contract(text: &str) -> Result<String, PrincipalError> {
    parse_contract_id(text).map(|contract| contract.to_string())
}

fn principal(text: &str) -> Result<String, PrincipalError> {
    parse_principal(text).map(|principal| principal.to_string())
}

/// Parses a principal that can have a key.
fn account(text: &str) -> Result<String, PrincipalError> {
    match parse_principal(text)? {
        Principal::Standard(account) => Ok(account.to_string()),
        Principal::Contract(_) => Err(PrincipalError::NoAccount),
    }
}

fn request_id(id: String) -> Result<Option<String>, ApiError> {
    if id.is_empty() {
        return Ok(None);
    }
    if id.len() > MAX_FILTER_VALUE_BYTES || !is_request_id(&id) {
        return Err(ApiError::invalid("filter.terms.request_id", "not the id of a template or validation request"));
    }
    Ok(Some(id))
}

fn txids(txids: &[bytes::Bytes]) -> Result<BTreeSet<[u8; 32]>, ApiError> {
    let field = "filter.terms.txids";
    if txids.len() > MAX_FILTER_VALUES {
        return Err(too_many(field));
    }
    let hash = |(place, bytes): (usize, &bytes::Bytes)| {
        <[u8; 32]>::try_from(bytes.as_ref())
            .map_err(|_| ApiError::invalid(format!("{field}[{place}]"), format!("{} bytes, not 32", bytes.len())))
    };
    txids.iter().enumerate().map(hash).collect()
}

/// Why a filter cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// It selects nothing; to select every event, `all` must be set.
    #[error("the filter is empty: set `all` to get every event")]
    Empty,
    /// A value of the filter is wrong.
    #[error(transparent)]
    Field(#[from] ApiError),
}

impl FilterError {
    /// Names the term in the path of the field.
    fn in_term(self, place: usize) -> Self {
        match self {
            Self::Field(ApiError::Invalid { field, detail }) => {
                let field = field.replacen("filter.terms", &format!("filter.terms[{place}]"), 1);
                Self::Field(ApiError::invalid(field, detail))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
    const Q: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
    const R: &str = "ST000000000000000000002AMW42H";

    fn entry(kind: v1::EventKind, body: Body) -> JournalEvent {
        JournalEvent::from_event(v1::Event { sequence: 1, kind: kind.into(), observe_time: None, body: Some(body) }, 0)
    }

    fn elects(producer: &str) -> Option<v1::BurnBlock> {
        Some(v1::BurnBlock { elected_producer: producer.to_owned(), ..v1::BurnBlock::default() })
    }

    fn burn(producer: &str) -> JournalEvent {
        let body = v1::BurnBlockEvent { burn_block: elects(producer), is_canonical_tip: true };
        entry(v1::EventKind::BurnBlock, Body::BurnBlock(body))
    }

    fn processed(producer: &str) -> JournalEvent {
        let body = v1::BlockProcessed { burn_view: elects(producer), ..v1::BlockProcessed::default() };
        entry(v1::EventKind::BlockProcessed, Body::BlockProcessed(body))
    }

    fn chunks() -> JournalEvent {
        let body = v1::StackerDbChunks { contract_id: format!("{P}.b"), chunks: Vec::new() };
        entry(v1::EventKind::StackerdbChunks, Body::StackerdbChunks(body))
    }

    #[test]
    fn a_producer_narrows_to_its_burn_blocks_and_the_blocks_of_its_tenures() {
        let filter = |term| Filter::decode(Some(v1::EventFilter { terms: vec![term], all: false })).expect("a filter");
        let term = v1::EventTerm { producers: vec![P.to_owned(), Q.to_owned()], ..v1::EventTerm::default() };
        let of_producers = filter(term.clone());
        for wanted in [burn(P), processed(P), burn(Q)] {
            assert!(of_producers.matches(&wanted), "{wanted:?}");
        }
        for other in [burn(R), processed(R), burn(""), chunks()] {
            assert!(!of_producers.matches(&other), "{other:?}");
        }
        assert!(!of_producers.wants_every_stackerdb());
        let blocks = filter(v1::EventTerm { kinds: vec![v1::EventKind::BlockProcessed.into()], ..term.clone() });
        assert!(blocks.matches(&processed(P)) && !blocks.matches(&burn(P)));
        let with_chunks = filter(v1::EventTerm { stackerdb_contracts: vec![format!("{P}.b")], ..term });
        assert!(with_chunks.matches(&burn(P)), "StackerDBs narrow chunks only");
        let long = v1::EventTerm { producers: vec!["x".repeat(301)], ..v1::EventTerm::default() };
        let refused = Filter::decode(Some(v1::EventFilter { terms: vec![long], all: false }));
        assert!(matches!(refused, Err(FilterError::Field(_))));
    }
}
