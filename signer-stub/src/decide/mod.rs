//! Decides what the signer does next: a pure state machine, one input in, at most one action out.
//!
//! ```text
//!   proposal chunk ── parent = tip, of the burn tip's tenure or put by its producer ──▶ WAITING ──▶ VALIDATING ──▶ SIGNING ─▶ sent
//!        │                 (as of the chunk's place in the journal)                          │   ▲ no verdict: again
//!        └── no ──▶ refused                                                                  └── invalid ──▶ refused
//! ```
//!
//! # Invariants
//! - Whether a proposal may be signed depends on its place in the journal, not on when this process reads it. All
//!   signers of a node read one journal, so they decide alike, and a burn block that arrives while they validate cannot
//!   split them (three equal signers need all three: a split would stop the chain).
//! - The producer elected at the burn tip decides what follows the tip: a block of its own, or one of an earlier tenure
//!   that it puts into its own slot. So a block that some signers have signed (they will sign no other with its parent)
//!   can be finished when its producer is gone, and still no producer can continue its tenure after the next has begun.
//! - Proposals on one parent are taken in journal order, one at a time. While one is validated, the newest of each slot
//!   and burn view waits. Those that no longer build on the tip are dropped.
//! - While the journal is read again after a restart, nothing is sent.
//!
//! # Not here
//! The rule that counts, never two blocks with one parent on one bitcoin fork while the stackers are the same: `record`
//! and `driver`. This machine only makes refusals by that rule rare.

use std::collections::VecDeque;

use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};

use crate::model::{Millis, Outcome, Proposal, Refusal, Tips};

/// After this time a verdict counts as lost and is requested again. The node's own limits are shorter.
const VALIDATION_TIMEOUT_MS: Millis = 30_000;

/// First and longest pause after a failure; it doubles with each in a row.
const RETRY_FIRST_MS: Millis = 20;
const RETRY_MOST_MS: Millis = 5_000;

/// Most proposals that wait. Each is by an elected producer, one for each burn view: more than a few would be an attack.
const WAITING_MAX: usize = 256;

/// What happened: an event of the node, the result of an action, or a deadline.
#[derive(Debug)]
pub(crate) enum Input {
    /// The tips to begin with: from a call at a new start, or from the checkpoint of the last run.
    Tips {
        /// Canonical tips.
        tips: Tips,
        /// Last journal event that the tips reflect.
        sequence: u64,
    },
    /// All events that were in the journal have been read.
    Live,
    /// The event stream ended.
    Lost,
    /// The canonical burn tip moved.
    BurnBlock {
        /// Sequence of the event.
        sequence: u64,
        /// Hash of the new burn tip.
        burn_tip: BurnBlockHash,
        /// Account hash of the producer elected at it.
        elected: Hash160,
    },
    /// The canonical Stacks tip moved.
    TipChanged {
        /// Sequence of the event.
        sequence: u64,
        /// Id of the new tip.
        tip: StacksBlockId,
        /// Chain length of the new tip.
        chain_length: u64,
    },
    /// A proposal was put into a producer's slot.
    Proposal {
        /// The proposal, decoded from the slot.
        proposal: Box<Proposal>,
        /// Whether this signer has signed this block before.
        already_signed: bool,
    },
    /// Result of [`Action::Validate`]: the node has the job.
    Requested {
        /// Id of the job.
        id: String,
        /// Its outcome, when it had ended already.
        outcome: Option<Outcome>,
    },
    /// A validation job ended.
    Finished {
        /// Id of the job, as in [`Input::Requested`].
        id: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// Result of [`Action::Sign`] and [`Action::Refuse`]: the answer is stored.
    Answered,
    /// Result of [`Action::Dismiss`], even when the answer could not be sent: the producer proposes again if it
    /// matters.
    Dismissed,
    /// The action could not be done; the node may advise a pause.
    CallFailed(Option<Millis>),
    /// The deadline of [`Machine::deadline`] has come.
    Tick,
}

/// What to do. Its result is the next input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Have the node validate the proposal.
    Validate(Box<Proposal>),
    /// Sign the block if the record allows, send the earlier signature again, or refuse.
    Sign(Box<Proposal>),
    /// Refuse the proposal that is in work.
    Refuse(BlockHash, Refusal),
    /// Refuse a proposal that was not taken up.
    Dismiss(BlockHash, Refusal),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Requesting,
    Validating(String),
    Signing,
    Refusing(Refusal),
}

