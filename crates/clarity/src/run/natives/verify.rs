//! Signatures, keys, proofs. A buffer of the wrong length is a type error at run time; the checker accepts one that is
//! too short.

use super::super::machine::{Frame, Machine, Outcome};
use super::{Arguments, Operands, uint, unexpected};
use crate::costs::CostFn;
use crate::crypto::{bitcoin, ed25519, hash, merkle, secp256k1, secp256r1};
use crate::error::{CheckError, Stop};
use crate::names::ClarityName;
use crate::natives::Native;
use crate::types::Type;
use crate::value::Value;

/// A buffer of exactly this many bytes.
fn bytes<const N: usize>(value: &Value) -> Result<[u8; N], Stop> {
    if let Value::Buffer(bytes) = value
        && let Ok(bytes) = <[u8; N]>::try_from(bytes.as_slice())
    {
        return Ok(bytes);
    }
    Err(unexpected(Type::Buffer(u32::try_from(N).unwrap_or(u32::MAX)), value.clone()))
}

/// A buffer of at most this many bytes.
fn buffer(value: &Value, most: u32) -> Result<&[u8], Stop> {
    match value {
        Value::Buffer(bytes) if u32::try_from(bytes.len()).is_ok_and(|length| length <= most) => Ok(bytes),
        _ => Err(unexpected(Type::Buffer(most), value.clone())),
    }
}

fn error(code: u128) -> Outcome {
    Value::error(Value::UInt(code)).map_err(Stop::from)
}

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    match (native, values.as_slice()) {
        (Native::VerifyMerkleProof, [leaf, root, index, count, siblings]) => {
            let (leaf, root) = (bytes(leaf)?, bytes(root)?);
            let (index, count) = (uint(index.clone())?, uint(count.clone())?);
            let Value::List(list) = siblings else { return Err(unexpected(Type::NoType, siblings.clone())) };
            let siblings = list.items().iter().map(bytes::<32>).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::Bool(merkle::verify(&leaf, &root, index, count, &siblings)))
        }
        (Native::GetBitcoinTxOutput, [transaction, index]) => {
            let transaction = buffer(transaction, crate::types::MAX_VALUE_SIZE)?;
            output(transaction, uint(index.clone())?)
        }
        (Native::Ed25519Verify, [message, signature, key]) => {
            let message = buffer(message, crate::types::MAX_VALUE_SIZE)?;
            Ok(Value::Bool(ed25519::verify(message, &bytes(signature)?, &bytes(key)?)))
        }
        (Native::Secp256k1Decompress, [key]) => match secp256k1::decompress(&bytes(key)?) {
            Some(key) => Value::okay(Value::buffer(key.to_vec())).map_err(Stop::from),
            None => error(1),
        },
        _ => Err(CheckError::Unreachable(format!("{} verifies nothing", native.name())).into()),
    }
}

fn output(transaction: &[u8], index: u128) -> Outcome {
    let output = match bitcoin::output(transaction, index) {
        Ok(output) => output,
        Err(bitcoin::OutputError::NoTransaction) => return error(1),
        Err(bitcoin::OutputError::NoOutput) => return error(2),
        Err(bitcoin::OutputError::ScriptTooLong) => return error(3),
    };
    let name =
        |text| ClarityName::new(text).ok_or_else(|| -> Stop { CheckError::Unreachable("a name".to_owned()).into() });
    let tuple = Value::tuple(vec![
        (name("amount")?, Value::UInt(output.amount.into())),
        (name("script")?, Value::buffer(output.script.to_vec())),
        (name("txid")?, Value::buffer(output.txid.to_vec())),
    ]);
    Value::okay(tuple?).map_err(Stop::from)
}

impl Machine<'_> {
    pub(super) fn verify(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        if let Some(cost) = native.cost() {
            self.meter.charge(cost, 0)?;
        }
        let digest = self.argument(frame, arguments, 0)?;
        let digest: [u8; 32] = bytes(&digest)?;
        let signature = self.argument(frame, arguments, 1)?;
        if native == Native::Secp256k1Recover {
            return match secp256k1::recover(&digest, buffer(&signature, 65)?) {
                Ok(key) => Value::okay(Value::buffer(key.to_vec())).map_err(Stop::from),
                Err(secp256k1::RecoverError::NoKey) => error(1),
                Err(secp256k1::RecoverError::Form) => error(2),
            };
        }
        let most = if native == Native::Secp256k1Verify { 65 } else { 64 };
        let signature = buffer(&signature, most)?.to_vec();
        // Before the key is evaluated.
        if signature.len() < 64 || signature.get(64).is_some_and(|recovery| *recovery > 3) {
            return Ok(Value::Bool(false));
        }
        let key = self.argument(frame, arguments, 2)?;
        let key: [u8; 33] = bytes(&key)?;
        Ok(Value::Bool(match native {
            Native::Secp256k1Verify => secp256k1::verify(&digest, &signature, &key),
            _ if frame.program().dialect.hashes_p256_twice => {
                secp256r1::verify(&hash::sha256(&digest), &signature, &key)
            }
            _ => secp256r1::verify(&digest, &signature, &key),
        }))
    }

    /// `principal-of?`
    pub(super) fn principal_of(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        self.meter.charge(CostFn::PrincipalOf, 0)?;
        let key = self.argument(frame, arguments, 0)?;
        let key: [u8; 33] = bytes(&key)?;
        if !secp256k1::is_key(&key) {
            return error(1);
        }
        let mainnet = frame.program().dialect.principal_of_own_network && self.world.is_mainnet();
        let account = crate::principal::Standard::of_key_hash(mainnet, hash::hash160(&key));
        Value::okay(Value::principal(crate::principal::Principal::Standard(account))).map_err(Stop::from)
    }
}
