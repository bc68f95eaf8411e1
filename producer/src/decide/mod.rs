//! Decides what the producer does next: a pure state machine, one input in, at most one action out.
//!
//! ```text
//!                    not elected, or nothing to build in this mode
//!            ┌──────────────────────────────────────────────┐
//!            ▼                                              │
//!   WAITING ─── burn block, tip, transaction, timer ──▶ (view) ── new tenure, transactions, interval ──▶ ASSEMBLING
//!      ▲ ▲                                                ▲ ├─ another's block on the tip ─▶ GATHERING   │ template
//!      │ │                                                │ │ signed before, not in the chain yet      ▼ event
//!      │ └─ template failed, or view moved ───────────────┼─┼─────────────────────────── (template and view, sign)
//!      │                                                  │ ▼                                          │
//!      │    tip moved: not needed any more ───────────────┤ GATHERING ◀────────────────────────────────┘
//!      │    too much weight refused ──────────────────────┤   │ 70 % signed (well-known mode: at once)
//!      │                                                  │   ▼
//!      └── rejected by the node, processed ───────────────┴─ PUSHED
//! ```
//!
//! # Invariants
//! - A template is signed only when a view has its parent as tip, its burn view as burn tip, this producer elected, and
//!   nothing signed at that place before. The view is taken after the template was finished; only if the template came
//!   with the answer to its request, it is the one that the request was based on.
//! - A signed block is final: it is proposed, with the same bytes, until it is in the chain, the tip is another block,
//!   its burn view is on an abandoned bitcoin fork, or enough weight refuses it. A new burn block does *not* end this:
//!   signers that saw the proposal first have signed it, and will not sign another block with its parent, so a new
//!   block in its place could never gather enough signatures. It is given up for a time, like a block of another
//!   producer, if another stacker set signs by now and its own set has not signed enough when asked again: the old
//!   stackers may be gone, and the new ones are bound to nothing.
//! - A block of another producer that builds on the tip is finished before anything is built in its place: signers that
//!   have signed it will sign no other, and its producer may be gone. The elected producer waits for its signatures and
//!   pushes it; if they do not come, or enough weight refuses it, that producer puts it into its own slot, which asks
//!   all signers again. Earlier refusals then do not count: they may have been for that time only, and a signer that
//!   was away then may have signed it. Only after that one is pushed, or refused again, does the producer build its own
//!   block.
//! - At most one template is in flight. Transactions that come meanwhile count for the next block.
//!
//! # Not here
//! Conclusions from a view: `choose`. Templates: `assemble`. Signed blocks: `gather`. Calls, keys, clocks, disk:
//! `driver`, `seal`, `record`.

mod assemble;
mod choose;
mod gather;
mod types;

use std::collections::BTreeMap;

use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use stacks_types::keys::MessageSignature;

use crate::collect::Votes;
use crate::model::{Candidate, Millis, View};

pub(crate) use types::{Action, Input, NoTemplate, Policy};

/// A pushed block that is not processed after this time is pushed again: the answer tells its state.
const PROCESS_TIMEOUT_MS: Millis = 10_000;

/// First and longest pause after a failure whose cause is unknown.
const RETRY_FIRST_MS: Millis = 100;
const RETRY_MOST_MS: Millis = 5_000;

/// A proposal without answer, or one that was refused, is repeated after the timeout, then after twice the timeout, and so
/// on up to this many times the timeout.
const TIMEOUT_GROWTH_MAX: Millis = 8;

/// Most times that a template's time is halved.
const HALVINGS_MAX: u32 = 9;

#[derive(Debug)]
enum Phase {
    /// There is no event stream.
    Offline,
    /// Nothing is in flight.
    Waiting { until: Option<Millis>, wake_on: WakeOn },
    /// A template was requested. `id` is `None` until the node has named it.
    Assembling { id: Option<String>, parent: StacksBlockId, burn_view: BurnBlockHash, allow_empty: bool, until: Millis },
    /// A template is being signed.
    Signing,
    /// A signed block is proposed, by this producer or another one.
    Gathering { candidate: Candidate, votes: Votes, proposed_by: ProposedBy, timeout: Millis, until: Millis },
    /// The node has the block with enough signatures.
    Pushed { candidate: Candidate, signatures: Vec<MessageSignature>, until: Millis },
}

/// Who has put the block into a producer's slot, and so asked the signers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProposedBy {
    /// Another producer.
    Other,
    /// This one; answers that arrive now may be older.
    Us,
    /// This one, and the journal event of the proposal has come: later answers are answers to it.
    UsAndSeen,
}

