//! Principals: their network, their parts, and the code of contracts.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::stx::principal;
use super::{Arguments, ruled_out, unexpected};
use crate::costs::CostFn;
use crate::error::{CheckError, Stop};
use crate::keys;
use crate::lower::program::{At, Op};
use crate::names::{ClarityName, ContractName, MAX_CONTRACT_NAME};
use crate::natives::Native;
use crate::principal::{ContractId, Principal, Standard};
use crate::state::Datum;
use crate::types::Type;
use crate::value::Value;

fn name(text: &str) -> Result<ClarityName, Stop> {
    ClarityName::new(text).ok_or_else(|| CheckError::Unreachable(format!("{text} is a name")).into())
}

impl Machine<'_> {
    pub(super) fn principal(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        match native {
            Native::PrincipalOf => self.principal_of(frame, arguments),
            Native::ContractHash => self.contract_hash(frame, arguments),
            Native::IsStandard => {
                self.meter.charge(CostFn::IsStandard, 0)?;
                let value = principal(self.argument(frame, arguments, 0)?)?;
                Ok(Value::Bool(value.issuer().is_of(self.world.is_mainnet())))
            }
            Native::PrincipalDestruct => {
                self.meter.charge(CostFn::PrincipalDestruct, 0)?;
                let value = principal(self.argument_copied(frame, arguments, 0)?)?;
                self.destruct(&value)
            }
            _ => self.construct(frame, arguments),
        }
    }

    /// `principal-destruct?`: `ok` with the parts for principals of this network, `err` with the parts for others.
    fn destruct(&self, value: &Principal) -> Outcome {
        let issuer = value.issuer();
        let contract = match value {
            Principal::Contract(contract) => {
                let text = Value::ascii(contract.name.as_bytes().to_vec()).ok_or(CheckError::ValueOutOfBounds)?;
                Value::some(text)?
            }
            Principal::Standard(_) => Value::NONE,
        };
        let parts = Value::tuple(vec![
            (name("hash-bytes")?, Value::buffer(issuer.hash.to_vec())),
            (name("name")?, contract),
            (name("version")?, Value::buffer(vec![issuer.version()])),
        ])?;
        if issuer.is_of(self.world.is_mainnet()) { Value::okay(parts) } else { Value::error(parts) }.map_err(Stop::from)
    }

    /// `principal-construct?`
    fn construct(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        self.meter.charge(CostFn::PrincipalConstruct, 0)?;
        let version = self.argument(frame, arguments, 0)?;
        let hash = self.argument(frame, arguments, 1)?;
        let contract = if arguments.len() > 2 { Some(self.argument(frame, arguments, 2)?) } else { None };
        let Value::Buffer(version) = &version else { return Err(unexpected(Type::Buffer(1), version)) };
        let version = match version.as_slice() {
            [] => return failure(Construct::Bytes, None),
            // A version that no address has is refused before the hash is evaluated.
            [version] if Standard::new(*version, [0; 20]).is_none() => return failure(Construct::Bytes, None),
            [version] => *version,
            _ => return Err(unexpected(Type::Buffer(1), Value::Buffer(Arc::clone(version)))),
        };
        let Value::Buffer(bytes) = &hash else { return Err(unexpected(Type::Buffer(20), hash)) };
        if bytes.len() > 20 {
            return Err(unexpected(Type::Buffer(20), hash));
        }
        let account = <[u8; 20]>::try_from(bytes.as_slice()).ok().and_then(|hash| Standard::new(version, hash));
        let Some(account) = account else { return failure(Construct::Bytes, None) };
        if let Some(contract) = &contract {
            self.copy_argument(frame, arguments, 2, contract)?;
        }
        let made = match contract {
            None => Principal::Standard(account),
            Some(Value::Ascii(text)) => {
                let contract = std::str::from_utf8(&text)
                    .ok()
                    .and_then(ContractName::new)
                    .filter(|name| name.len() <= MAX_CONTRACT_NAME);
                match contract {
                    Some(name) => Principal::Contract(ContractId { issuer: account, name }),
                    None => return failure(Construct::Name, None),
                }
            }
            Some(other) => return Err(unexpected(Type::Ascii(40), other)),
        };
        if account.is_of(self.world.is_mainnet()) {
            Value::okay(Value::principal(made)).map_err(Stop::from)
        } else {
            failure(Construct::Network, Some(made))
        }
    }

    /// `contract-hash?`
    fn contract_hash(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let value = self.argument(frame, arguments, 0)?;
        let of = principal(value.clone()).map_err(|_| CheckError::ExpectedContractPrincipal(value))?;
        let Principal::Contract(contract) = of.as_ref() else { return super::stx::refuse(1) };
        self.meter.charge(CostFn::ContractHash, 0)?;
        let key = keys::contract(contract);
        // The commitment to a contract that is being deployed is already in the journal.
        let commitment: Option<Arc<str>> = match self.written(&key) {
            Some(Datum::Text(commitment)) => Some(Arc::clone(commitment)),
            _ => self.read(&key)?.map(Arc::from),
        };
        let Some(commitment) = commitment else { return super::stx::refuse(2) };
        match commitment.get(..64).and_then(|hash| hex::decode(hash).ok()) {
            Some(hash) => Value::okay(Value::buffer(hash)).map_err(Stop::from),
            None => super::stx::refuse(2),
        }
    }

    /// `contract-of`: the contract that a trait is bound to.
    pub(super) fn contract_of(&mut self, frame: &Frame<'_>, at: At) -> Outcome {
        self.meter.charge(CostFn::ContractOf, 0)?;
        let (Op::Local { slot, .. } | Op::TraitLocal { slot, .. }) = frame.program().op(at) else {
            return Err(ruled_out("Contract of expects trait"));
        };
        match &self.slots[frame.base + *slot as usize] {
            Value::Callable(callable) => {
                // The contract must exist at the block that is read.
                let contract = callable.contract.clone();
                self.find(&contract)?;
                Ok(Value::principal(Principal::Contract(contract)))
            }
            _ => Err(ruled_out("Contract of expects trait")),
        }
    }
}

/// Why `principal-construct?` makes no principal.
enum Construct {
    /// The principal would be of another network.
    Network,
    /// The version or the hash is invalid.
    Bytes,
    /// The contract's name is invalid.
    Name,
}

fn failure(reason: Construct, made: Option<Principal>) -> Outcome {
    let code = match reason {
        Construct::Network => 0,
        Construct::Bytes => 1,
        Construct::Name => 2,
    };
    let made = match made {
        Some(made) => Value::some(Value::principal(made))?,
        None => Value::NONE,
    };
    let parts = Value::tuple(vec![(name("error_code")?, Value::UInt(code)), (name("value")?, made)]);
    Value::error(parts?).map_err(Stop::from)
}
