//! The shim through a real router, in this process.

mod basics;
mod bench;
mod chain;
mod fees;
mod proofs;
mod proposals;
mod rejections;
mod shape;
mod state;
