//! Clarity: the language of contracts, versions 1 to 6, under the rules of epochs 3.0 to 4.1.
//!
//! ```text
//! text ─ lex ─ parse ─▶ syntax tree ─ sort ─ check ─▶ interface and types ─ lower ─▶ program ─▶ run ─▶ value, events, writes, cost
//!        `syntax`                            `analysis`                     `lower`            `run`
//! ```
//!
//! Everything here is consensus: results, errors, costs, the order of writes. A rule of an epoch is a field of [`Rules`], a rule of
//! a version of the language a field of [`Dialect`], a native function a row of [`natives`], a cost a row of `costs/table.rs`.
//! Nothing here knows blocks, transactions or databases.

pub mod analysis;
pub mod costs;
pub mod crypto;
pub mod dialect;
pub mod error;
pub mod keywords;
pub mod lower;
pub mod names;
pub mod natives;
pub mod rules;
pub mod run;
pub mod state;
pub mod syntax;
pub mod types;
pub mod value;

pub use dialect::Dialect;
pub use rules::Rules;
