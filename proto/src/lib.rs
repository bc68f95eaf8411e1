//! The gRPC API `nakamoto.v1`: the .proto files beside this crate and the code generated from them, and nothing else.

pub mod v1;
