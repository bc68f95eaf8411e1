//! Parses principals from outside, and says what is wrong with invalid ones.

use clarity::names::{ClarityName, ContractName};
use clarity::principal::c32::AddressError;
use clarity::principal::{ContractId, Principal, Standard};
use stacks_types::address::StacksAddress;

/// Why a text is not the expected principal or asset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PrincipalError {
    /// It does not begin like an address, so it was not meant as one.
    #[error("not a principal (ADDRESS or ADDRESS.name)")]
    Shape,
    /// It is meant as an address and has a mistake.
    #[error("not an address: {0}")]
    Address(#[from] AddressError),
    /// The address is good, but the text after its dot is not a contract name.
    #[error("not a contract: its name is letters, digits, - and _, the first a letter")]
    Name,
    /// It is a contract where an account is expected.
    #[error("not the address of an account")]
    NoAccount,
    /// The contract's name is missing.
    #[error("not a contract id (ADDRESS.name)")]
    NoContract,
    /// It names no asset of a contract.
    #[error("not an asset id (ADDRESS.contract::asset)")]
    NoAsset,
}

/// Parses "ADDRESS" or "ADDRESS.name".
///
/// # Errors
/// [`PrincipalError`] for any other text.
pub(crate) fn parse_principal(text: &str) -> Result<Principal, PrincipalError> {
    match text.split_once('.') {
        None => parse_address(text).map(Principal::Standard),
        Some(_) => parse_contract_id(text).map(Principal::Contract),
    }
}

/// Parses "ADDRESS.name".
///
/// # Errors
/// [`PrincipalError`] for any other text.
pub(crate) fn parse_contract_id(text: &str) -> Result<ContractId, PrincipalError> {
    let Some((address, name)) = text.split_once('.') else {
        // A mistake in the address matters more than the missing name.
        parse_address(text)?;
        return Err(PrincipalError::NoContract);
    };
    let address = parse_address(address)?;
    let name = ContractName::new(name).ok_or(PrincipalError::Name)?;
    Ok(ContractId { issuer: address, name })
}

/// Parses "ADDRESS.contract::asset", as events name assets.
///
/// # Errors
/// [`PrincipalError`] for any other text.
pub(crate) fn parse_asset_id(text: &str) -> Result<String, PrincipalError> {
    let (contract, asset) = text.split_once("::").ok_or(PrincipalError::NoAsset)?;
    let contract = parse_contract_id(contract)?;
    let asset = ClarityName::new(asset).ok_or(PrincipalError::NoAsset)?;
    Ok(format!("{contract}::{asset}"))
}

fn parse_address(text: &str) -> Result<Standard, PrincipalError> {
    if !text.starts_with('S') {
        return Err(PrincipalError::Shape);
    }
    Ok(StacksAddress::parse(text)?.standard())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADDRESS: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
    /// The same address with another last digit.
    const MISTYPED: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AH";

    #[test]
    fn both_kinds_are_read_and_shown_alike() {
        for text in [ADDRESS.to_owned(), format!("{ADDRESS}.a-contract")] {
            assert_eq!(parse_principal(&text).unwrap().to_string(), text);
            assert_eq!(parse_principal(&text.to_lowercase().replacen('s', "S", 1)).unwrap().to_string(), text);
        }
        for text in
            ["", "S", ".", "ST.", "x", "夊", &format!("{ADDRESS}."), &format!("{ADDRESS}.夊"), &format!("夊{ADDRESS}")]
        {
            assert!(parse_principal(text).is_err(), "{text}");
        }
        let asset = format!("{ADDRESS}.token::gold");
        assert_eq!(parse_asset_id(&asset), Ok(asset));
    }

    #[test]
    fn a_mistake_is_named() {
        let checksum = PrincipalError::Address(AddressError::Checksum);
        assert_eq!(parse_principal(MISTYPED), Err(checksum.clone()));
        assert_eq!(parse_principal(&format!("{MISTYPED}.name")), Err(checksum.clone()));
        assert_eq!(parse_contract_id(MISTYPED), Err(checksum.clone()));
        assert_eq!(parse_asset_id(&format!("{MISTYPED}.token::gold")), Err(checksum));
        assert_eq!(parse_contract_id(ADDRESS), Err(PrincipalError::NoContract));
        assert_eq!(parse_principal(&format!("{ADDRESS}.1")), Err(PrincipalError::Name));
        for text in [format!("{ADDRESS}.token.gold"), format!("{ADDRESS}.token::"), format!("{ADDRESS}.token::夊")] {
            assert!(parse_asset_id(&text).is_err(), "{text}");
        }
        assert_eq!(parse_principal("latest"), Err(PrincipalError::Shape));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}", name in ".{0,20}") {
            let _ = parse_principal(&text);
            let _ = parse_principal(&format!("{ADDRESS}.{name}"));
            let _ = parse_principal(&format!("{text}.{name}"));
            let _ = parse_asset_id(&format!("{ADDRESS}.{name}::{text}"));
        }
    }
}
