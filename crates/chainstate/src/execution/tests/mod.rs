//! Sessions, the boot block and reads, on a small chain.

mod blocks;
mod boot;
mod kept_contracts;
mod promises;
mod reads;
mod support;
mod views;
