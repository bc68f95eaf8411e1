//! Garbage in the form of the API's messages: each field with meaningless values, and with values of other types.

use std::collections::BTreeMap;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use super::shapes::{NUMBERS, byte_strings, texts};

/// Depth to which nested messages are filled.
const DEPTH_MAX: usize = 3;
/// Number of elements in a list that is longer than any real one.
const MANY: usize = 2_000;
/// Longest element of such a list, in bytes.
const MANY_ELEMENT_BYTES_MAX: usize = 100;

/// All message types by their full name, with the leading dot.
pub(super) struct Types(BTreeMap<String, DescriptorProto>);

impl Types {
    pub(super) fn of(set: &FileDescriptorSet) -> Self {
        let mut types = BTreeMap::new();
        for file in &set.file {
            for message in &file.message_type {
                add(&mut types, &format!(".{}", file.package()), message);
            }
        }
        Self(types)
    }

    /// Encoded garbage messages of a type.
    pub(super) fn garbage(&self, name: &str) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let fields = &self.0[name].field;
        let variants = fields.iter().map(|field| self.values(field, 0).len()).max().unwrap_or_default();
        // All fields are set, so that no check for a missing field comes first.
        all.extend((0..variants).map(|variant| self.filled(name, variant, 0)));
        for field in fields {
            let values = self.values(field, 0);
            if field.label() == Label::Repeated {
                let element = values.iter().find(|value| value.len() <= MANY_ELEMENT_BYTES_MAX);
                all.extend(element.map(|value| value.repeat(MANY)));
            }
            all.extend(values);
            all.extend(wrong_wire_types(field));
        }
        all
    }

    /// A message with a value in each field; the values differ with `variant`.
    fn filled(&self, name: &str, variant: usize, depth: usize) -> Vec<u8> {
        let mut message = Vec::new();
        for (place, field) in self.0[name].field.iter().enumerate() {
            let values = self.values(field, depth);
            message.extend(&values[(variant + place) % values.len()]);
        }
        message
    }

    /// The field with each of its values, as tag and value.
    fn values(&self, field: &FieldDescriptorProto, depth: usize) -> Vec<Vec<u8>> {
        match field.r#type() {
            Type::String => texts().iter().map(|text| delimited(field, text)).collect(),
            Type::Bytes => byte_strings().iter().map(|bytes| delimited(field, bytes)).collect(),
            Type::Message if depth == DEPTH_MAX => vec![delimited(field, &[])],
            Type::Message => {
                let name = field.type_name();
                let fields = self.0[name].field.iter();
                let variants = fields.map(|field| self.values(field, depth + 1).len()).max().unwrap_or_default();
                let filled = (0..variants).map(|variant| delimited(field, &self.filled(name, variant, depth + 1)));
                [delimited(field, &[]), delimited(field, &[0xff; 20])].into_iter().chain(filled).collect()
            }
            _ => NUMBERS.iter().map(|number| [tag(field, 0), varint(*number)].concat()).collect(),
        }
    }
}

fn add(types: &mut BTreeMap<String, DescriptorProto>, scope: &str, message: &DescriptorProto) {
    let name = format!("{scope}.{}", message.name());
    for nested in &message.nested_type {
        add(types, &name, nested);
    }
    types.insert(name, message.clone());
}

/// The field with other wire types, and truncated.
fn wrong_wire_types(field: &FieldDescriptorProto) -> Vec<Vec<u8>> {
    vec![
        [tag(field, 0), varint(7)].concat(),
        [tag(field, 1), vec![7; 8]].concat(),
        delimited(field, b"seven"),
        [tag(field, 2), varint(u64::MAX)].concat(),
        [tag(field, 2), varint(1 << 20), vec![7]].concat(),
        tag(field, 3),
        [tag(field, 5), vec![7; 4]].concat(),
        tag(field, 7),
    ]
}

fn tag(field: &FieldDescriptorProto, wire_type: u64) -> Vec<u8> {
    varint((u64::from(field.number().unsigned_abs()) << 3) | wire_type)
}

fn delimited(field: &FieldDescriptorProto, value: &[u8]) -> Vec<u8> {
    [tag(field, 2), varint(u64::try_from(value.len()).expect("a length")), value.to_vec()].concat()
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}
