//! Fuzzing on stable Rust: each target runs for some time on inputs made by random changes to valid ones.
//!
//! `FUZZ_SECONDS` (default 0.5) is the time of each target, `FUZZ_SEED` (default 1) the first random seed. Every
//! execution has its own seed; when one fails, the target prints it, and
//! `FUZZ_SEED=<that> FUZZ_SECONDS=0 cargo test --workspace --test fuzz -- <target>` runs only that one. The number of
//! executions is printed too (`--nocapture` shows it).

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod config;
#[cfg(test)]
mod decoders;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod marf_nodes;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod validator;

#[cfg(test)]
#[path = "../../../crates/chainstate/tests/chain/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the chain's own tests, which use the rest")]
mod support;
