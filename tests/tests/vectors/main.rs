//! Conformance vectors: our results for the case files, compared with the reference's.
//!
//! The case files are in the folder that `VECTORS` names, or in the repository's `tests/vectors`. Every test also works
//! with other cases of the same form.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code; the lints only see that inside the test functions themselves"
)]

mod addresses;
mod clarity;
mod clarity_exec;
mod costs;
mod ecdsa;
mod marf;
mod marf_proofs;
mod marf_workload;
mod merkle;
mod stackerdb;
mod support;
mod transactions;
mod vrf;
