//! The data folder: its files, whether they belong together, how it is opened and made.

mod check_rest;
mod consistency;
mod differences;
mod files;
mod genesis;
mod identity;
mod inspect;
mod open;

pub use check_rest::UncheckedFiles;
pub(super) use files::Paths;
