//! Contracts that are StackerDBs: the types of their two functions, and what the functions' results must hold
//! (docs/COMPATIBILITY.md#stackerdb-contracts).
//!
//! # Not here
//! Running the functions, and when: the chain.

#![expect(clippy::result_large_err, reason = "the VM's error types are large, and only pass through here")]

use ::clarity::vm::analysis::ContractAnalysis;
use ::clarity::vm::errors::Error as VmError;
use ::clarity::vm::types::{
    BufferLength, FixedFunction, FunctionType, PrincipalData, SequenceData, SequenceSubtype, TupleTypeSignature,
    TypeSignature,
};
use ::clarity::vm::{ClarityName, Value};
use stacks_types::address::StacksAddress;

use super::instance::{InstanceConfig, MAX_SLOTS};

/// Gives the signers, with how many slots each has.
pub const SLOTS_FUNCTION: &str = "stackerdb-get-signer-slots";
/// Gives the limits.
pub const CONFIG_FUNCTION: &str = "stackerdb-get-config";
/// Signers that the type of the list allows.
const MAX_SIGNERS: u32 = 4096;
/// Replicas that the type of the list allows.
const MAX_REPLICAS: u32 = 128;
/// Ports that a replica may have.
const REPLICA_PORTS: std::ops::RangeInclusive<u128> = 1024..=65_534;

/// Why what a contract says is no configuration. It stays with the last one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigRefusal {
    /// The function answered with an error.
    #[error("{function} answers (err {value})")]
    Err {
        /// Which.
        function: &'static str,
        /// The error as Clarity prints it.
        value: String,
    },
    /// A contract cannot sign.
    #[error("signer {0} is a contract, which cannot sign")]
    ContractSigner(String),
    /// A number is above its limit, or below.
    #[error("{field} is {got}, not {wanted}")]
    OutOfRange {
        /// Where it stands.
        field: &'static str,
        /// What it is.
        got: u128,
        /// What it may be.
        wanted: &'static str,
    },
    /// The value is of another type than analysis found.
    #[error("{0} is of another type")]
    WrongType(&'static str),
}

