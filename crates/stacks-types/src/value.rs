//! Clarity values, principals and names inside the consensus formats (docs/CONSENSUS.md#clarity-values).
//!
//! # Invariants
//! - At most [`MAX_VALUE_BYTES`] are read for a value.
//!
//! # Not here
//! How a value is encoded and decoded, and its other limits: the crate `clarity`.

use clarity::names::{ClarityName, ContractName, MAX_NAME};
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;

use crate::address::StacksAddress;
use crate::codec::{DecodeError, Reader};
use crate::ids::Hash160;
use crate::limits::MAX_VALUE_BYTES;

const STANDARD_PRINCIPAL: u8 = 0x05;
const CONTRACT_PRINCIPAL: u8 = 0x06;

/// Decodes one value that fills `bytes`.
///
/// # Errors
/// [`DecodeError`] when the bytes are no value, break a limit (docs/CONSENSUS.md#clarity-values), or more bytes follow.
pub fn decode_value(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read_value(&mut reader)?;
    reader.finish("clarity value")?;
    Ok(value)
}

/// Reads one value and nothing after it.
///
/// # Errors
/// [`DecodeError`] when the bytes are no value or break a limit (docs/CONSENSUS.md#clarity-values).
pub fn read_value(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    let begin = reader.position();
    let (value, length) = Value::decode_prefix(reader.ahead(MAX_VALUE_BYTES));
    let value = value.map_err(|error| DecodeError::Value { offset: begin + length, error })?;
    reader.take("clarity value", length)?;
    Ok(value)
}

/// Reads `version(1) hash160(20)`; the version must have a c32 digit (docs/CONSENSUS.md#keys-and-addresses).
///
/// # Errors
/// [`DecodeError`] for too few bytes or a version above 31.
pub(crate) fn read_address(reader: &mut Reader<'_>) -> Result<StacksAddress, DecodeError> {
    let offset = reader.position();
    let version = reader.u8("address version")?;
    let hash160 = Hash160(reader.array("address hash")?);
    StacksAddress::new(version, hash160).ok_or(DecodeError::UnknownByte {
        field: "address version",
        offset,
        value: version,
    })
}

/// Reads `version(1) hash160(20) name`, the name of at most 128 bytes.
fn read_contract_id(reader: &mut Reader<'_>) -> Result<ContractId, DecodeError> {
    let issuer = read_address(reader)?.standard();
    let name = read_contract_name(reader, MAX_NAME)?;
    Ok(ContractId { issuer, name })
}

/// Reads a principal as in a value, with 05 or 06 as the first byte.
///
/// # Errors
/// [`DecodeError`] for another prefix, a version above 31, or bytes that are no name.
pub(crate) fn read_principal(reader: &mut Reader<'_>) -> Result<Principal, DecodeError> {
    let offset = reader.position();
    match reader.u8("principal type")? {
        STANDARD_PRINCIPAL => Ok(read_address(reader)?.to_principal()),
        CONTRACT_PRINCIPAL => read_contract_id(reader).map(Principal::Contract),
        value => Err(DecodeError::UnknownByte { field: "principal type", offset, value }),
    }
}

/// Reads a length byte and a contract name of at most `bytes_max` bytes: 40 in payloads and asset infos, 128 in
/// principals (docs/CONSENSUS.md#limits-of-the-formats).
///
/// # Errors
/// [`DecodeError`] for too few bytes, a longer name, or characters that a contract name cannot have.
pub(crate) fn read_contract_name(reader: &mut Reader<'_>, bytes_max: usize) -> Result<ContractName, DecodeError> {
    let offset = reader.position();
    let text = read_name_text(reader, "contract name", bytes_max)?;
    ContractName::new(text).ok_or(DecodeError::Invalid {
        field: "contract name",
        offset,
        problem: "is not a letter, then letters, digits, - and _",
    })
}

/// Reads a length byte and a Clarity name of at most 128 bytes.
///
/// # Errors
/// [`DecodeError`] for too few bytes, a longer name, or characters that a Clarity name cannot have.
pub(crate) fn read_clarity_name(reader: &mut Reader<'_>, field: &'static str) -> Result<ClarityName, DecodeError> {
    let offset = reader.position();
    let text = read_name_text(reader, field, MAX_NAME)?;
    ClarityName::new(text).ok_or(DecodeError::Invalid {
        field,
        offset,
        problem: "is not a letter, then letters, digits and any of -_!?+<>=/*",
    })
}

fn read_name_text<'a>(reader: &mut Reader<'a>, field: &'static str, max: usize) -> Result<&'a str, DecodeError> {
    let offset = reader.position();
    let count = usize::from(reader.u8(field)?);
    if count > max {
        return Err(DecodeError::TooLarge { field, offset, count, max });
    }
    let bytes = reader.take(field, count)?;
    std::str::from_utf8(bytes).map_err(|_| DecodeError::Invalid { field, offset, problem: "is not utf-8" })
}

/// Appends `version(1) hash160(20)`.
pub(crate) fn write_address(out: &mut Vec<u8>, address: &StacksAddress) {
    out.push(address.version());
    out.extend_from_slice(&address.hash160().0);
}
