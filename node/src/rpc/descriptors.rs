//! Descriptors of the API's messages and methods, and of the details of errors: for answers as JSON.

use std::sync::LazyLock;

use nakamoto_proto::v1;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};

/// Never `None`: the descriptors are built in, and tests read messages with them.
static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
    let mut pool = DescriptorPool::decode(v1::FILE_DESCRIPTOR_SET).ok()?;
    pool.decode_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET).ok()?;
    Some(pool)
});

/// A message by its full name, such as `google.rpc.ErrorInfo`.
pub(super) fn message(full_name: &str) -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(full_name)
}

/// The method of a path, such as `/nakamoto.v1.BlockService/GetTip`.
pub(super) fn method(path: &str) -> Option<MethodDescriptor> {
    let (service, name) = path.strip_prefix('/')?.split_once('/')?;
    POOL.as_ref()?.get_service_by_name(service)?.methods().find(|method| method.name() == name)
}
