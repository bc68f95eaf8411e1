//! Paths, queries and bodies into types.

use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::respond::HttpError;
use crate::chain::{ContractRef, parse_contract_id, parse_principal};

/// How a body says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// application/octet-stream.
    Octets,
    /// application/json.
    Json,
}

/// The kind of the body. A POST without a Content-Type is refused, as by the reference.
pub(super) fn kind(headers: &HeaderMap) -> Result<Kind, HttpError> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/octet-stream") {
        Ok(Kind::Octets)
    } else if essence.eq_ignore_ascii_case("application/json") {
        Ok(Kind::Json)
    } else {
        Err(HttpError::bad_request("Content-Type must be application/octet-stream or application/json"))
    }
}

/// JSON with the known keys; unknown ones are left alone.
pub(super) fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, HttpError> {
    serde_json::from_slice(body).map_err(|error| HttpError::bad_request(format!("invalid JSON: {error}")))
}

/// Hex, with or without 0x.
pub(super) fn hex_bytes(name: &str, text: &str) -> Result<Vec<u8>, HttpError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|error| HttpError::bad_request(format!("{name} is not hex: {error}")))
}

/// A hash in a path: 64 hex digits, or 40 for a consensus hash, with or without 0x. Anything else is no such path.
pub(super) fn path_hash<const N: usize>(text: &str) -> Result<[u8; N], HttpError> {
    hash(text).ok_or_else(|| HttpError::not_found("not found"))
}

/// A decimal number in a path; anything else is no such path.
pub(super) fn path_number(text: &str) -> Result<u64, HttpError> {
    text.parse().map_err(|_| HttpError::not_found("not found"))
}

fn hash<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}

/// A principal in a path; anything else is no such path.
pub(super) fn path_principal(text: &str) -> Result<String, HttpError> {
    match parse_principal(text) {
        Some(principal) => Ok(principal.to_string()),
        None => Err(HttpError::not_found("not found")),
    }
}

/// A contract in a path, at the block that the query names.
pub(super) fn path_contract(address: &str, name: &str, query: &Query) -> Result<ContractRef, HttpError> {
    match parse_contract_id(&format!("{address}.{name}")) {
        Some(contract) => Ok(ContractRef { contract_id: contract.to_string(), at: query.tip()? }),
        None => Err(HttpError::not_found("not found")),
    }
}

/// A query string, read leniently: the first of equal keys counts.
pub(super) struct Query(Option<String>);

impl Query {
    pub(super) fn new(raw: Option<String>) -> Self {
        Self(raw)
    }

    fn get(&self, key: &str) -> Option<&str> {
        let pairs = self.0.as_deref()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Whether a key has the value 1.
    pub(super) fn is_one(&self, key: &str) -> bool {
        self.get(key) == Some("1")
    }

    /// The values of a key, separated by commas; empty when it is missing.
    pub(super) fn list(&self, key: &str) -> Vec<&str> {
        self.get(key).unwrap_or_default().split(',').filter(|value| !value.is_empty()).collect()
    }

    /// A value as it stands.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)
    }

    /// A block id under a key; missing or empty means none.
    pub(super) fn block_id(&self, key: &str) -> Result<Option<[u8; 32]>, HttpError> {
        match self.get(key) {
            None | Some("") => Ok(None),
            Some(text) => {
                let id = hash(text).ok_or_else(|| HttpError::bad_request(format!("{key} is not a block id")))?;
                Ok(Some(id))
            }
        }
    }

    /// `?tip=`: a block id; missing, empty or `latest` mean the canonical tip.
    pub(super) fn tip(&self) -> Result<Option<[u8; 32]>, HttpError> {
        if self.get("tip") == Some("latest") { Ok(None) } else { self.block_id("tip") }
    }

    /// `?proof=`: missing or exactly `1` asks for MARF proofs.
    pub(super) fn proof(&self) -> bool {
        matches!(self.get("proof"), None | Some("1"))
    }

    /// A number of milliseconds, within a bound.
    pub(super) fn millis(&self, key: &str, most: u64) -> Result<Option<u64>, HttpError> {
        let Some(text) = self.get(key) else { return Ok(None) };
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

    #[test]
    fn a_query_is_read_leniently() {
        let query = Query::new(Some("proof=0&tip=latest&wait_ms=5&proof=1&x".to_owned()));
        assert!(!query.proof());
        assert_eq!(query.tip().unwrap(), None);
        assert_eq!(query.millis("wait_ms", 10).unwrap(), Some(5));
        assert!(query.millis("wait_ms", 4).is_err());
        assert!(Query::new(None).proof());
        assert!(Query::new(Some("proof=1".to_owned())).proof());
        let id = "0xAB".to_owned() + &"cd".repeat(31);
        assert_eq!(Query::new(Some(format!("tip={id}"))).tip().unwrap().unwrap()[0], 0xab);
        assert!(Query::new(Some("tip=zz".to_owned())).tip().is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,80}") {
            let _ = (path_hash::<32>(&text), path_hash::<20>(&text), path_number(&text).is_ok());
            let _ = path_principal(&text);
            let _ = hex_bytes("x", &text);
            let query = Query::new(Some(text));
            let _ = (query.tip().is_ok(), query.proof(), query.millis("a", 1).is_ok());
        }
    }
}
