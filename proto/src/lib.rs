//! The gRPC contract `nakamoto.v1`: the .proto files beside this crate, and the code that is generated from them. Nothing else.

pub mod v1;
