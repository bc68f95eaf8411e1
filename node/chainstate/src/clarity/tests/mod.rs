//! Sessions, the boot block and reads, on a small chain.

mod blocks;
mod meter;
mod reads;
mod support;
mod views;
