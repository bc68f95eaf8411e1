//! Our Clarity engine, compared with the reference's results for the same texts, contracts and calls.
//!
//! Sets: `clarity_syntax`, `clarity_analysis`, `clarity_exec`, `clarity_random`, `clarity_traces`; and
//! `clarity_programs`, whose results are the published VM's. `tests/vectors/clarity/README.md` describes their form.

mod analysis;
mod chain;
mod exec;
mod files;
mod programs;
mod rows;
mod syntax;
mod tally;
