//! HTTP event observers: subscribers of the journal that get events by POST, in the reference's JSON
//! (docs/COMPATIBILITY.md#observers).
//!
//! Read in this order: [`keys`], what an observer gets; [`registration`]; [`plan`], which posts an event makes;
//! [`payload`], their bodies; [`source`], what is read; [`store`], how far each observer has come; [`post`];
//! [`status`]; [`delivery`], which serves one observer; [`dispatcher`], which runs all of them on a thread of their
//! own.
//!
//! ```text
//!               ┌──────────────── what is pruned: burn blocks and blocks only ───┐
//!   journal ────┤                                                                 ├─▶ plan ▸ encode ▸ POST ▸ checkpoint
//!               └──────────────── what is kept: everything the keys ask for ─────┘      (one at a time, until 200)
//! ```
//!
//! # What an observer sees
//! - The boot block first, then burn blocks and blocks of all forks in journal order: a burn block before the blocks that
//!   cite it, a block after its parent. The first burn block comes right after the boot block, which cites it.
//! - An observer that is new to a chain gets all its burn blocks and blocks first, and everything else (mempool,
//!   StackerDB, proposals) from its registration on. If events leave the journal while an observer is away, it gets
//!   only their burn blocks and blocks, and its status names the sequences of this gap.
//! - Exactly 200 counts as delivered. Anything else is tried again without end, with the reference's back-off, but at
//!   most 3 s of it. With `disable_retries` a post whose connection or request fails is skipped and counted (another
//!   status is still tried again). With `skip_after_refusals` a post that was answered that many times with another
//!   status is skipped too.
//! - The same body may come again when its answer was lost, or when the node died before it noted the answer.
//!
//! # Invariants
//! - One post at a time to each observer. An observer that does not answer takes the memory of one body and nothing
//!   else: the node and the other observers never wait for it.
//! - A checkpoint is stored after the answer. Checkpoints are in a file of their own: if it is lost, everything is
//!   posted again and no event is missed.

pub mod delivery;
pub mod dispatcher;
pub mod keys;
mod payload;
mod plan;
mod post;
pub mod registration;
pub mod source;
pub mod status;
mod store;

pub(crate) use payload::{BlockEvent, Cost, proposal_response, receipt_events};

#[cfg(test)]
mod tests;
