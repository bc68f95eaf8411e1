//! Messages as bytes: the gRPC library's codec, with a limit on what a request becomes in memory.
//!
//! A field takes two bytes on the wire, and hundreds in memory if it is a message: 17 MiB of empty ones become gigabytes
//! before a service can count them. So the fields of a large request are counted first.

use std::marker::PhantomData;
use std::sync::LazyLock;

use prost::bytes::Buf as _;
use prost::{Message, Name, decode_length_delimiter};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstDecoder, ProstEncoder};

use crate::v1::FILE_DESCRIPTOR_SET;

/// Most fields and list elements of a request, with those of the messages in it: above the 32 terms of an event filter with
/// 256 values in each of their lists.
pub const MAX_REQUEST_FIELDS: usize = 1 << 17;

/// A field has a key and a value, a byte each at least.
const MIN_FIELD_BYTES: usize = 2;

/// Never `None`: the descriptors are built in, and tests read messages with them.
static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| DescriptorPool::decode(FILE_DESCRIPTOR_SET).ok());

/// Encodes messages of one kind and decodes messages of another. The generated clients and servers use it.
#[derive(Debug)]
pub struct BoundedCodec<E, D>(PhantomData<(E, D)>);

impl<E, D> Default for BoundedCodec<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E, D> Codec for BoundedCodec<E, D>
where
    E: Message + 'static,
    D: Message + Name + Default + 'static,
{
    type Encode = E;
    type Decode = D;
    type Encoder = ProstEncoder<E>;
    type Decoder = BoundedDecoder<D>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder::default()
    }
}

/// Decodes requests of at most [`MAX_REQUEST_FIELDS`], and other messages.
#[derive(Debug, Default)]
pub struct BoundedDecoder<D>(ProstDecoder<D>);

impl<D: Message + Name + Default> Decoder for BoundedDecoder<D> {
    type Item = D;
    type Error = Status;

    /// # Errors
    /// `RESOURCE_EXHAUSTED` for a request with too many fields, `INTERNAL` for bytes that are no such message.
    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        if is_request::<D>() {
            check_fields::<D>(bytes.chunk())?;
        }
        self.0.decode(bytes)
    }
}

/// Answers are not counted: a client trusts its node.
fn is_request<D: Name>() -> bool {
    D::NAME.ends_with("Request")
}

/// Bytes that are no message are refused here: the decoder would keep all that comes before the fault until it finds it.
fn check_fields<D: Name>(message: &[u8]) -> Result<(), Status> {
    if message.len() <= MAX_REQUEST_FIELDS * MIN_FIELD_BYTES {
        return Ok(());
    }
    let Some(kind) = POOL.as_ref().and_then(|pool| pool.get_message_by_name(&D::full_name())) else { return Ok(()) };
    match count_fields(message, kind) {
        Some(count) if count <= MAX_REQUEST_FIELDS => Ok(()),
        Some(_) => {
            let text = format!("the request has more than {MAX_REQUEST_FIELDS} fields and list elements");
            Err(Status::resource_exhausted(text))
        }
        None => Err(Status::internal("the bytes are no message of this kind")),
    }
}

/// Counts fields and list elements, until there are too many; `None` for bytes that are no message.
fn count_fields(message: &[u8], kind: MessageDescriptor) -> Option<usize> {
    let mut count = 0_usize;
    let mut messages = vec![(message, kind)];
    while let Some((mut bytes, kind)) = messages.pop() {
        while !bytes.is_empty() && count <= MAX_REQUEST_FIELDS {
            count += 1;
            let key = decode_length_delimiter(&mut bytes).ok()?;
            let value = take_value(&mut bytes, key & 7)?;
            let number = u32::try_from(key >> 3).ok()?;
            match kind.get_field(number).map(|field| field.kind()) {
                Some(Kind::Message(inner)) => messages.push((value, inner)),
                Some(Kind::String | Kind::Bytes) | None => {}
                // A list of numbers has at most one a byte.
                Some(_) => count = count.saturating_add(value.len()),
            }
        }
    }
    Some(count)
}

