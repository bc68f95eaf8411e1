//! Sessions, the boot block and reads, on a small chain.

mod blocks;
mod boot;
mod kept_contracts;
mod reads;
mod support;
mod views;
