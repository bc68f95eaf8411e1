//! Clarity values on the wire, untyped: the consensus serialization and its limits (docs/CONSENSUS.md#clarity-values).
//!
//! The VM crate's own decoder checks less (principal versions) and does unbounded work on hostile lists, so values are
//! read here and built with the VM's constructors.
//!
//! # Invariants
//! - At most [`MAX_VALUE_BYTES`] are read, at most [`MAX_VALUE_DEPTH`] levels deep.
//! - Work on a list's common type is bounded by the 1 MiB limit on its type size: it is refused as soon as the
//!   type so far, times the count, is above the limit. (Common types only ever grow, so this refuses nothing else.)
//!
//! # Not here
//! Typed decoding of stored values: `clarity`, the engine.

use clarity::vm::representations::{ClarityName, ContractName};
use clarity::vm::types::{
    ASCIIData, BuffData, CharType, ListData, ListTypeData, PrincipalData, QualifiedContractIdentifier, SequenceData,
    StandardPrincipalData, TupleData, TypeSignature, UTF8Data, Value,
};

use crate::address::{MAX_ADDRESS_VERSION, StacksAddress};
use crate::codec::{DecodeError, Reader, write_bytes_u32, write_count, write_name};
use crate::ids::Hash160;
use crate::limits::{MAX_NAME_BYTES, MAX_UTF8_CHARACTERS, MAX_VALUE_BYTES, MAX_VALUE_DEPTH, MAX_VALUE_SIZE};

const INT: u8 = 0x00;
const UINT: u8 = 0x01;
const BUFFER: u8 = 0x02;
const TRUE: u8 = 0x03;
const FALSE: u8 = 0x04;
const STANDARD_PRINCIPAL: u8 = 0x05;
const CONTRACT_PRINCIPAL: u8 = 0x06;
const OK: u8 = 0x07;
const ERR: u8 = 0x08;
const NONE: u8 = 0x09;
const SOME: u8 = 0x0a;
const LIST: u8 = 0x0b;
const TUPLE: u8 = 0x0c;
const STRING_ASCII: u8 = 0x0d;
const STRING_UTF8: u8 = 0x0e;

/// Shortest tuple entry: a length byte, a one-character key and a one-byte value.
const TUPLE_ENTRY_BYTES_MIN: usize = 3;

/// The limit as a length.
const MAX_SEQUENCE_BYTES: usize = MAX_VALUE_SIZE as usize;

/// Reads one value that fills `bytes`.
///
/// # Errors
/// [`DecodeError`] when the bytes are no value, break a limit (docs/CONSENSUS.md#clarity-values), or go on after it.
pub fn decode_value(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = read_value(&mut reader)?;
    reader.finish("clarity value")?;
    Ok(value)
}

/// The consensus serialization of a value (docs/CONSENSUS.md#clarity-values).
#[must_use]
pub fn encode_value(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(&mut out, value);
    out
}

/// Reads one value and leaves what follows.
///
/// # Errors
/// [`DecodeError`] when the bytes are no value or break a limit (docs/CONSENSUS.md#clarity-values).
pub fn read_value(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    reader.bounded(MAX_VALUE_BYTES, |inner| read_nested(inner, 1))
}

fn read_nested(reader: &mut Reader<'_>, level: usize) -> Result<Value, DecodeError> {
    let offset = reader.position();
    let invalid = |problem| DecodeError::Invalid { field: "clarity value", offset, problem };
    if level > MAX_VALUE_DEPTH {
        return Err(invalid("is nested too deep"));
    }
    match reader.u8("clarity value type")? {
        INT => Ok(Value::Int(i128::from_be_bytes(reader.array("int")?))),
        UINT => Ok(Value::UInt(u128::from_be_bytes(reader.array("uint")?))),
        TRUE => Ok(Value::Bool(true)),
        FALSE => Ok(Value::Bool(false)),
        NONE => Ok(Value::none()),
        BUFFER => {
            let data = reader.bytes_u32("buffer length", MAX_SEQUENCE_BYTES)?.to_vec();
            Ok(Value::Sequence(SequenceData::Buffer(BuffData { data })))
        }
        STANDARD_PRINCIPAL => Ok(Value::Principal(PrincipalData::Standard(read_address(reader)?.into()))),
        CONTRACT_PRINCIPAL => read_contract_id(reader).map(|id| Value::Principal(PrincipalData::Contract(id))),
        OK => Value::okay(read_nested(reader, level + 1)?).map_err(|_| invalid("is too large an ok")),
        ERR => Value::error(read_nested(reader, level + 1)?).map_err(|_| invalid("is too large an err")),
        SOME => Value::some(read_nested(reader, level + 1)?).map_err(|_| invalid("is too large a some")),
        LIST => read_list(reader, level),
        TUPLE => read_tuple(reader, level),
        STRING_ASCII => read_ascii(reader),
        STRING_UTF8 => read_utf8(reader),
        value => Err(DecodeError::UnknownByte { field: "clarity value type", offset, value }),
    }
}

