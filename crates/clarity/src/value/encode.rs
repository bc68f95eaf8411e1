//! The consensus serialization of values: a prefix for each kind, numbers big-endian, tuples in byte order of their names.

use super::Value;
use crate::principal::{ContractId, Principal, Standard};

pub(super) const INT: u8 = 0x00;
pub(super) const UINT: u8 = 0x01;
pub(super) const BUFFER: u8 = 0x02;
pub(super) const TRUE: u8 = 0x03;
pub(super) const FALSE: u8 = 0x04;
pub(super) const STANDARD: u8 = 0x05;
pub(super) const CONTRACT: u8 = 0x06;
pub(super) const OK: u8 = 0x07;
pub(super) const ERR: u8 = 0x08;
pub(super) const NONE: u8 = 0x09;
pub(super) const SOME: u8 = 0x0a;
pub(super) const LIST: u8 = 0x0b;
pub(super) const TUPLE: u8 = 0x0c;
pub(super) const ASCII: u8 = 0x0d;
pub(super) const UTF8: u8 = 0x0e;

impl Value {
    /// The consensus serialization.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(usize::try_from(self.serialized_size()).unwrap_or(0));
        self.write(&mut out);
        out
    }

    /// Its serialization in hexadecimal, as the state holds it.
    #[must_use]
    pub fn encode_hex(&self) -> String {
        let mut text = String::new();
        self.write_hex(&mut text);
        text
    }

    /// Appends its serialization in hexadecimal.
    pub(crate) fn write_hex(&self, text: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let bytes = self.encode();
        text.reserve(bytes.len() * 2);
        for byte in bytes {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }

    /// Appends the serialization.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(number) => {
                out.push(INT);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::UInt(number) => {
                out.push(UINT);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Bool(truth) => out.push(if *truth { TRUE } else { FALSE }),
            Self::Buffer(bytes) => write_bytes(out, BUFFER, bytes),
            Self::Ascii(bytes) => write_bytes(out, ASCII, bytes),
            Self::Utf8(text) => write_bytes(out, UTF8, text.text().as_bytes()),
            Self::Principal(principal) => principal.write(out),
            Self::Callable(callable) => write_contract(out, &callable.contract),
            Self::List(list) => {
                out.push(LIST);
                write_length(out, list.items.len());
                for item in &list.items {
                    item.write(out);
                }
            }
            Self::Tuple(tuple) => {
                out.push(TUPLE);
                write_length(out, tuple.values.len());
                for (name, value) in tuple.fields() {
                    write_name(out, name);
                    value.write(out);
                }
            }
            Self::Optional(None) => out.push(NONE),
            Self::Optional(Some(inner)) => write_inner(out, SOME, inner),
            Self::Ok(inner) => write_inner(out, OK, inner),
            Self::Err(inner) => write_inner(out, ERR, inner),
        }
    }
}

impl Principal {
    /// Appends its serialization as a value.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standard(account) => {
                out.push(STANDARD);
                write_account(out, account);
            }
            Self::Contract(contract) => write_contract(out, contract),
        }
    }
}

/// Lengths fit into 32 bits: a value has at most 1 MiB.
fn write_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn write_bytes(out: &mut Vec<u8>, prefix: u8, bytes: &[u8]) {
    out.push(prefix);
    write_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn write_account(out: &mut Vec<u8>, account: &Standard) {
    out.push(account.version());
    out.extend_from_slice(&account.hash);
}

/// Lengths fit into one byte: a name has at most 128 bytes.
fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(name.as_bytes());
}

fn write_contract(out: &mut Vec<u8>, contract: &ContractId) {
    out.push(CONTRACT);
    write_account(out, &contract.issuer);
    write_name(out, &contract.name);
}

fn write_inner(out: &mut Vec<u8>, prefix: u8, inner: &Value) {
    out.push(prefix);
    inner.write(out);
}
