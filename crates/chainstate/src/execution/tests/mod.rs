//! Sessions, the boot block and reads, on a small chain.

mod blocks;
mod kept_contracts;
mod reads;
mod support;
mod views;
