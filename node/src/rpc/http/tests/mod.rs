//! The shim through a real router, in this process.

mod basics;
mod bench;
mod chain;
mod documented;
mod evaluated;
mod events;
mod extended;
mod fees;
mod gone;
mod grpc_library;
mod grpc_limits;
mod grpc_web;
mod json_schema;
mod lanes;
mod late;
mod openapi;
mod overtake;
mod page;
mod proofs;
mod proposals;
mod rejections;
mod shape;
mod simulate;
mod stacking;
mod state;
