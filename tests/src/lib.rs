//! Shared by end-to-end tests, conformance vectors, benchmarks and the load tool.
//!
//! # Not here
//! The tests themselves: `tests/`. The benchmarks: `benches/`.

// A test fails by panicking, and prints to the terminal.
#![allow(clippy::panic, clippy::print_stderr, clippy::unwrap_used, reason = "this is test code, though in a library")]

pub mod api_doc;
pub mod bench;
pub mod engine_events;
pub mod figures;
pub mod load;
pub mod marf_workload;
pub mod processes;
pub mod programs;
pub mod random;
pub mod replay;
