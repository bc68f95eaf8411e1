//! Events as JSON for people: names as in the API, bytes as hex after 0x.
//!
//! Walks a message by its descriptor, so a new event needs no code here.

use std::sync::LazyLock;

use axum::body::Bytes;
use nakamoto_proto::v1;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _};
use serde_json::{Map, Value};

use super::respond::hex0x;
use crate::rpc::descriptors;

static EVENT: LazyLock<Option<MessageDescriptor>> = LazyLock::new(|| descriptor("Event"));

fn descriptor(name: &str) -> Option<MessageDescriptor> {
    descriptors::message(&format!("nakamoto.v1.{name}"))
}

/// An encoded event. Its bytes are copied only into the JSON. `null` if it cannot be read, which would be a bug.
pub(super) fn event_json(event: Bytes) -> Value {
    decoded_json(EVENT.clone(), event)
}

/// Any message of the API, by its name; `null` if no message has this name, which would be a bug.
pub(super) fn message_json_of(name: &str, message: &impl prost::Message) -> Value {
    dynamic_json(descriptor(name), message)
}

fn dynamic_json(kind: Option<MessageDescriptor>, message: &impl prost::Message) -> Value {
    decoded_json(kind, message.encode_to_vec().into())
}

fn decoded_json(kind: Option<MessageDescriptor>, encoded: Bytes) -> Value {
    let message = kind.and_then(|kind| DynamicMessage::decode(kind, encoded).ok());
    message.map_or(Value::Null, |message| message_json(&message))
}

/// Name of a kind of event: the API's name in lower case, without its prefix.
pub(super) fn kind_name(kind: v1::EventKind) -> String {
    let name = kind.as_str_name();
    name.strip_prefix("EVENT_KIND_").unwrap_or(name).to_ascii_lowercase()
}

fn message_json(message: &DynamicMessage) -> Value {
    let kind = message.descriptor();
    match kind.full_name() {
        "google.protobuf.Timestamp" => well_known::<prost_types::Timestamp>(message),
        "google.protobuf.Duration" => well_known::<prost_types::Duration>(message),
        _ => {
            let shown = kind.fields().filter(|field| is_shown(message, field));
            let fields = shown.map(|field| (field.name().to_owned(), field_json(&message.get_field(&field), &field)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// Messages and oneof fields are shown only when present; plain fields always.
fn is_shown(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    !field.supports_presence() || message.has_field(field)
}

/// In the text form of these types: a date, or seconds with an s.
fn well_known<T: prost::Message + Default + ToString>(message: &DynamicMessage) -> Value {
    message.transcode_to::<T>().map_or(Value::Null, |value| Value::String(value.to_string()))
}

fn field_json(value: &prost_reflect::Value, field: &FieldDescriptor) -> Value {
    use prost_reflect::Value as Field;
    match value {
        Field::Bool(value) => (*value).into(),
        Field::I32(value) => (*value).into(),
        Field::I64(value) => (*value).into(),
        Field::U32(value) => (*value).into(),
        Field::U64(value) => (*value).into(),
        Field::F32(value) => (*value).into(),
        Field::F64(value) => (*value).into(),
        Field::String(value) => value.clone().into(),
        Field::Bytes(value) => hex0x(value).into(),
        Field::EnumNumber(number) => match field.kind() {
            Kind::Enum(kind) => kind.get_value(*number).map_or((*number).into(), |value| value.name().into()),
            _ => (*number).into(),
        },
        Field::Message(message) => message_json(message),
        Field::List(list) => list.iter().map(|value| field_json(value, field)).collect::<Vec<_>>().into(),
        // The API has no maps.
        Field::Map(_) => Value::Null,
    }
}
