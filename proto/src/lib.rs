//! The gRPC API `nakamoto.v1`: the .proto files beside this crate, the code generated from them, and how it reads bytes.

pub mod codec;
pub mod v1;
