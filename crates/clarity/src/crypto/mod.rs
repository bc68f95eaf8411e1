//! What the functions for hashes, curves and bitcoin compute, over bytes: no values, no costs, no types.
//!
//! One file a curve or a format. The functions of the language that call these: `run/natives/`.

pub mod bitcoin;
pub mod ed25519;
pub mod hash;
pub mod merkle;
pub mod secp256k1;
pub mod secp256r1;
