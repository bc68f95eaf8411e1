//! Query strings: the keys that a path takes, and their values.
//!
//! # Invariants
//! - A key that a path does not take is refused, and so is a key given twice that takes one value: ignoring either
//!   would answer another question than was asked.
//! - Names and values are percent-decoded before they are checked.

use std::convert::Infallible;
use std::ops::ControlFlow;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use chainstate::read::contract::ContractAt;
use stacks_types::ids::StacksBlockId;

use super::input::{hash, path_contract_id};
use super::respond::HttpError;
use crate::layer::RequestHook;

/// The keys that a path takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct QueryKeys {
    /// Keys with one value.
    pub one: &'static [&'static str],
    /// Keys with any number of values, separated by commas or given by repeating the key.
    pub lists: &'static [&'static str],
}

impl QueryKeys {
    fn fault(self, query: &Query) -> Option<String> {
        for (index, (key, _)) in query.0.iter().enumerate() {
            if self.lists.contains(&key.as_str()) {
                continue;
            }
            if !self.one.contains(&key.as_str()) {
                let known: Vec<&str> = self.one.iter().chain(self.lists).copied().collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Some(format!("unknown query key {key:?}; this path takes {known}"));
            }
            if query.0.iter().take(index).any(|(before, _)| before == key) {
                return Some(format!("query key {key:?} is given twice"));
            }
        }
        None
    }
}

/// Refuses unexpected keys before the path's handler runs.
impl RequestHook for QueryKeys {
    type State = ();

    fn before(&self, request: &Request) -> ControlFlow<Response> {
        match self.fault(&Query::of(request.uri())) {
            None => ControlFlow::Continue(()),
            Some(fault) => ControlFlow::Break(HttpError::bad_request(fault).into_response()),
        }
    }

    fn after((): (), response: Response) -> Response {
        response
    }
}

/// A checked query string.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

impl Query {
    fn of(uri: &Uri) -> Self {
        let raw = uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// A contract in a path, at the block that the query names.
    pub(super) fn contract(&self, address: &str, name: &str) -> Result<ContractAt, HttpError> {
        Ok(ContractAt { contract: path_contract_id(address, name)?, at: self.tip()? })
    }

    /// A value as it is, decoded.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the key's value is 1.
    pub(super) fn is_one(&self, key: &str) -> bool {
        self.text(key) == Some("1")
    }

    /// All values of a key that is a list; empty when it is missing.
    ///
    /// # Errors
    /// 400 for an empty value: a client that left it empty would otherwise get everything.
    pub(super) fn list(&self, key: &str) -> Result<Vec<&str>, HttpError> {
        let texts = self.0.iter().filter(|(name, _)| name == key).map(|(_, text)| text.as_str());
        let values: Vec<&str> = texts.flat_map(|text| text.split(',')).collect();
        match values.contains(&"") {
            true => Err(HttpError::bad_request(format!("{key} has an empty value"))),
            false => Ok(values),
        }
    }

    /// A block id; missing or empty means none.
    pub(super) fn block_id(&self, key: &str) -> Result<Option<StacksBlockId>, HttpError> {
        match self.text(key) {
            None | Some("") => Ok(None),
            Some(text) => {
                let id = hash(text).ok_or_else(|| {
                    HttpError::bad_request(format!("{key} is not a block id, which has 64 hex digits"))
                })?;
                Ok(Some(StacksBlockId(id)))
            }
        }
    }

    /// `?tip=`: a block id; missing, empty or `latest` means the canonical tip, and so do `null` and `undefined`, which
    /// JavaScript clients write for a tip that they do not have.
    pub(super) fn tip(&self) -> Result<Option<StacksBlockId>, HttpError> {
        match self.text("tip") {
            Some("latest" | "null" | "undefined") => Ok(None),
            _ => self.block_id("tip"),
        }
    }

    /// `?proof=`: missing or exactly `1` requests MARF proofs.
    pub(super) fn proof(&self) -> bool {
        matches!(self.text("proof"), None | Some("1"))
    }

    /// A number of milliseconds, at most `most`.
    pub(super) fn millis(&self, key: &str, most: u64) -> Result<Option<u64>, HttpError> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match text.parse::<u64>() {
            Ok(millis) if millis <= most => Ok(Some(millis)),
            Ok(_) | Err(_) => {
                Err(HttpError::text(StatusCode::BAD_REQUEST, format!("{key} is not a number up to {most}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEYS: QueryKeys = QueryKeys { one: &["proof", "tip", "wait_ms"], lists: &["kinds"] };

    fn query(text: &str) -> Query {
        Query::of(&format!("/?{text}").parse().unwrap())
    }

    #[test]
    fn values_are_decoded() {
        let read = query("proof=0&tip=latest&wait_ms=5&kinds=a%2Cb&kinds=c&x%79=%C3%A9+1");
        assert!(!read.proof());
        assert_eq!(read.tip().unwrap(), None);
        assert_eq!(read.millis("wait_ms", 10).unwrap(), Some(5));
        assert!(read.millis("wait_ms", 4).is_err());
        assert_eq!(read.list("kinds").unwrap(), ["a", "b", "c"]);
        assert_eq!(read.text("xy"), Some("é 1"));
        assert!(query("").proof() && query("proof=1").proof());
        let id = "0xAB".to_owned() + &"cd".repeat(31);
        assert_eq!(query(&format!("tip={id}")).tip().unwrap().unwrap().0[0], 0xab);
        assert!(query("tip=zz").tip().is_err());
        assert!(["tip=null", "tip=undefined"].iter().all(|text| query(text).tip().unwrap().is_none()));
        for empty in ["kinds=", "kinds=a,,b", "kinds=a&kinds"] {
            assert!(query(empty).list("kinds").is_err(), "{empty}");
        }
    }

    #[test]
    fn what_a_path_does_not_take_is_refused_by_name() {
        let fault = |text: &str| KEYS.fault(&query(text));
        for good in ["", "tip=&proof=0", "kinds=a&tip=x&kinds=b", "%74ip=latest", "kinds=a%2Cb"] {
            assert_eq!(fault(good), None, "{good}");
        }
        assert_eq!(
            fault("kind=a").as_deref(),
            Some("unknown query key \"kind\"; this path takes proof, tip, wait_ms, kinds")
        );
        assert_eq!(fault("tip=a&t%69p=b").as_deref(), Some("query key \"tip\" is given twice"));
        let none = QueryKeys::default().fault(&query("x"));
        assert_eq!(none.as_deref(), Some("unknown query key \"x\"; this path takes none"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "[ -~]{0,80}") {
            let Ok(uri) = format!("/?{text}").parse::<Uri>() else { return Ok(()) };
            let query = Query::of(&uri);
            let _ = (query.tip().is_ok(), query.proof(), query.millis("a", 1).is_ok(), query.list("a").is_ok());
            let _ = KEYS.fault(&query);
        }
    }
}