fn read_list(reader: &mut Reader<'_>, level: usize) -> Result<Value, DecodeError> {
    let offset = reader.position();
    let invalid = |problem| DecodeError::Invalid { field: "list", offset, problem };
    let count = reader.count("list count", 1, MAX_SEQUENCE_BYTES)?;
    let length = u32::try_from(count).map_err(|_| invalid("has too many elements"))?;
    let mut data = Vec::new();
    let mut common: Option<TypeSignature> = None;
    for _ in 0..count {
        let element = read_nested(reader, level + 1)?;
        let element_type = TypeSignature::type_of(&element).map_err(|_| invalid("has an element without a type"))?;
        let grown = match &common {
            // Most lists are of one type throughout.
            Some(known) if *known == element_type => None,
            Some(known) => Some(
                TypeSignature::least_supertype_v2_1(known, &element_type)
                    .map_err(|_| invalid("has elements without a common type"))?,
            ),
            None => Some(element_type),
        };
        if let Some(grown) = grown {
            let element_size = grown.size().map_err(|_| invalid("is too large"))?;
            if element_size.checked_mul(length).is_none_or(|size| size > MAX_VALUE_SIZE) {
                return Err(invalid("is too large"));
            }
            common = Some(grown);
        }
        data.push(element);
    }
    let type_signature = match common {
        Some(element_type) => ListTypeData::new_list(element_type, length).map_err(|_| invalid("is too large"))?,
        None => TypeSignature::empty_list(),
    };
    Ok(Value::Sequence(SequenceData::List(ListData { data, type_signature })))
}

fn read_tuple(reader: &mut Reader<'_>, level: usize) -> Result<Value, DecodeError> {
    let offset = reader.position();
    let count = reader.count("tuple count", TUPLE_ENTRY_BYTES_MIN, MAX_SEQUENCE_BYTES)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let key = read_clarity_name(reader, "tuple key")?;
        entries.push((key, read_nested(reader, level + 1)?));
    }
    // Refuses no entries, equal keys, and what is too large.
    TupleData::from_data(entries).map(Value::from).map_err(|_| DecodeError::Invalid {
        field: "tuple",
        offset,
        problem: "is empty, has a key twice, or is too large",
    })
}

fn read_ascii(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    let offset = reader.position();
    let bytes = reader.bytes_u32("ascii string length", MAX_SEQUENCE_BYTES)?;
    let allowed = |byte: &u8| matches!(*byte, 0x20..=0x7e | 0x09 | 0x0a | 0x0c | 0x0d);
    if !bytes.iter().all(allowed) {
        return Err(DecodeError::Invalid { field: "ascii string", offset, problem: "has a byte that is not allowed" });
    }
    Ok(Value::Sequence(SequenceData::String(CharType::ASCII(ASCIIData { data: bytes.to_vec() }))))
}

fn read_utf8(reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
    let offset = reader.position();
    let invalid = |problem| DecodeError::Invalid { field: "utf-8 string", offset, problem };
    let bytes = reader.bytes_u32("utf-8 string length", MAX_SEQUENCE_BYTES)?;
    let text = std::str::from_utf8(bytes).map_err(|_| invalid("is not utf-8"))?;
    if text.chars().count() > MAX_UTF8_CHARACTERS {
        return Err(invalid("has too many characters"));
    }
    let data = text.chars().map(|character| character.to_string().into_bytes()).collect();
    Ok(Value::Sequence(SequenceData::String(CharType::UTF8(UTF8Data { data }))))
}

/// Reads `version(1) hash160(20)`; the version must have a c32 digit (docs/CONSENSUS.md#keys-and-addresses).
///
/// # Errors
/// [`DecodeError`] for too few bytes or a version above 31.
pub fn read_address(reader: &mut Reader<'_>) -> Result<StacksAddress, DecodeError> {
    let offset = reader.position();
    let version = reader.u8("address version")?;
    let hash160 = Hash160(reader.array("address hash")?);
    if version > MAX_ADDRESS_VERSION {
        return Err(DecodeError::UnknownByte { field: "address version", offset, value: version });
    }
    Ok(StacksAddress { version, hash160 })
}

/// Reads `version(1) hash160(20) name`, the name of at most 128 bytes.
fn read_contract_id(reader: &mut Reader<'_>) -> Result<QualifiedContractIdentifier, DecodeError> {
    let issuer = StandardPrincipalData::from(read_address(reader)?);
    let name = read_contract_name(reader, MAX_NAME_BYTES)?;
    Ok(QualifiedContractIdentifier { issuer, name })
}

