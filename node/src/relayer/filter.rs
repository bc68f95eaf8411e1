//! Which events a subscriber wants: terms joined by "or", conditions inside a term joined by "and".
//!
//! # Invariants
//! - Matching is pure: the same event and filter give the same answer, live or from disk.
//! - What a filter holds is bounded by the named limits.

use std::collections::BTreeSet;

use nakamoto_proto::v1;
use v1::event::Body;

use super::touched::Touched;
use crate::chain::ApiError;

/// Terms a filter. A signer needs two; the rest is room.
pub const MAX_FILTER_TERMS: usize = 32;
/// Values a list of a term: a wallet's addresses or an indexer's contracts, matched by look-up.
pub const MAX_FILTER_VALUES: usize = 256;
/// Bytes a value: an asset id (41 + 1 + 128 + 2 + 128) fits.
pub const MAX_FILTER_VALUE_BYTES: usize = 300;

/// A checked filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// `None` means every event.
    terms: Option<Vec<Term>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    kinds: BTreeSet<i32>,
    stackerdb_contracts: BTreeSet<String>,
    contracts: BTreeSet<String>,
    assets: BTreeSet<String>,
    addresses: BTreeSet<String>,
    request_id: Option<String>,
}

impl Filter {
    /// Every event.
    pub const ALL: Self = Self { terms: None };

    /// Checks what came over the wire.
    ///
    /// # Errors
    /// [`FilterError::Empty`] when nothing is asked for, [`FilterError::Field`] when a limit is exceeded.
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
                let terms = filter.terms.into_iter().map(Term::decode).collect::<Result<_, _>>()?;
                Ok(Self { terms: Some(terms) })
            }
        }
    }

    /// Whether a subscriber with this filter gets the event.
    #[must_use]
    pub fn matches(&self, event: &v1::Event) -> bool {
        let Some(terms) = &self.terms else { return true };
        // What an event touches is worked out at most once, and only when a term asks.
        let mut touched = None;
        terms.iter().any(|term| term.matches(event, &mut touched))
    }

    /// StackerDBs that the filter names, for the snapshot; empty when it names none.
    #[must_use]
    pub fn stackerdb_contracts(&self) -> BTreeSet<&str> {
        let terms = self.terms.as_deref().unwrap_or_default();
        terms.iter().flat_map(|term| term.stackerdb_contracts.iter().map(String::as_str)).collect()
    }

    /// Whether some StackerDB event of an instance that no term names could match.
    #[must_use]
    pub fn wants_every_stackerdb(&self) -> bool {
        let Some(terms) = &self.terms else { return true };
        let kind = v1::EventKind::StackerdbChunks.into();
        terms.iter().any(|term| {
            term.stackerdb_contracts.is_empty()
                && (term.kinds.is_empty() || term.kinds.contains(&kind))
                && term.touches_nothing()
                && term.request_id.is_none()
        })
    }
}

impl Term {
    fn decode(term: v1::EventTerm) -> Result<Self, FilterError> {
        if term.kinds.len() > MAX_FILTER_VALUES {
            return Err(too_many("filter.terms.kinds").into());
        }
        if let Some(kind) = term.kinds.iter().find(|kind| !is_kind(**kind)) {
            return Err(ApiError::invalid("filter.terms.kinds", format!("{kind} is no event kind")).into());
        }
        let request_id = (!term.request_id.is_empty()).then_some(term.request_id);
        if request_id.as_ref().is_some_and(|id| id.len() > MAX_FILTER_VALUE_BYTES) {
            return Err(ApiError::invalid("filter.terms.request_id", "too long").into());
        }
        let decoded = Self {
            kinds: term.kinds.into_iter().collect(),
            stackerdb_contracts: values("filter.terms.stackerdb_contracts", term.stackerdb_contracts)?,
            contracts: values("filter.terms.contracts", term.contracts)?,
            assets: values("filter.terms.assets", term.assets)?,
            addresses: values("filter.terms.addresses", term.addresses)?,
            request_id,
        };
        let asks = !decoded.kinds.is_empty()
            || !decoded.stackerdb_contracts.is_empty()
            || !decoded.touches_nothing()
            || decoded.request_id.is_some();
        if asks { Ok(decoded) } else { Err(FilterError::Empty) }
    }

    /// Whether the term has no condition on what an event touches.
    fn touches_nothing(&self) -> bool {
        self.contracts.is_empty() && self.assets.is_empty() && self.addresses.is_empty()
    }

    fn matches(&self, event: &v1::Event, touched: &mut Option<Touched>) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.matches_stackerdb(event)
            && self.matches_request(event)
            && (self.touches_nothing() || self.matches_touched(event, touched))
    }

    /// Narrows StackerDB events only, so that one term can ask for "these chunks and every burn block".
    fn matches_stackerdb(&self, event: &v1::Event) -> bool {
        match &event.body {
            Some(Body::StackerdbChunks(chunks)) if !self.stackerdb_contracts.is_empty() => {
                self.stackerdb_contracts.contains(&chunks.contract_id)
            }
            // A term that names nothing but StackerDBs means their chunks.
            Some(_) | None => {
                self.stackerdb_contracts.is_empty()
                    || !self.kinds.is_empty()
                    || event.kind() == v1::EventKind::StackerdbChunks
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

    fn matches_touched(&self, event: &v1::Event, touched: &mut Option<Touched>) -> bool {
        let touched = touched.get_or_insert_with(|| Touched::by(event));
        meets(&self.contracts, &touched.contracts)
            && meets(&self.assets, &touched.assets)
            && meets(&self.addresses, &touched.principals)
    }
}

/// No condition, or one of the wanted values is there.
fn meets(wanted: &BTreeSet<String>, there: &BTreeSet<String>) -> bool {
    wanted.is_empty() || wanted.iter().any(|value| there.contains(value))
}

fn is_kind(number: i32) -> bool {
    v1::EventKind::try_from(number).is_ok_and(|kind| kind != v1::EventKind::Unspecified)
}

fn too_many(field: &'static str) -> ApiError {
    ApiError::invalid(field, format!("more than {MAX_FILTER_VALUES} values"))
}

fn values(field: &'static str, values: Vec<String>) -> Result<BTreeSet<String>, ApiError> {
    if values.len() > MAX_FILTER_VALUES {
        return Err(too_many(field));
    }
    if values.iter().any(|value| value.is_empty() || value.len() > MAX_FILTER_VALUE_BYTES) {
        return Err(ApiError::invalid(field, format!("a value has 1 to {MAX_FILTER_VALUE_BYTES} bytes")));
    }
    Ok(values.into_iter().collect())
}

/// Why a filter is refused.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Nothing is asked for; `all` must be said.
    #[error("the filter is empty: set `all` to get every event")]
    Empty,
    /// A field is wrong.
    #[error(transparent)]
    Field(#[from] ApiError),
}