#[derive(Debug)]
struct Job {
    proposal: Box<Proposal>,
    stage: Stage,
    until: Option<Millis>,
    failures: u32,
}

/// The state machine. Pure: no clock, key or I/O.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    tips: Option<Tips>,
    sequence: u64,
    is_live: bool,
    job: Option<Job>,
    waiting: VecDeque<(Box<Proposal>, bool)>,
}

impl Machine {
    /// A machine that waits for [`Input::Tips`] and [`Input::Live`].
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Millis> {
        if self.is_live { self.job.as_ref()?.until } else { None }
    }

    /// The tips, when nothing is in flight: a restart can resume from them and the stream's cursor.
    #[must_use]
    pub(crate) fn resume_tips(&self) -> Option<Tips> {
        if self.job.is_none() && self.waiting.is_empty() { self.tips } else { None }
    }

    /// The canonical burn tip.
    #[must_use]
    pub(crate) fn burn_tip(&self) -> Option<BurnBlockHash> {
        self.tips.map(|tips| tips.burn_tip)
    }

    /// One step. The action's result must be the next input.
    pub(crate) fn on(&mut self, now: Millis, input: Input) -> Option<Action> {
        match input {
            Input::Tips { tips, sequence } => {
                self.tips = Some(tips);
                self.sequence = sequence;
                self.drop_stale();
                self.next_job()
            }
            Input::Live => {
                self.is_live = true;
                self.resume_job()
            }
            Input::Lost => {
                self.is_live = false;
                None
            }
            Input::BurnBlock { sequence, burn_tip, elected } => {
                if let Some(tips) = &mut self.tips
                    && sequence > self.sequence
                {
                    (tips.burn_tip, tips.elected) = (burn_tip, elected);
                    self.sequence = sequence;
                }
                None
            }
            Input::TipChanged { sequence, tip, chain_length } => {
                if let Some(tips) = &mut self.tips
                    && sequence > self.sequence
                {
                    (tips.tip, tips.chain_length) = (tip, chain_length);
                    self.sequence = sequence;
                    self.drop_stale();
                }
                self.next_job()
            }
            Input::Proposal { proposal, already_signed } => self.on_proposal(proposal, already_signed),
            Input::Requested { id, outcome } => self.on_requested(now, id, outcome),
            Input::Finished { id, outcome } => match &self.job {
                Some(Job { stage: Stage::Validating(waits_for), .. }) if *waits_for == id => {
                    self.on_outcome(now, outcome)
                }
                _ => None,
            },
            Input::Answered => {
                if matches!(&self.job, Some(Job { stage: Stage::Signing | Stage::Refusing(_), .. })) {
                    self.job = None;
                }
                self.next_job()
            }
            Input::Dismissed => None,
            Input::CallFailed(advice) => self.on_call_failed(now, advice),
            Input::Tick => self.on_tick(now),
        }
    }

