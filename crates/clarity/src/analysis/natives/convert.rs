//! Conversions to and from serialized values, and to text.

use super::Checked;
use super::simple::response;
use crate::analysis::checker::Checker;
use crate::analysis::definitions::count;
use crate::analysis::errors::AnalysisError;
use crate::analysis::signature::{MAX_BUFFER, MAX_UTF8, union};
use crate::costs::CostFn;
use crate::natives::Native;
use crate::syntax::{NodeId, TypeReader};
use crate::types::{MAX_VALUE_SIZE, Type, TypeFault};

/// The longest buffer that fits into a text in hexadecimal.
const MAX_SHOWN_BUFFER: u32 = (MAX_VALUE_SIZE - 8) / 2;
/// Most characters of an address with a contract's name.
const PRINCIPAL_TEXT: u32 = 170;

impl Checker<'_, '_> {
    pub(super) fn convert(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::ToConsensusBuff => {
                let [of] = self.visit_exactly(arguments)?;
                let size = serialized_size(&of)?;
                if size > MAX_VALUE_SIZE {
                    return Err(AnalysisError::ValueTooLarge.into());
                }
                Ok(Type::optional(Type::Buffer(size))?)
            }
            Native::FromConsensusBuff => {
                let [of, bytes] = count(arguments)?;
                let mut reader = TypeReader::new(self.tree);
                let read = reader.read(of);
                for _ in 0..reader.steps() {
                    self.charge(CostFn::TypeParseStep, 0)?;
                }
                let of = read.map_err(AnalysisError::from)?;
                self.expect(bytes, &MAX_BUFFER)?;
                Ok(Type::optional(of)?)
            }
            _ => {
                let [of] = self.visit_exactly(arguments)?;
                let length = match &of {
                    Type::Int | Type::UInt => 40,
                    Type::Bool => 5,
                    Type::Principal | Type::Callable(_) => PRINCIPAL_TEXT,
                    Type::Buffer(length) if *length <= MAX_SHOWN_BUFFER => length * 2 + 2,
                    Type::Utf8(length) => *length,
                    _ => {
                        let options = [
                            Type::Int,
                            Type::UInt,
                            Type::Bool,
                            Type::Principal,
                            Type::Buffer(MAX_SHOWN_BUFFER),
                            MAX_UTF8,
                        ];
                        union(&options, &of, false)?;
                        0
                    }
                };
                Ok(response(Type::Ascii(length), Type::UInt))
            }
        }
    }
}

/// The most bytes of a serialized value of a type.
fn serialized_size(of: &Type) -> Result<u32, AnalysisError> {
    let add = |a: u32, b: u32| a.checked_add(b).ok_or(AnalysisError::ValueTooLarge);
    Ok(match of {
        Type::NoType | Type::Union(_) => return Err(AnalysisError::CouldNotDetermineSerializationType),
        Type::Int | Type::UInt => 17,
        Type::Bool => 1,
        Type::Buffer(length) | Type::Ascii(length) => add(5, *length)?,
        Type::Utf8(length) => add(5, length.checked_mul(4).ok_or(AnalysisError::ValueTooLarge)?)?,
        Type::Principal | Type::Callable(_) | Type::Trait(_) => 151,
        Type::List(list) => {
            add(5, serialized_size(list.entry())?.checked_mul(list.max_len()).ok_or(AnalysisError::ValueTooLarge)?)?
        }
        Type::Tuple(tuple) => {
            let mut sum = 5;
            for (name, field) in tuple.fields() {
                let name = u32::try_from(name.len()).map_err(|_| TypeFault::ValueTooLarge)?;
                sum = add(add(sum, name + 1)?, serialized_size(field)?)?;
            }
            sum
        }
        // An unknown type counts 0 bytes inside an optional and on one side of a response.
        Type::Optional(optional) => add(1, known_size(optional.inner())?.unwrap_or(0))?,
        Type::Response(response) => match (known_size(response.ok())?, known_size(response.err())?) {
            (None, None) => return Err(AnalysisError::CouldNotDetermineSerializationType),
            (ok, err) => add(1, ok.max(err).unwrap_or(0))?,
        },
    })
}

/// The same; `None` if the type is unknown.
fn known_size(of: &Type) -> Result<Option<u32>, AnalysisError> {
    match serialized_size(of) {
        Err(AnalysisError::CouldNotDetermineSerializationType) => Ok(None),
        size => size.map(Some),
    }
}
