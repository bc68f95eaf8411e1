//! Our Clarity engine against what the reference made of the same texts, contracts and calls.
//!
//! Sets: `clarity_syntax`, `clarity_analysis`, `clarity_exec`, `clarity_random`, `clarity_traces`; and `clarity_programs`, which is the
//! published VM's. Their form is described in `tests/vectors/clarity/README.md`.

mod analysis;
mod chain;
mod exec;
mod files;
mod programs;
mod rows;
mod syntax;
mod tally;
