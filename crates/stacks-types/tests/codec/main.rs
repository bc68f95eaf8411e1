//! Properties of the consensus byte formats: what is encoded decodes to the same value, and no bytes make a decoder panic.

mod generators;
mod hostile;
mod round_trips;