/// What ends a wait, besides an admin's request for blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WakeOn {
    /// Another tip or burn tip; with a timer, to look again.
    TipChange,
    /// The same, and transactions; with a timer, the end of the block interval.
    Transactions,
}

/// The state machine. Pure: no clock, keys or I/O.
#[derive(Debug)]
pub(crate) struct Machine {
    policy: Policy,
    phase: Phase,
    view: Option<View>,
    /// Start of the interval to the next empty block: when this producer last began a block on the tip's parent, or
    /// else when the tip was seen to move.
    interval_start: Millis,
    /// Parent of the last template request, and when it was made.
    begun: Option<(StacksBlockId, Millis)>,
    /// Whether a template found that no pending transaction can be mined on this view.
    mempool_exhausted: bool,
    /// Whether a transaction came, or became ready, while a template was being made.
    new_transactions: bool,
    /// Signed blocks that need not be proposed on this tip; true = for ever.
    dismissed: BTreeMap<BlockHash, bool>,
    /// When those that were given up for a time are proposed again.
    refused_until: Option<Millis>,
    /// How often blocks were given up for a time, since tip and burn tip are these.
    refused_rounds: u32,
    /// Newest signature in each slot, with its signer and its block. A later refusal does not revoke it.
    accepts: BTreeMap<u32, (Hash160, BlockHash, MessageSignature)>,
    /// Newest refusal in each slot: the signer and the block.
    refusals: BTreeMap<u32, (Hash160, BlockHash)>,
    failures: u32,
    /// How often in a row a view moved before its template was finished, less one for each template that was in time.
    /// Without this, a full mempool and burn blocks that come faster than a block is filled would stop the chain.
    assembly_time_halvings: u32,
}

impl Machine {
    /// A machine that waits for [`Input::Started`].
    #[must_use]
    pub(crate) const fn new(policy: Policy) -> Self {
        Self {
            policy,
            phase: Phase::Offline,
            view: None,
            interval_start: 0,
            begun: None,
            mempool_exhausted: false,
            new_transactions: false,
            dismissed: BTreeMap::new(),
            refused_until: None,
            refused_rounds: 0,
            accepts: BTreeMap::new(),
            refusals: BTreeMap::new(),
            failures: 0,
            assembly_time_halvings: 0,
        }
    }