/// Reads a principal in the form that values have: 05 or 06 in front.
///
/// # Errors
/// [`DecodeError`] for another prefix, a version above 31, or a name that is none.
pub fn read_principal(reader: &mut Reader<'_>) -> Result<PrincipalData, DecodeError> {
    let offset = reader.position();
    match reader.u8("principal type")? {
        STANDARD_PRINCIPAL => Ok(PrincipalData::Standard(read_address(reader)?.into())),
        CONTRACT_PRINCIPAL => read_contract_id(reader).map(PrincipalData::Contract),
        value => Err(DecodeError::UnknownByte { field: "principal type", offset, value }),
    }
}

/// Reads a length byte and a contract name of at most `bytes_max` bytes: 40 in payloads and asset infos, 128 in
/// principals (docs/CONSENSUS.md#limits-of-the-formats).
///
/// # Errors
/// [`DecodeError`] for too few bytes, a longer name, or characters that a contract name cannot have.
pub fn read_contract_name(reader: &mut Reader<'_>, bytes_max: usize) -> Result<ContractName, DecodeError> {
    let offset = reader.position();
    let text = read_name_text(reader, "contract name", bytes_max)?;
    ContractName::try_from(text).map_err(|_| DecodeError::Invalid {
        field: "contract name",
        offset,
        problem: "is not one",
    })
}

/// Reads a length byte and a Clarity name of at most 128 bytes.
///
/// # Errors
/// [`DecodeError`] for too few bytes, a longer name, or characters that a Clarity name cannot have.
pub fn read_clarity_name(reader: &mut Reader<'_>, field: &'static str) -> Result<ClarityName, DecodeError> {
    let offset = reader.position();
    let text = read_name_text(reader, field, MAX_NAME_BYTES)?;
    ClarityName::try_from(text).map_err(|_| DecodeError::Invalid { field, offset, problem: "is not a clarity name" })
}

fn read_name_text(reader: &mut Reader<'_>, field: &'static str, max: usize) -> Result<String, DecodeError> {
    let offset = reader.position();
    let count = usize::from(reader.u8(field)?);
    if count > max {
        return Err(DecodeError::TooLarge { field, offset, count, max });
    }
    let bytes = reader.take(field, count)?;
    let text =
        std::str::from_utf8(bytes).map_err(|_| DecodeError::Invalid { field, offset, problem: "is not utf-8" })?;
    Ok(text.to_owned())
}

/// Appends `version(1) hash160(20)`.
pub fn write_address(out: &mut Vec<u8>, address: &StacksAddress) {
    out.push(address.version);
    out.extend_from_slice(&address.hash160.0);
}

/// Appends a principal with its 05 or 06 in front.
pub fn write_principal(out: &mut Vec<u8>, principal: &PrincipalData) {
    match principal {
        PrincipalData::Standard(standard) => {
            out.push(STANDARD_PRINCIPAL);
            write_address(out, &standard.into());
        }
        PrincipalData::Contract(contract) => write_contract_id(out, contract),
    }
}

fn write_contract_id(out: &mut Vec<u8>, contract: &QualifiedContractIdentifier) {
    out.push(CONTRACT_PRINCIPAL);
    write_address(out, &StacksAddress::from(&contract.issuer));
    write_name(out, contract.name.as_str());
}

/// Appends the consensus serialization of a value. Tuple fields are written in ascending byte order of their keys.
pub fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Int(number) => {
            out.push(INT);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::UInt(number) => {
            out.push(UINT);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Bool(true) => out.push(TRUE),
        Value::Bool(false) => out.push(FALSE),
        Value::Principal(principal) => write_principal(out, principal),
        Value::CallableContract(callable) => write_contract_id(out, &callable.contract_identifier),
        Value::Optional(optional) => match &optional.data {
            None => out.push(NONE),
            Some(inner) => {
                out.push(SOME);
                write_value(out, inner);
            }
        },
        Value::Response(response) => {
            out.push(if response.committed { OK } else { ERR });
            write_value(out, &response.data);
        }
        Value::Sequence(sequence) => write_sequence(out, sequence),
        Value::Tuple(tuple) => {
            out.push(TUPLE);
            write_count(out, tuple.data_map.len());
            for (key, field) in &tuple.data_map {
                write_name(out, key.as_str());
                write_value(out, field);
            }
        }
    }
}

fn write_sequence(out: &mut Vec<u8>, sequence: &SequenceData) {
    match sequence {
        SequenceData::Buffer(buffer) => {
            out.push(BUFFER);
            write_bytes_u32(out, &buffer.data);
        }
        SequenceData::List(list) => {
            out.push(LIST);
            write_count(out, list.data.len());
            list.data.iter().for_each(|element| write_value(out, element));
        }
        SequenceData::String(CharType::ASCII(text)) => {
            out.push(STRING_ASCII);
            write_bytes_u32(out, &text.data);
        }
        SequenceData::String(CharType::UTF8(text)) => {
            out.push(STRING_UTF8);
            write_bytes_u32(out, &text.data.concat());
        }
    }
}
