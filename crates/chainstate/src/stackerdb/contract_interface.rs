//! Contracts that are StackerDBs: the types of their two functions, and rules for the functions' results
//! (docs/COMPATIBILITY.md#stackerdb-contracts).
//!
//! # Not here
//! Running the functions, and when: the chain.

use clarity::analysis::Interface;
use clarity::names::ClarityName;
use clarity::principal::Principal;
use clarity::types::{Type, TypeFault};
use clarity::value::Value;
use stacks_types::address::StacksAddress;

use super::instance::{InstanceConfig, MAX_SLOTS};

/// Returns the signers and the number of slots of each.
pub(crate) const SLOTS_FUNCTION: &str = "stackerdb-get-signer-slots";
/// Returns the limits.
pub(crate) const CONFIG_FUNCTION: &str = "stackerdb-get-config";
/// Most signers that the list's type allows.
const MAX_SIGNERS: u32 = 4096;
/// Most replicas that the list's type allows.
const MAX_REPLICAS: u32 = 128;
/// Ports that a replica may have.
const REPLICA_PORTS: std::ops::RangeInclusive<u128> = 1024..=65_534;

/// Why a contract's answer is not a configuration. The contract keeps its last one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigRefusal {
    /// The function answered with an error.
    #[error("{function} answers (err {value})")]
    Err {
        /// The function that was called.
        function: &'static str,
        /// The error as Clarity prints it.
        value: String,
    },
    /// A contract cannot sign.
    #[error("signer {0} is a contract, which cannot sign")]
    ContractSigner(String),
    /// A number is outside of its range.
    #[error("{field} is {got}, not {wanted}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The number that the contract gave.
        got: u128,
        /// The allowed range.
        wanted: &'static str,
    },
    /// The value is of another type than the analysis found.
    #[error("{0} is of another type")]
    WrongType(&'static str),
}

/// Whether a contract has both functions, public or read-only, with the types that make it a StackerDB.
#[must_use]
pub(crate) fn is_stackerdb(interface: &Interface) -> bool {
    [(SLOTS_FUNCTION, slots_type()), (CONFIG_FUNCTION, config_type())].into_iter().all(|(name, expected)| {
        let (Some(function), Ok(expected)) = (interface.callable(name), expected) else { return false };
        function.parameters.is_empty() && expected.admits(&function.result).unwrap_or(false)
    })
}

fn slots_type() -> Result<Type, TypeFault> {
    let signer = tuple(&[("signer", Type::Principal), ("num-slots", Type::UInt)])?;
    Type::response(Type::list(signer, MAX_SIGNERS)?, Type::UInt)
}

fn config_type() -> Result<Type, TypeFault> {
    let replica =
        tuple(&[("addr", Type::list(Type::UInt, 16)?), ("port", Type::UInt), ("public-key-hash", Type::Buffer(20))])?;
    let config = tuple(&[
        ("chunk-size", Type::UInt),
        ("write-freq", Type::UInt),
        ("max-writes", Type::UInt),
        ("max-neighbors", Type::UInt),
        ("hint-replicas", Type::list(replica, MAX_REPLICAS)?),
    ])?;
    Type::response(config, Type::UInt)
}

fn tuple(fields: &[(&str, Type)]) -> Result<Type, TypeFault> {
    // All names here are valid.
    Type::tuple(fields.iter().filter_map(|(name, of)| Some((ClarityName::new(name)?, of.clone()))).collect())
}

/// The signers in the result of [`SLOTS_FUNCTION`], in list order. Their sum is checked when slots are made.
///
/// # Errors
/// [`ConfigRefusal`].
pub(crate) fn read_signers(result: Value) -> Result<Vec<(StacksAddress, u32)>, ConfigRefusal> {
    let signers = list("signers", ok_of(SLOTS_FUNCTION, result)?)?;
    let signers = signers.into_iter().map(|signer| {
        let address = match field(&signer, "signer")? {
            Value::Principal(principal) => match principal.as_ref() {
                Principal::Standard(account) => StacksAddress::from(*account),
                Principal::Contract(contract) => return Err(ConfigRefusal::ContractSigner(contract.to_string())),
            },
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

/// The limits in the result of [`CONFIG_FUNCTION`]. Replicas are checked but not used: this node replicates nothing.
///
/// # Errors
/// [`ConfigRefusal`].
pub(crate) fn read_config(result: Value) -> Result<InstanceConfig, ConfigRefusal> {
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
        Value::Buffer(hash) if hash.len() == 20 => Ok(()),
        Value::Buffer(hash) => {
            let got = u128::try_from(hash.len()).unwrap_or(u128::MAX);
            Err(ConfigRefusal::OutOfRange { field: "length of public-key-hash", got, wanted: "20" })
        }
        _ => Err(ConfigRefusal::WrongType("public-key-hash")),
    }
}

fn ok_of(function: &'static str, result: Value) -> Result<Value, ConfigRefusal> {
    match result {
        Value::Ok(value) => Ok(value.as_ref().clone()),
        Value::Err(value) => Err(ConfigRefusal::Err { function, value: value.to_string() }),
        _ => Err(ConfigRefusal::WrongType(function)),
    }
}

fn field<'v>(tuple: &'v Value, name: &'static str) -> Result<&'v Value, ConfigRefusal> {
    match tuple {
        Value::Tuple(tuple) => tuple.get(name).ok_or(ConfigRefusal::WrongType(name)),
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
        Value::List(list) => Ok(list.items().to_vec()),
        _ => Err(ConfigRefusal::WrongType(name)),
    }
}
