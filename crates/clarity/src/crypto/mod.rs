//! What the functions for hashes, curves and bitcoin compute, over bytes: no values, no costs, no types.
//!
//! One file a curve or a format. The functions of the language that call these: `run/natives/`.

pub(crate) mod bitcoin;
pub(crate) mod ed25519;
pub mod hash;
pub(crate) mod merkle;
pub(crate) mod secp256k1;
pub(crate) mod secp256r1;