    /// When [`Input::Tick`] is due; `None` = it is not needed.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Option<Millis> {
        match &self.phase {
            Phase::Offline | Phase::Signing => None,
            Phase::Waiting { until, .. } => *until,
            Phase::Assembling { until, .. } | Phase::Gathering { until, .. } | Phase::Pushed { until, .. } => {
                Some(*until)
            }
        }
    }

    /// Takes one input. The result of the action must be the next input.
    pub(crate) fn on(&mut self, now: Millis, input: Input) -> Option<Action> {
        match input {
            Input::Started => {
                self.view = None;
                self.phase = Phase::Waiting { until: None, wake_on: WakeOn::TipChange };
                self.look()
            }
            Input::Lost => {
                self.phase = Phase::Offline;
                // The next stream's snapshot brings them again.
                self.accepts.clear();
                self.refusals.clear();
                None
            }
            Input::Moved(sequence) => self.on_moved(sequence),
            Input::Transaction(sequence) => self.on_transaction(now, sequence),
            Input::BlockResponse { slot_id, signer, answer } => self.on_answer(now, slot_id, signer, answer),
            Input::ProposalSeen(block_hash) => {
                if let Phase::Gathering { candidate, votes, proposed_by, .. } = &mut self.phase
                    && candidate.block.block_hash == block_hash
                {
                    *proposed_by = ProposedBy::UsAndSeen;
                    votes.ask_again();
                }
                None
            }
            Input::TemplateFinished(finished) => match &self.phase {
                Phase::Assembling { id: Some(id), .. } if *id == finished => Some(Action::FetchTemplate(finished)),
                _ => None,
            },
            Input::BlockRejected(block_id, reason) => self.on_block_rejected(block_id, &reason),
            Input::ProducerContext(context) => self.on_context(now, *context),
            Input::Requested(new_id) => {
                if let Phase::Assembling { id, .. } = &mut self.phase {
                    *id = Some(new_id);
                }
                None
            }
            Input::Template(template, context) => self.on_template(now, template, *context),
            Input::NoTemplate(why) => self.on_no_template(now, &why),
            Input::StillMade(executing) => self.on_still_made(now, executing),
            Input::Signed(candidate) => {
                self.failures = 0;
                self.was_in_time();
                Some(self.propose(now, candidate))
            }
            Input::NotSigned => self.retry_later(now, None),
            Input::Proposed => None,
            Input::Stored => {
                self.failures = 0;
                None
            }
            Input::AlreadyProcessed => self.dismiss_pushed(),
            Input::Refused(reason) => {
                tracing::error!(reason, "the node refused a block that its stackers signed");
                self.dismiss_pushed()
            }
            Input::CallFailed(advice) => self.on_call_failed(now, advice),
            Input::Tick => self.on_tick(now),
        }
    }

    /// Fetches a view next. Work in flight goes on unless the view stops it.
    fn look(&self) -> Option<Action> {
        (!matches!(self.phase, Phase::Offline)).then_some(Action::FetchView)
    }

    fn on_moved(&self, sequence: u64) -> Option<Action> {
        let is_news = self.view.as_ref().is_none_or(|view| sequence > view.sequence);
        if is_news { self.look() } else { None }
    }

    fn on_transaction(&mut self, now: Millis, sequence: u64) -> Option<Action> {
        self.new_transactions = true;
        let view = self.view.as_ref()?;
        let waits_for_work = matches!(self.phase, Phase::Waiting { wake_on: WakeOn::Transactions, .. });
        if sequence <= view.sequence || !waits_for_work {
            return None;
        }
        self.mempool_exhausted = false;
        self.request_template(now, false)
    }

    fn on_call_failed(&mut self, now: Millis, advice: Option<Millis>) -> Option<Action> {
        match &mut self.phase {
            Phase::Offline => None,
            // The phase is kept: at the deadline the same call is repeated.
            Phase::Gathering { until, .. } | Phase::Pushed { until, .. } => {
                let delay = failure_delay(self.failures, advice);
                self.failures = self.failures.saturating_add(1);
                *until = now.saturating_add(delay);
                None
            }
            Phase::Waiting { .. } | Phase::Assembling { .. } | Phase::Signing => self.retry_later(now, advice),
        }
    }

    /// Drops the work in flight and looks again after a pause.
    fn retry_later(&mut self, now: Millis, advice: Option<Millis>) -> Option<Action> {
        let delay = failure_delay(self.failures, advice);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Waiting { until: Some(now.saturating_add(delay)), wake_on: WakeOn::TipChange };
        None
    }

    fn on_tick(&mut self, now: Millis) -> Option<Action> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        match &mut self.phase {
            Phase::Offline | Phase::Signing => None,
            Phase::Waiting { wake_on: WakeOn::Transactions, .. } => self.request_template(now, true),
            Phase::Waiting { until, .. } => {
                *until = None;
                if self.refused_until.is_none_or(|until| until <= now) {
                    self.end_pause_of_refused();
                }
                self.look()
            }
            Phase::Assembling { id: Some(id), .. } => Some(Action::FetchTemplate(id.clone())),
            Phase::Assembling { id: None, .. } => self.retry_later(now, None),
            Phase::Gathering { candidate, proposed_by: ProposedBy::UsAndSeen, .. }
                if self.view.as_ref().is_some_and(|view| view.stackers != candidate.stackers) =>
            {
                let block_hash = candidate.block.block_hash;
                tracing::warn!(%block_hash, "earlier stackers have not signed the proposal, and others sign by now: given up for now");
                self.give_up_for_now(now, block_hash)
            }
            Phase::Gathering { candidate, votes, proposed_by, timeout, until } => {
                *proposed_by = ProposedBy::Us;
                let longest = self.policy.proposal_timeout_ms.saturating_mul(TIMEOUT_GROWTH_MAX);
                *timeout = timeout.saturating_mul(2).clamp(1, longest.max(1));
                *until = now.saturating_add(*timeout);
                votes.ask_again();
                let signed = votes.signed_weight();
                tracing::info!(block_hash = %candidate.block.block_hash, signed, "proposing the same block again");
                Some(Action::Propose(candidate.clone()))
            }
            Phase::Pushed { candidate, signatures, until } => {
                *until = now.saturating_add(PROCESS_TIMEOUT_MS);
                Some(Action::Push(candidate.clone(), signatures.clone()))
            }
        }
    }
}

/// Pause after a failure: doubles with each in a row. The node's advice makes it longer, never shorter: a full node
/// advises the same short time again and again.
fn failure_delay(failures: u32, advice: Option<Millis>) -> Millis {
    let doubled = RETRY_FIRST_MS.saturating_mul(1_u64.checked_shl(failures).unwrap_or(u64::MAX));
    doubled.max(advice.unwrap_or(0)).min(RETRY_MOST_MS)
}

#[cfg(test)]
mod tests;
