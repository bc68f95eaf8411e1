//! The chain as one: blocks made, signed, pushed, processed, refused, reorganized and replayed, in one process.

mod append;
mod forks;
mod reject;
mod replay;
mod support;