/// Whether analysis found both functions, public or read-only, with the types that make the contract a StackerDB.
///
/// # Errors
/// Those of the VM's types; they would be the same for every contract.
pub fn is_stackerdb(analysis: &ContractAnalysis) -> Result<bool, VmError> {
    for (name, expected) in [(SLOTS_FUNCTION, slots_type()?), (CONFIG_FUNCTION, config_type()?)] {
        let function = analysis.get_read_only_function_type(name).or_else(|| analysis.get_public_function_type(name));
        let Some(FunctionType::Fixed(FixedFunction { args, returns })) = function else { return Ok(false) };
        if !args.is_empty() || !expected.admits_type(&analysis.epoch, returns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn slots_type() -> Result<TypeSignature, VmError> {
    let signer = tuple(vec![("signer", TypeSignature::PrincipalType), ("num-slots", TypeSignature::UIntType)])?;
    response(TypeSignature::list_of(signer, MAX_SIGNERS)?)
}

fn config_type() -> Result<TypeSignature, VmError> {
    let hash = TypeSignature::SequenceType(SequenceSubtype::BufferType(BufferLength::try_from(20_u32)?));
    let replica = tuple(vec![
        ("addr", TypeSignature::list_of(TypeSignature::UIntType, 16)?),
        ("port", TypeSignature::UIntType),
        ("public-key-hash", hash),
    ])?;
    response(tuple(vec![
        ("chunk-size", TypeSignature::UIntType),
        ("write-freq", TypeSignature::UIntType),
        ("max-writes", TypeSignature::UIntType),
        ("max-neighbors", TypeSignature::UIntType),
        ("hint-replicas", TypeSignature::list_of(replica, MAX_REPLICAS)?),
    ])?)
}

fn tuple(fields: Vec<(&str, TypeSignature)>) -> Result<TypeSignature, VmError> {
    let fields = fields.into_iter().map(|(name, kind)| Ok((ClarityName::try_from(name.to_owned())?, kind)));
    let fields: Vec<_> = fields.collect::<Result<_, VmError>>()?;
    Ok(TypeSignature::TupleType(TupleTypeSignature::try_from(fields)?))
}

fn response(ok: TypeSignature) -> Result<TypeSignature, VmError> {
    Ok(TypeSignature::new_response(ok, TypeSignature::UIntType)?)
}

/// The signers in the result of [`SLOTS_FUNCTION`], in list order. Their sum is checked where slots are made of it.
///
/// # Errors
/// [`ConfigRefusal`].
pub fn read_signers(result: Value) -> Result<Vec<(StacksAddress, u32)>, ConfigRefusal> {
    let signers = list("signers", ok_of(SLOTS_FUNCTION, result)?)?;
    let signers = signers.into_iter().map(|signer| {
        let address = match field(&signer, "signer")? {
            Value::Principal(PrincipalData::Standard(address)) => StacksAddress::from(address),
            Value::Principal(PrincipalData::Contract(contract)) => {
                return Err(ConfigRefusal::ContractSigner(contract.to_string()));
            }
            _ => return Err(ConfigRefusal::WrongType("signer")),
        };
        let wanted = "at most 4096";
        let slots = uint(&signer, "num-slots")?;
        let in_range = u32::try_from(slots).ok().filter(|slots| usize::try_from(*slots).is_ok_and(|s| s <= MAX_SLOTS));
        let slots = in_range.ok_or(ConfigRefusal::OutOfRange { field: "num-slots", got: slots, wanted })?;
        Ok((address, slots))
    });
    signers.collect()
}

/// The limits in the result of [`CONFIG_FUNCTION`]. Replicas are checked and then left alone: this node has none.
///
/// # Errors
/// [`ConfigRefusal`].
pub fn read_config(result: Value) -> Result<InstanceConfig, ConfigRefusal> {
    let config = ok_of(CONFIG_FUNCTION, result)?;
    let bounded = |name: &'static str, max: u32, wanted| {
        let got = uint(&config, name)?;
        let value = u32::try_from(got).ok().filter(|value| *value <= max);
        value.ok_or(ConfigRefusal::OutOfRange { field: name, got, wanted })
    };
    let max = u32::MAX;
    let limits = InstanceConfig {
        chunk_size_bytes: bounded("chunk-size", 16 << 20, "at most 16777216 (16 MiB)")?,
        write_freq: bounded("write-freq", max, "at most 4294967295")?,
        max_writes: bounded("max-writes", max, "at most 4294967295")?,
    };
    bounded("max-neighbors", max, "at most 4294967295")?;
    let replicas = list("hint-replicas", field(&config, "hint-replicas")?.clone())?;
    replicas.iter().try_for_each(check_replica)?;
    Ok(limits)
}

fn check_replica(replica: &Value) -> Result<(), ConfigRefusal> {
    let address = list("addr", field(replica, "addr")?.clone())?;
    let length = u128::try_from(address.len()).unwrap_or(u128::MAX);
    if length != 16 {
        return Err(ConfigRefusal::OutOfRange { field: "length of addr", got: length, wanted: "16" });
    }
    for byte in address {
        let Value::UInt(byte) = byte else { return Err(ConfigRefusal::WrongType("addr")) };
        if byte > 255 {
            return Err(ConfigRefusal::OutOfRange { field: "addr", got: byte, wanted: "a byte" });
        }
    }
    let port = uint(replica, "port")?;
    if !REPLICA_PORTS.contains(&port) {
        return Err(ConfigRefusal::OutOfRange { field: "port", got: port, wanted: "from 1024 to 65534" });
    }
    match field(replica, "public-key-hash")? {
        Value::Sequence(SequenceData::Buffer(hash)) if hash.data.len() == 20 => Ok(()),
        Value::Sequence(SequenceData::Buffer(hash)) => {
            let got = u128::try_from(hash.data.len()).unwrap_or(u128::MAX);
            Err(ConfigRefusal::OutOfRange { field: "length of public-key-hash", got, wanted: "20" })
        }
        _ => Err(ConfigRefusal::WrongType("public-key-hash")),
    }
}

fn ok_of(function: &'static str, result: Value) -> Result<Value, ConfigRefusal> {
    match result {
        Value::Response(response) if response.committed => Ok(*response.data),
        Value::Response(response) => Err(ConfigRefusal::Err { function, value: response.data.to_string() }),
        _ => Err(ConfigRefusal::WrongType(function)),
    }
}

fn field<'v>(tuple: &'v Value, name: &'static str) -> Result<&'v Value, ConfigRefusal> {
    match tuple {
        Value::Tuple(tuple) => tuple.data_map.get(name).ok_or(ConfigRefusal::WrongType(name)),
        _ => Err(ConfigRefusal::WrongType(name)),
    }
}

fn uint(tuple: &Value, name: &'static str) -> Result<u128, ConfigRefusal> {
    match field(tuple, name)? {
        Value::UInt(value) => Ok(*value),
        _ => Err(ConfigRefusal::WrongType(name)),
    }
}

fn list(name: &'static str, value: Value) -> Result<Vec<Value>, ConfigRefusal> {
    match value {
        Value::Sequence(SequenceData::List(list)) => Ok(list.data),
        _ => Err(ConfigRefusal::WrongType(name)),
    }
}
