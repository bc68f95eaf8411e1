//! Parses paths and bodies.

use axum::http::{HeaderMap, header};
use clarity::principal::c32::AddressError;
use clarity::principal::{ContractId, Principal};
use serde::de::DeserializeOwned;

use super::respond::HttpError;
use crate::principals::{PrincipalError, parse_contract_id, parse_principal};

/// Content type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// application/octet-stream.
    Octets,
    /// application/json.
    Json,
}

/// The content type of a request. A POST without one is refused, as by the reference.
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

/// A JSON object with the expected keys; unknown keys are ignored.
pub(super) fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, HttpError> {
    // serde would take an array's values for the keys' values, in the order of our struct's fields.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(HttpError::bad_request("invalid JSON: an array, where an object is expected"));
    }
    serde_json::from_slice(body).map_err(|error| HttpError::bad_request(format!("invalid JSON: {error}")))
}

/// Hex, with or without 0x.
pub(super) fn hex_bytes(name: &str, text: &str) -> Result<Vec<u8>, HttpError> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).map_err(|error| HttpError::bad_request(format!("{name} is not hex: {error}")))
}

/// A hash in a path: 64 hex digits, or 40 for a consensus hash, with or without 0x. Anything else is 404.
pub(super) fn path_hash<const N: usize>(text: &str) -> Result<[u8; N], HttpError> {
    hash(text).ok_or_else(|| HttpError::not_found("not found"))
}

/// A decimal number in a path. Anything else is 404.
pub(super) fn path_number(text: &str) -> Result<u64, HttpError> {
    text.parse().map_err(|_| HttpError::not_found("not found"))
}

/// Hex of N bytes, with or without 0x.
pub(super) fn hash<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}

/// A principal in a path.
pub(super) fn path_principal(text: &str) -> Result<Principal, HttpError> {
    parse_principal(text).map_err(|error| no_principal(text, &error))
}

/// A contract in a path.
pub(super) fn path_contract_id(address: &str, name: &str) -> Result<ContractId, HttpError> {
    parse_contract_id(&format!("{address}.{name}")).map_err(|error| no_principal(address, &error))
}

/// A mistyped address gets 400 with the reason; text that was never meant as one gets 404.
fn no_principal(text: &str, error: &PrincipalError) -> HttpError {
    match error {
        PrincipalError::Address(AddressError::Length(_)) => HttpError::not_found("not found"),
        PrincipalError::Address(mistake) => HttpError::bad_request(format!("{text} is not an address: {mistake}")),
        _ => HttpError::not_found("not found"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mistyped_address_is_named_and_another_word_is_no_path() {
        let mistyped = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AH";
        for text in [mistyped.to_owned(), format!("{mistyped}.name")] {
            let error = format!("{:?}", path_principal(&text).unwrap_err());
            assert!(error.contains("400") && error.contains("checksum does not match"), "{error}");
        }
        assert!(format!("{:?}", path_contract_id(mistyped, "name")).contains("400"));
        for text in ["", "latest", "ST1", "S", "夊"] {
            assert!(format!("{:?}", path_principal(text)).contains("404"), "{text}");
        }
    }

    #[test]
    fn an_array_is_no_object() {
        #[derive(serde::Deserialize)]
        struct Named {
            number: u8,
        }
        assert_eq!(json_body::<Named>(br#" {"number": 7, "other": 8}"#).unwrap().number, 7);
        assert!(format!("{:?}", json_body::<Named>(b" [7]").err()).contains("an object is expected"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,80}") {
            let _ = (path_hash::<32>(&text), path_hash::<20>(&text), path_number(&text).is_ok());
            let _ = path_principal(&text);
            let _ = hex_bytes("x", &text);
        }
    }
}
