//! A contract that can be called, and the form in which it is stored: its source, its interface, and the values that its
//! constants got at deployment. The program is made again from the source.
//!
//! ```text
//! format (1 byte)   size (8)   table of types   interface   source   constants   caps
//! ```
//!
//! The values of constants are stored with the types that they carry (`constants.rs`): costs depend on these types, and
//! must be the same after a restart. Contracts of format 1, which had no table of types and longer values, are still
//! read (`format_1.rs`). Every format begins with its number and the size.

mod constants;
mod format_1;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use crate::analysis::stored::{Read, Reader, Writer};
use crate::analysis::{Interface, StoredError};
use crate::dialect::Dialect;
use crate::lower::{Program, lower};
use crate::principal::ContractId;
use crate::rules::Rules;
use crate::syntax;
use crate::types::MAX_TYPE_DEPTH;
use crate::value::Value;

const FORMAT: u8 = 2;

/// Bytes of the largest stored contract. Source and constants are bounded by costs and memory; a type takes one byte of
/// either, whatever the number of contracts in its unions.
pub const MAX_STORED_BYTES: usize = 64 << 20;

/// Bytes at the beginning of a stored contract that say how large the contract is.
pub const STORED_HEAD_BYTES: usize = 9;

/// A contract whose stored form would be longer than [`MAX_STORED_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored form of the contract is longer than {MAX_STORED_BYTES} bytes")]
pub struct StoredTooLarge;

/// A contract that can be called.
#[derive(Debug)]
pub struct Contract {
    /// The text that was published, byte for byte.
    pub source: String,
    /// What the contract offers to others.
    pub interface: Arc<Interface>,
    /// The form that runs, made from the source.
    pub(crate) program: Program,
    /// Bytes of its source plus memory of its constants: loading the contract is charged by this.
    pub size: u64,
    /// Values of its constants; each is empty until the deployment sets it.
    pub constants: Vec<OnceLock<Value>>,
    /// Set if the content of a constant is not of its type.
    damage: OnceLock<()>,
    /// The largest supply of each fungible token; empty for a token without a limit.
    pub(crate) caps: Vec<OnceLock<u128>>,
}

impl Contract {
    /// A contract whose constants have no values yet.
    #[must_use]
    pub(crate) fn new(source: &str, interface: Arc<Interface>, program: Program, size: u64) -> Self {
        let constants = program.constants.iter().map(|_| OnceLock::new()).collect();
        let caps = program.tokens.iter().map(|_| OnceLock::new()).collect();
        Self { source: source.to_owned(), interface, program, size, constants, damage: OnceLock::new(), caps }
    }

    /// Sets a constant's value, once.
    pub(crate) fn set_constant(&self, index: usize, value: Value) {
        if !value.is_of_its_type() {
            let _ = self.damage.set(());
        }
        let _ = self.constants[index].set(value);
    }

    /// Whether the content of a constant is not of its type.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damage.get().is_some()
    }

    /// The account that deployed the contract, and its name.
    #[must_use]
    pub fn id(&self) -> &ContractId {
        &self.program.id
    }

    /// The value of a constant.
    #[must_use]
    pub fn constant(&self, name: &str) -> Option<&Value> {
        let at = self.program.constants.iter().position(|constant| constant.as_str() == name)?;
        self.constants[at].get()
    }

    /// The form that is stored. It depends on the contract alone, not on what shares memory.
    ///
    /// # Errors
    /// It is longer than [`MAX_STORED_BYTES`]; writing it is broken off there.
    pub fn encode(&self) -> Result<Vec<u8>, StoredTooLarge> {
        let mut out = Writer::new(MAX_STORED_BYTES);
        self.interface.write(&mut out);
        out.sized(self.source.as_bytes());
        out.list(self.constants.iter(), |out, place| {
            out.byte(u8::from(place.get().is_some()));
            if let Some(value) = place.get() {
                constants::write(out, value, None);
            }
        });
        out.list(self.caps.iter(), |out, place| {
            out.byte(u8::from(place.get().is_some()));
            if let Some(cap) = place.get() {
                out.raw(&cap.to_be_bytes());
            }
        });
        let mut head = vec![FORMAT];
        head.extend_from_slice(&self.size.to_be_bytes());
        out.finish(&head).ok_or(StoredTooLarge)
    }

    /// The size of a stored contract, of which only the first [`STORED_HEAD_BYTES`] are needed.
    ///
    /// # Errors
    /// As [`Contract::decode`].
    pub fn stored_size(head: &[u8]) -> Result<u64, StoredError> {
        self::head(&mut Reader::new(head)).map(|(_, size)| size)
    }

    /// Reads the form that is stored. The rules are those of the chain that the contract was deployed on.
    ///
    /// # Errors
    /// The bytes are not of this form: they come from a newer build, or are damaged.
    pub fn decode(bytes: &[u8], id: &ContractId, rules: &Rules) -> Result<Self, StoredError> {
        let mut from = Reader::new(bytes);
        let (format, size) = head(&mut from)?;
        match format {
            FORMAT => from.table()?,
            _ => format_1::before_interface(&mut from)?,
        }
        let interface = Interface::read(&mut from)?;
        let source = std::str::from_utf8(from.sized()?).map_err(|_| from.fault("a source is no text"))?;
        let dialect =
            Dialect::of_version(interface.version).ok_or_else(|| from.fault("no language has this version"))?;
        let tree = syntax::read_again(source, id, rules).map_err(|_| from.fault("a source is no contract"))?;
        let contract = Self::new(source, Arc::new(interface), lower(&tree, Arc::new(id.clone()), dialect), size);
        let value = |from: &mut Reader<'_>| match format {
            FORMAT => constants::read(from, None, MAX_TYPE_DEPTH),
            _ => format_1::value(from, MAX_TYPE_DEPTH),
        };
        places(&mut from, contract.constants.len(), value, |at, value| contract.set_constant(at, value))?;
        let cap = |from: &mut Reader<'_>| from.array().map(u128::from_be_bytes);
        places(&mut from, contract.caps.len(), cap, |at, cap| _ = contract.caps[at].set(cap))?;
        from.end().map(|()| contract)
    }
}

/// Reads the format and the contract's size.
fn head(from: &mut Reader<'_>) -> Read<(u8, u64)> {
    match from.byte()? {
        format @ (format_1::FORMAT | FORMAT) => Ok((format, u64::from_be_bytes(from.array()?))),
        _ => Err(StoredError { at: 0, what: "its form is of another build" }),
    }
}

fn places<T>(
    from: &mut Reader<'_>,
    places: usize,
    read: impl Fn(&mut Reader<'_>) -> Read<T>,
    set: impl Fn(usize, T),
) -> Read<()> {
    if from.number()? as usize != places {
        return Err(from.fault("another number of constants or tokens than its source defines"));
    }
    for place in 0..places {
        if from.byte()? == 1 {
            set(place, read(from)?);
        }
    }
    Ok(())
}
