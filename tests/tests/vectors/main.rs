//! Conformance vectors: what our code makes of the case files, compared with what the reference made of them.
//!
//! The case files are in the folder that `VECTORS` names, or in `tests/vectors` of the repository. Every test works with other
//! cases of the same form.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code; the lints only see that inside the test functions themselves"
)]

mod addresses;
mod clarity;
mod clarity_exec;
mod ecdsa;
mod marf;
mod marf_proofs;
mod marf_workload;
mod merkle;
mod stackerdb;
mod support;
mod transactions;
mod vrf;
