//! End to end: the real binaries, spoken to over gRPC and HTTP alone, killed and restarted.

mod devnet;
mod garbage;
mod idle;
mod restarts;
mod stacksjs;
mod support;
