//! Fuzzing on stable Rust: each target runs for a while on inputs that grow out of valid ones by random changes.
//!
//! `FUZZ_SECONDS` (default 0.5) is how long each target runs, `FUZZ_SEED` (default 1) where its random numbers begin.
//! Every execution has a number of its own; when one fails, the target prints it, and
//! `FUZZ_SEED=<that> FUZZ_SECONDS=0 cargo test --workspace --test fuzz -- <target>` runs it alone. How many executions a
//! target made is printed too (`--nocapture` shows it).

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
