//! Messages as bytes, or as the canonical JSON of protobuf: bytes as base64, numbers of 64 bits as texts, names in camel
//! case. Names as in the .proto files are read too.

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde::de::DeserializeSeed as _;
use tonic::{Code, Status};

use super::broken;
use crate::error::ApiError;
use crate::limits::{
    JSON_OBJECT_BYTES, JSON_VALUE_BYTES, LARGE_BYTES_IN_FLIGHT, MAX_JSON_MESSAGE_BYTES, MAX_MESSAGE_BYTES, RETRY_AFTER,
    SMALL_BYTES,
};
use crate::rpc::blocking_pool::BlockingPool;
use crate::rpc::errors::{Failure, status};
use crate::runtime::caller::Caller;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As JSON.
    Json,
    /// As protobuf's bytes.
    Proto,
}

/// Reads and writes messages.
pub(super) struct Codec {
    pub(super) encoding: Encoding,
    pub(super) pool: BlockingPool,
}

impl Codec {
    /// Takes a body with the bytes of a message and so many more.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when it is longer, CANCELLED when it breaks off.
    pub(super) async fn body(&self, body: Body, more: usize) -> Result<Bytes, Status> {
        let max = match self.encoding {
            Encoding::Json => MAX_JSON_MESSAGE_BYTES,
            Encoding::Proto => MAX_MESSAGE_BYTES,
        };
        match Limited::new(body, max + more).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                let text = format!("the message has more than {max} bytes");
                Err(Failure::new(Code::ResourceExhausted, "REQUEST_TOO_LARGE", text).with("max_bytes", max).into())
            }
            // Who sent it too slowly, or found no room, is told that instead.
            Err(_) => Err(Failure::new(Code::Cancelled, "REQUEST_REFUSED", "the request's body broke off").into()),
        }
    }

    /// Reads a message of a kind, and encodes it. No text at all is a message without fields.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with what is wrong with the JSON, with line and column; RESOURCE_EXHAUSTED when there is no room for
    /// what it becomes.
    pub(super) async fn read(&self, kind: MessageDescriptor, message: Bytes) -> Result<Bytes, Status> {
        if self.encoding == Encoding::Proto {
            return Ok(message);
        }
        let memory = memory_of(&message);
        if memory > LARGE_BYTES_IN_FLIGHT {
            let text = "the message has too many objects or values";
            return Err(Failure::new(Code::ResourceExhausted, "REQUEST_TOO_LARGE", text).into());
        }
        if let Some(caller) = Caller::current() {
            let busy = |_| status(ApiError::Busy { reason: "TOO_MANY_BYTES", retry_after: RETRY_AFTER });
            caller.hold(memory).map_err(busy)?;
        }
        let read = self.convert(kind, message, from_json).await?;
        read.map_err(|error| Failure::new(Code::InvalidArgument, "REQUEST_UNDECODABLE", error).into())
    }

    /// Writes an encoded message of a kind.
    ///
    /// # Errors
    /// INTERNAL if it is not of this kind.
    pub(super) async fn write(&self, kind: MessageDescriptor, message: Bytes) -> Result<Bytes, Status> {
        if self.encoding == Encoding::Proto {
            return Ok(message);
        }
        self.convert(kind, message, to_json).await?.ok_or_else(|| broken("the answer cannot be read"))
    }

    /// As [`Self::write`], for the next message of a stream: it waits for its turn as long as it takes, as a stream is not
    /// ended for being slow. Its bytes are counted meanwhile.
    ///
    /// # Errors
    /// INTERNAL if it is not of this kind.
    pub(super) async fn write_next(&self, kind: MessageDescriptor, message: Bytes) -> Result<Bytes, Status> {
        if self.encoding == Encoding::Proto || message.len() <= SMALL_BYTES {
            return self.write(kind, message).await;
        }
        let made = self.pool.convert_in_turn(move || Ok(to_json(kind, message))).await.map_err(status)?;
        made.ok_or_else(|| broken("the answer cannot be read"))
    }

    /// Converts a message: a large one on a background thread.
    async fn convert<T: Send + 'static>(
        &self,
        kind: MessageDescriptor,
        message: Bytes,
        conversion: fn(MessageDescriptor, Bytes) -> T,
    ) -> Result<T, Status> {
        if message.len() <= SMALL_BYTES {
            return Ok(conversion(kind, message));
        }
        self.pool.convert(move || Ok(conversion(kind, message))).await.map_err(status)
    }
}

/// An estimate from above of what a JSON text becomes, with itself: many empty objects take hundreds of times their text.
/// Braces and commas in texts count, too.
fn memory_of(json: &[u8]) -> usize {
    let count = |wanted: u8| json.iter().filter(|byte| **byte == wanted).count();
    let objects = count(b'{').saturating_mul(JSON_OBJECT_BYTES);
    json.len().saturating_add(objects).saturating_add(count(b',').saturating_mul(JSON_VALUE_BYTES))
}

fn from_json(kind: MessageDescriptor, json: Bytes) -> Result<Bytes, serde_json::Error> {
    let text = if json.trim_ascii().is_empty() { b"{}".as_slice() } else { &json };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let message = kind.deserialize(&mut reader)?;
    reader.end()?;
    Ok(message.encode_to_vec().into())
}

fn to_json(kind: MessageDescriptor, message: Bytes) -> Option<Bytes> {
    let message = DynamicMessage::decode(kind, message).ok()?;
    serde_json::to_vec(&message).ok().map(Bytes::from)
}
