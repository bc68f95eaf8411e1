//! Properties of the consensus byte formats: encoded values decode to the same value, and no bytes make a decoder panic.

mod generators;
mod hostile;
mod round_trips;