    fn on_proposal(&mut self, proposal: Box<Proposal>, already_signed: bool) -> Option<Action> {
        let tips = self.tips?;
        let is_same = |other: &Proposal| other.block_hash == proposal.block_hash;
        let is_known = self.job.as_ref().is_some_and(|job| is_same(&job.proposal))
            || self.waiting.iter().any(|(other, _)| is_same(other));
        // A block that was accepted in time stays accepted when it is proposed again later.
        if is_known || (already_signed && proposal.parent != tips.tip) {
            return None;
        }
        if !already_signed && let Some(refusal) = refusal(&tips, &proposal) {
            return self.is_live.then_some(Action::Dismiss(proposal.block_hash, refusal));
        }
        // A producer signs one block for each place: another one for the same burn view replaces it.
        self.waiting.retain(|(other, _)| (other.slot_id, other.burn_view) != (proposal.slot_id, proposal.burn_view));
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back((proposal, already_signed));
        }
        self.next_job()
    }

    /// Drops proposals that do not build on the tip.
    fn drop_stale(&mut self) {
        let Some(tips) = self.tips else { return };
        self.waiting.retain(|(proposal, _)| proposal.parent == tips.tip);
        if self.job.as_ref().is_some_and(|job| job.proposal.parent != tips.tip) {
            self.job = None;
        }
    }

    fn next_job(&mut self) -> Option<Action> {
        if !self.is_live || self.job.is_some() {
            return None;
        }
        let (proposal, already_signed) = self.waiting.pop_front()?;
        let stage = if already_signed { Stage::Signing } else { Stage::Requesting };
        self.job = Some(Job { proposal, stage, until: None, failures: 0 });
        self.act()
    }

    /// After a lost stream, the node may have lost the verdict: requests it again.
    fn resume_job(&mut self) -> Option<Action> {
        if let Some(job) = &mut self.job {
            if matches!(job.stage, Stage::Validating(_)) {
                job.stage = Stage::Requesting;
            }
            return self.act();
        }
        self.next_job()
    }

    /// The action of the job's stage.
    fn act(&mut self) -> Option<Action> {
        let job = self.job.as_mut()?;
        job.until = None;
        match &job.stage {
            Stage::Requesting => Some(Action::Validate(job.proposal.clone())),
            Stage::Signing => Some(Action::Sign(job.proposal.clone())),
            Stage::Refusing(refusal) => Some(Action::Refuse(job.proposal.block_hash, refusal.clone())),
            Stage::Validating(_) => None,
        }
    }

    fn on_requested(&mut self, now: Millis, id: String, outcome: Option<Outcome>) -> Option<Action> {
        let job = self.job.as_mut()?;
        job.stage = Stage::Validating(id);
        job.until = Some(now.saturating_add(VALIDATION_TIMEOUT_MS));
        self.on_outcome(now, outcome?)
    }

    fn on_outcome(&mut self, now: Millis, outcome: Outcome) -> Option<Action> {
        let job = self.job.as_mut()?;
        match outcome {
            Outcome::Valid(block_hash) if block_hash == job.proposal.block_hash => {
                job.stage = Stage::Signing;
                job.failures = 0;
            }
            Outcome::Invalid(refusal) => {
                job.stage = Stage::Refusing(refusal);
                job.failures = 0;
            }
            Outcome::NotAsked => {
                self.job = None;
                return self.next_job();
            }
            Outcome::Valid(_) | Outcome::NoVerdict => {
                job.stage = Stage::Requesting;
                return self.on_call_failed(now, None);
            }
        }
        if self.is_live { self.act() } else { None }
    }

    fn on_call_failed(&mut self, now: Millis, advice: Option<Millis>) -> Option<Action> {
        let job = self.job.as_mut()?;
        if matches!(job.stage, Stage::Validating(_)) {
            return None;
        }
        let doubled = RETRY_FIRST_MS.saturating_mul(1_u64.checked_shl(job.failures).unwrap_or(u64::MAX));
        job.failures = job.failures.saturating_add(1);
        // A full node advises the same short pause again and again: advice makes the pause longer, never shorter.
        job.until = Some(now.saturating_add(doubled.max(advice.unwrap_or(0)).min(RETRY_MOST_MS)));
        None
    }

    fn on_tick(&mut self, now: Millis) -> Option<Action> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        if let Some(job) = &mut self.job
            && matches!(job.stage, Stage::Validating(_))
        {
            job.stage = Stage::Requesting;
        }
        self.act()
    }
}

/// Why a proposal at this place of the journal is not signed; `None` when it may be.
fn refusal(tips: &Tips, proposal: &Proposal) -> Option<Refusal> {
    if proposal.parent != tips.tip {
        let text = format!("parent {} is not the tip {}", proposal.parent, tips.tip);
        return Some(Refusal::new(Refusal::STALE_PARENT, text));
    }
    if tips.chain_length.checked_add(1) != Some(proposal.chain_length) {
        let text = format!("chain length {} does not follow {}", proposal.chain_length, tips.chain_length);
        return Some(Refusal::new(Refusal::BAD_CHAIN_LENGTH, text));
    }
    if proposal.burn_view != tips.burn_tip {
        if proposal.put_by == Some(tips.elected) {
            return None; // Validation checks whether the producer of that burn view signed it.
        }
        let text = format!("burn view {} is not the burn tip {}", proposal.burn_view, tips.burn_tip);
        return Some(Refusal::new(Refusal::STALE_BURN_VIEW, text));
    }
    if proposal.producer != Some(tips.elected) {
        return Some(Refusal::new(Refusal::BAD_PRODUCER, "not signed by the elected producer".to_owned()));
    }
    None
}

#[cfg(test)]
mod tests;