/// Takes the value of a wire type (protobuf's encoding): the content of one that has a length, nothing of others.
fn take_value<'a>(bytes: &mut &'a [u8], wire_type: usize) -> Option<&'a [u8]> {
    let (length, is_content) = match wire_type {
        0 => decode_length_delimiter(&mut *bytes).ok().map(|_| (0, false))?,
        1 => (8, false),
        2 => (decode_length_delimiter(&mut *bytes).ok()?, true),
        5 => (4, false),
        // A group, which the decoder skips.
        _ => (0, false),
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(if is_content { value } else { &[] })
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::v1::{EventFilter, EventTerm, ListEventsRequest, PutChunksRequest, StackerDbChunk};

    fn counted<M: Message + Name>(message: &M) -> Option<usize> {
        let kind = POOL.as_ref().unwrap().get_message_by_name(&M::full_name()).unwrap();
        count_fields(&message.encode_to_vec(), kind)
    }

    fn with_chunks(count: usize) -> PutChunksRequest {
        PutChunksRequest { chunks: vec![StackerDbChunk::default(); count], ..Default::default() }
    }

    fn with_terms(terms: Vec<EventTerm>) -> ListEventsRequest {
        ListEventsRequest { filter: Some(EventFilter { terms, all: false }), ..Default::default() }
    }

    #[test]
    fn fields_count_with_those_of_the_messages_in_them() {
        assert_eq!(counted(&PutChunksRequest::default()), Some(0));
        let chunk = StackerDbChunk { slot_id: 1, data: vec![0x0a; 300].into(), ..Default::default() };
        let request = PutChunksRequest { contract_id: "ST1.a".to_owned(), chunks: vec![chunk; 3] };
        assert_eq!(counted(&request), Some(1 + 3 * 3), "bytes are one value, whatever they look like");
        // The filter, two terms, a list of numbers as one field with three elements, and two texts.
        let term = EventTerm { kinds: vec![1, 2, 3], addresses: vec!["a".to_owned(); 2], ..Default::default() };
        assert_eq!(counted(&with_terms(vec![term; 2])), Some(1 + 2 * (1 + 1 + 3 + 2)));
    }

    #[test]
    fn bytes_that_are_no_message_have_no_count() {
        let kind = POOL.as_ref().unwrap().get_message_by_name(&PutChunksRequest::full_name()).unwrap();
        for bytes in [&[0x12][..], &[0x12, 5, 0], &[0x80], &[0x09, 1, 2, 3], &[0x0d, 1], &[0x08, 0x80]] {
            assert_eq!(count_fields(bytes, kind.clone()), None, "{bytes:?}");
        }
    }

    fn refused<D: Name>(message: &[u8]) -> Option<Code> {
        check_fields::<D>(message).err().map(|status| status.code())
    }

    #[test]
    fn a_request_has_so_many_fields() {
        let most = with_chunks(MAX_REQUEST_FIELDS).encode_to_vec();
        let more = with_chunks(MAX_REQUEST_FIELDS + 1).encode_to_vec();
        assert_eq!(refused::<PutChunksRequest>(&most), None);
        assert_eq!(refused::<PutChunksRequest>(&more), Some(Code::ResourceExhausted));
        // The filter is a field, too.
        let most = with_terms(vec![EventTerm::default(); MAX_REQUEST_FIELDS - 1]).encode_to_vec();
        let more = with_terms(vec![EventTerm::default(); MAX_REQUEST_FIELDS]).encode_to_vec();
        assert_eq!(refused::<ListEventsRequest>(&most), None);
        assert_eq!(refused::<ListEventsRequest>(&more), Some(Code::ResourceExhausted));
        let numbers = EventTerm { slot_ids: vec![1; 2 * MAX_REQUEST_FIELDS], ..Default::default() };
        let numbers = with_terms(vec![numbers]).encode_to_vec();
        assert_eq!(refused::<ListEventsRequest>(&numbers), Some(Code::ResourceExhausted));
        let large = StackerDbChunk { data: vec![0x12; 4 * MAX_REQUEST_FIELDS].into(), ..Default::default() };
        let request = PutChunksRequest { chunks: vec![large], ..Default::default() };
        assert_eq!(refused::<PutChunksRequest>(&request.encode_to_vec()), None);
    }

    #[test]
    fn a_fault_behind_many_fields_does_not_let_them_through() {
        for fault in [&[0x80][..], &[0x12, 5], &[0x0f]] {
            for many in [with_terms(vec![EventTerm::default(); 2 * MAX_REQUEST_FIELDS]), ListEventsRequest::default()] {
                let mut bytes = many.encode_to_vec();
                bytes.extend_from_slice(fault);
                let refusal = refused::<ListEventsRequest>(&bytes);
                assert_eq!(refusal.is_some(), bytes.len() > MIN_FIELD_BYTES * MAX_REQUEST_FIELDS, "{fault:?}");
            }
        }
    }

    #[test]
    fn all_that_a_service_takes_is_a_request() {
        let pool = POOL.as_ref().unwrap();
        let methods: Vec<_> = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
        assert!(methods.len() > 40, "{}", methods.len());
        for method in methods {
            assert!(method.input().name().ends_with("Request"), "{}", method.full_name());
            assert!(!method.output().name().ends_with("Request"), "{}", method.full_name());
        }
    }
}
