//! Hashes, curves and bitcoin formats, on plain bytes: no values, no costs, no types.
//!
//! One file per curve or format. The functions of the language that call them are in `run/natives/`.

pub(crate) mod bitcoin;
pub(crate) mod ed25519;
pub mod hash;
pub(crate) mod merkle;
pub(crate) mod secp256k1;
pub(crate) mod secp256r1;
