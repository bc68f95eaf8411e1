//! HTTP event observers: subscribers of the journal that get events by POST, in the reference's JSON
//! (docs/COMPATIBILITY.md#observers).
//!
//! Read in this order: [`keys`], what an observer gets; [`registration`]; [`plan`], which posts an event makes; [`payload`], their
//! bodies; [`source`], what is read; [`store`], how far each has come; [`post`]; [`status`]; [`delivery`], which serves one
//! observer; [`dispatcher`], all of them, in a thread of their own.
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
//! - An observer that is new to a chain gets all its burn blocks and blocks first; the rest (mempool, StackerDB, proposals) from
//!   its registration on. One that was away until events had left the journal gets the burn blocks and blocks among them, and its
//!   status names the sequences of this gap.
//! - Exactly 200 counts as delivered. Anything else is tried again for ever, with the reference's back-off, but at most 3 s of it. With `disable_retries`
//!   a post whose connection or request fails is skipped and counted (another status is still tried again). With
//!   `skip_after_refusals` a post that was answered with another status so many times is skipped too.
//! - The same body may come again when the answer to it was lost, or the node died before it noted the answer.
//!
//! # Invariants
//! - One post at a time to each observer. An observer that does not answer holds one body and nothing else: the node and
//!   the other observers never wait for it.
//! - A checkpoint is stored after the answer. Checkpoints are in a file of their own: if it is lost, all is posted again and
//!   nothing is lost.

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

pub(crate) use payload::proposal_response;

#[cfg(test)]
mod tests;
