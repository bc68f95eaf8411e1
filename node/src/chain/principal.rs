//! Principals in text from outside.
//!
//! The VM crate's own parser slices text at byte positions and panics when a character is longer than one byte, so it
//! never sees text from outside.

use clarity::vm::ContractName;
use clarity::vm::types::{PrincipalData, QualifiedContractIdentifier, StandardPrincipalData};
use nakamoto_proto::address::StacksAddress;

/// Longest text that can be one: 41 of address, a dot, 128 of name.
const MAX_PRINCIPAL_BYTES: usize = 170;

/// "ADDRESS" or "ADDRESS.name"; `None` for any other text.
#[must_use]
pub fn parse_principal(text: &str) -> Option<PrincipalData> {
    match text.split_once('.') {
        None => parse_address(text).map(PrincipalData::Standard),
        Some(_) => parse_contract_id(text).map(PrincipalData::Contract),
    }
}

/// "ADDRESS.name"; `None` for any other text.
#[must_use]
pub fn parse_contract_id(text: &str) -> Option<QualifiedContractIdentifier> {
    let (address, name) = text.split_once('.')?;
    if text.len() > MAX_PRINCIPAL_BYTES || !name.is_ascii() {
        return None;
    }
    let name = ContractName::try_from(name.to_owned()).ok()?;
    Some(QualifiedContractIdentifier::new(parse_address(address)?, name))
}

fn parse_address(text: &str) -> Option<StandardPrincipalData> {
    if text.len() > MAX_PRINCIPAL_BYTES || !text.is_ascii() || !text.starts_with('S') {
        return None;
    }
    let address = StacksAddress::parse(text).ok()?;
    Some(StandardPrincipalData(address.version, address.hash160.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

    #[test]
    fn both_kinds_are_read_and_shown_alike() {
        for text in [ADDRESS.to_owned(), format!("{ADDRESS}.a-contract")] {
            assert_eq!(parse_principal(&text).unwrap().to_string(), text);
        }
        for text in
            ["", "S", ".", "ST.", "x", "夊", &format!("{ADDRESS}."), &format!("{ADDRESS}.夊"), &format!("夊{ADDRESS}")]
        {
            assert_eq!(parse_principal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", name in ".{0,20}") {
            let _ = parse_principal(&text);
            let _ = parse_principal(&format!("{ADDRESS}.{name}"));
            let _ = parse_principal(&format!("{text}.{name}"));
        }
    }
}
