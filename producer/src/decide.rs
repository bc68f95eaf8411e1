//! Decides what the producer does next: a pure state machine, one input in, at most one action out.
//!
//! ```text
//!                    not elected, or nothing to build in this mode
//!            ┌──────────────────────────────────────────────┐
//!            ▼                                              │
//!   WAITING ─── burn block, tip, transaction, timer ──▶ (view) ── new tenure, transactions, interval ──▶ ASSEMBLING
//!      ▲ ▲                                                ▲ ├─ another's block on the tip ─▶ GATHERING   │ template
//!      │ │                                                │ │ signed before, not in the chain yet      ▼ event
//!      │ └─ template failed, or view moved ───────────────┼─┼──────────────────────────────── (view again, sign)
//!      │                                                  │ ▼                                          │
//!      │    tip moved: not needed any more ───────────────┤ GATHERING ◀────────────────────────────────┘
//!      │    too much weight refused ──────────────────────┤   │ 70 % signed (well-known mode: at once)
//!      │                                                  │   ▼
//!      └── rejected by the node, processed ───────────────┴─ PUSHED
//! ```
//!
//! # Invariants
//! - A template is signed only when the view taken after it was fetched has its parent as tip, its burn view as burn
//!   tip, this producer elected, and nothing signed at that place before.
//! - A signed block is final: it is proposed, with the same bytes, until it is in the chain, the tip is another block,
//!   its burn view is on an abandoned bitcoin fork, or enough weight refuses it. It is *not* given up because a
//!   new burn block came: signers who saw the proposal first have signed it, and they will not sign another block with its
//!   parent, so a new block in its place could never gather enough.
//! - A block of another producer that is on the tip is finished before anything is built in its place: signers that have
//!   signed it will sign no other, and its producer may be gone. Its signatures are waited for and it is pushed; when they
//!   do not come, or enough weight refuses it, the producer elected now puts it into its own slot, which asks all signers
//!   again. Refusals of the first time do not count: they may have been for its time alone, and a signer that was away then
//!   may have signed it. Only when it is pushed, or refused again, is a block of the producer's own built.
//! - What is stuck because signers refuse the one block that may be signed at a place is freed by the next burn block.
//! - At most one template is in flight. Transactions that come meanwhile are seen in the view of the next block.
//!
//! # Not here
//! Calls, keys, clocks, disk: `driver`, `seal`, `record`.

mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use nakamoto_proto::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use nakamoto_proto::keys::MessageSignature;

use crate::collect::Votes;
use crate::model::{Answer, Candidate, Millis, MiningMode, Situation, Template, View};

pub use words::{Action, Input, NoTemplate, Policy};

/// A template event that has not come by then was lost with its request: ask again.
const TEMPLATE_TIMEOUT_MS: Millis = 60_000;

/// A pushed block that was not processed by then is pushed again, which tells its state.
const PROCESS_TIMEOUT_MS: Millis = 10_000;

/// First and longest pause after a failure whose cause is unknown.
const RETRY_FIRST_MS: Millis = 100;
const RETRY_MOST_MS: Millis = 5_000;

/// Pause when the node says that the view has moved: its event is on the way, this is only in case it is not.
const MOVED_RETRY_MS: Millis = 50;

/// A proposal without answer is repeated after the timeout, then after twice that, up to this many times the timeout.
const TIMEOUT_GROWTH_MAX: Millis = 8;

/// A template's time is halved this often at most.
const HASTE_MAX: u32 = 9;

/// Signers whose newest answers are remembered: as many as a StackerDB has slots.
const SIGNERS_MAX: usize = 4096;

#[derive(Debug)]
enum Phase {
    /// No event stream.
    Offline,
    /// Nothing in flight.
    Waiting { until: Option<Millis>, for_what: WaitFor },
    /// A template was requested.
    Assembling { id: Option<String>, parent: StacksBlockId, burn_view: BurnBlockHash, allow_empty: bool, until: Millis },
    /// A template was fetched; the view is checked once more.
    Confirming(Box<Template>),
    /// A template is being signed.
    Signing,
    /// A proposal is out.
    Gathering { candidate: Candidate, votes: Votes, asked: Asked, timeout: Millis, until: Millis },
    /// The block is with the node.
    Pushed { candidate: Candidate, signatures: Vec<MessageSignature>, until: Millis },
}

/// Whether signers were asked by this producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// By another one.
    No,
    /// The proposal was put into this producer's slot; answers that come may be older.
    Put,
    /// It came by in the journal: answers after it are answers to it.
    Heard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitFor {
    /// Tip, burn tip or wish; with a timer: to look again.
    Move,
    /// Also transactions; with a timer: the block interval.
    Work,
}

/// The state machine.
#[derive(Debug)]
pub struct Machine {
    policy: Policy,
    phase: Phase,
    view: Option<View>,
    /// When the tip was seen to move last.
    tip_since: Millis,
    /// Whether the waiting transactions were found not to be minable on this view.
    dry: bool,
    /// Whether a transaction came while a template was being made.
    more_came: bool,
    /// Signed blocks that need not be proposed on this tip; true when that is for ever.
    dismissed: BTreeMap<BlockHash, bool>,
    /// Newest signature of each signer, with the block that it is for. A refusal does not take it back.
    accepts: BTreeMap<Hash160, (BlockHash, MessageSignature)>,
    /// The block that each signer refused last.
    refusals: BTreeMap<Hash160, BlockHash>,
    failures: u32,
    /// How often in a row a view moved before its template was finished, less one for each that was in time. Without it a
    /// full mempool and burn blocks that come faster than a block is filled would stop the chain.
    haste: u32,
}

impl Machine {
    /// A machine that waits for [`Input::Started`].
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self {
            policy,
            phase: Phase::Offline,
            view: None,
            tip_since: 0,
            dry: false,
            more_came: false,
            dismissed: BTreeMap::new(),
            accepts: BTreeMap::new(),
            refusals: BTreeMap::new(),
            failures: 0,
            haste: 0,
        }
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub const fn deadline(&self) -> Option<Millis> {
        match &self.phase {
            Phase::Offline | Phase::Confirming(_) | Phase::Signing => None,
            Phase::Waiting { until, .. } => *until,
            Phase::Assembling { until, .. } | Phase::Gathering { until, .. } | Phase::Pushed { until, .. } => {
                Some(*until)
            }
        }
    }

    /// One step. The action's result must be the next input.
    pub fn on(&mut self, now: Millis, input: Input) -> Option<Action> {
        match input {
            Input::Started => {
                self.view = None;
                self.phase = Phase::Waiting { until: None, for_what: WaitFor::Move };
                self.look()
            }
            Input::Lost => {
                self.phase = Phase::Offline;
                // The snapshot of the next stream brings them again.
                self.accepts.clear();
                self.refusals.clear();
                None
            }
            Input::Moved(sequence) => self.on_moved(sequence),
            Input::Transaction(sequence) => self.on_transaction(now, sequence),
            Input::Answer { signer, answer } => self.on_answer(now, signer, answer),
            Input::Heard(block_hash) => {
                if let Phase::Gathering { candidate, votes, asked, .. } = &mut self.phase
                    && candidate.block.block_hash == block_hash
                {
                    *asked = Asked::Heard;
                    votes.ask_again();
                }
                None
            }
            Input::TemplateFinished(finished) => match &self.phase {
                Phase::Assembling { id: Some(id), .. } if *id == finished => Some(Action::FetchTemplate(finished)),
                _ => None,
            },
            Input::BlockRejected(block_id, reason) => self.on_block_rejected(block_id, &reason),
            Input::Situation(situation) => self.on_situation(now, *situation),
            Input::Requested(new_id) => {
                if let Phase::Assembling { id, .. } = &mut self.phase {
                    *id = Some(new_id);
                }
                None
            }
            Input::Template(template) => self.on_template(now, template),
            Input::NoTemplate(why) => self.on_no_template(now, &why),
            Input::Signed(candidate) => {
                self.failures = 0;
                self.haste = self.haste.saturating_sub(1);
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

    /// Takes a view next; what is in flight goes on unless the view says otherwise.
    fn look(&self) -> Option<Action> {
        (!matches!(self.phase, Phase::Offline)).then_some(Action::FetchView)
    }

    fn on_moved(&self, sequence: u64) -> Option<Action> {
        let is_news = self.view.as_ref().is_none_or(|view| sequence > view.sequence);
        if is_news { self.look() } else { None }
    }

    fn on_transaction(&mut self, now: Millis, sequence: u64) -> Option<Action> {
        self.more_came = true;
        let view = self.view.as_ref()?;
        let waits_for_work = matches!(self.phase, Phase::Waiting { for_what: WaitFor::Work, .. });
        if sequence <= view.sequence || !waits_for_work {
            return None;
        }
        self.dry = false;
        self.request_template(now, false)
    }

    fn on_answer(&mut self, now: Millis, signer: Hash160, answer: Answer) -> Option<Action> {
        match &answer {
            Answer::Accept { block_hash, signature } => {
                remember(&mut self.accepts, signer, (*block_hash, *signature));
            }
            Answer::Reject { block_hash, .. } => remember(&mut self.refusals, signer, *block_hash),
        }
        let Phase::Gathering { candidate, votes, asked, .. } = &mut self.phase else { return None };
        match answer {
            Answer::Accept { block_hash, signature } if block_hash == candidate.block.block_hash => {
                if !votes.accept(&signature) {
                    tracing::warn!(%signer, "a signature by no member of the stacker set was left out");
                }
                self.push_if_enough(now)
            }
            Answer::Reject { block_hash, code, text } if block_hash == candidate.block.block_hash => {
                tracing::info!(%signer, code, text, "a signer refused the proposal");
                votes.reject(&signer);
                if !votes.is_hopeless() {
                    return None;
                }
                match asked {
                    // Refused at the time it came, perhaps for that time alone: a signer that reads it later would still sign.
                    Asked::No => {
                        let candidate = candidate.clone();
                        return Some(self.propose(now, candidate));
                    }
                    Asked::Put => return None,
                    Asked::Heard => {}
                }
                tracing::warn!(%block_hash, "too many signers refused; proposal given up for now");
                self.dismissed.insert(block_hash, false);
                self.phase = Phase::Waiting { until: None, for_what: WaitFor::Move };
                self.look()
            }
            Answer::Accept { .. } | Answer::Reject { .. } => None,
        }
    }

    fn on_block_rejected(&mut self, block_id: StacksBlockId, reason: &str) -> Option<Action> {
        match &self.phase {
            Phase::Pushed { candidate, .. } if candidate.block.block_id == block_id => {
                tracing::error!(reason, %block_id, "the node found a pushed block invalid");
                self.dismiss_pushed()
            }
            _ => None,
        }
    }

    fn dismiss_pushed(&mut self) -> Option<Action> {
        if let Phase::Pushed { candidate, .. } = &self.phase {
            self.dismissed.insert(candidate.block.block_hash, true);
            self.phase = Phase::Waiting { until: None, for_what: WaitFor::Move };
        }
        self.look()
    }

    fn on_situation(&mut self, now: Millis, situation: Situation) -> Option<Action> {
        let tip_moved = self.view.as_ref().is_none_or(|view| view.tip != situation.view.tip);
        let burn_moved = self.view.as_ref().is_none_or(|view| view.burn_tip != situation.view.burn_tip);
        if tip_moved {
            self.tip_since = now;
            self.dismissed.clear();
        }
        if tip_moved || burn_moved {
            self.dry = false;
        }
        let view = situation.view.clone();
        self.view = Some(view.clone());
        match std::mem::replace(&mut self.phase, Phase::Waiting { until: None, for_what: WaitFor::Move }) {
            Phase::Confirming(template)
                if template.parent == view.tip
                    && template.burn_view == view.burn_tip
                    && view.elected
                    && !situation.signed_here =>
            {
                self.phase = Phase::Signing;
                Some(Action::Sign(template))
            }
            phase @ Phase::Assembling { parent, burn_view, .. } if parent == view.tip && burn_view == view.burn_tip => {
                self.phase = phase;
                None
            }
            phase @ (Phase::Gathering { .. } | Phase::Pushed { .. }) if still_wanted(&phase, &situation) => {
                self.phase = phase;
                None
            }
            Phase::Assembling { .. } | Phase::Confirming(_) => {
                self.haste = self.haste.saturating_add(1).min(HASTE_MAX);
                self.choose(now, situation)
            }
            _ => self.choose(now, situation),
        }
    }

    /// Nothing is in flight: what is there to do in this situation?
    fn choose(&mut self, now: Millis, situation: Situation) -> Option<Action> {
        let view = situation.view;
        for candidate in &situation.others {
            let votes = self.votes_for(candidate);
            if votes.is_enough() && !self.dismissed.contains_key(&candidate.block.block_hash) {
                tracing::info!(block_hash = %candidate.block.block_hash, "finishing another producer's block");
                return Some(self.push(now, candidate.clone(), votes.signatures()));
            }
        }
        let unfinished = situation.unfinished.into_iter().find(|c| !self.dismissed.contains_key(&c.block.block_hash));
        if let Some(candidate) = unfinished {
            return Some(self.propose(now, candidate));
        }
        if view.elected
            && let Some((candidate, votes)) = self.to_finish(situation.others)
        {
            return self.finish(now, candidate, votes);
        }
        if situation.signed_here && view.elected {
            let is_final = self.dismissed.values().all(|is_final| *is_final);
            tracing::warn!(
                burn_tip = %view.burn_tip,
                "a block was signed at this height of this tenure and cannot be finished; the next burn block frees the way"
            );
            let until = (!is_final).then(|| now.saturating_add(self.policy.proposal_timeout_ms));
            self.phase = Phase::Waiting { until, for_what: WaitFor::Move };
            return None;
        }
        if !view.elected {
            self.phase = Phase::Waiting { until: None, for_what: WaitFor::Move };
            return None;
        }
        let at_once = matches!(view.mining.mode, MiningMode::Auto | MiningMode::Mixed);
        if at_once && !view.mining.wanted && (view.new_tenure || (view.mempool_count > 0 && !self.dry)) {
            return self.request_template(now, false);
        }
        self.wait_for_work(now)
    }

    /// The first block of another producer on the tip that was not refused when this producer asked.
    fn to_finish(&self, others: Vec<Candidate>) -> Option<(Candidate, Votes)> {
        let other = others.into_iter().find(|other| !self.dismissed.contains_key(&other.block.block_hash))?;
        let votes = self.votes_for(&other);
        Some((other, votes))
    }

    /// Waits for the signatures of another producer's block, and asks for them when they do not come.
    fn finish(&mut self, now: Millis, candidate: Candidate, votes: Votes) -> Option<Action> {
        let (block_hash, signed) = (candidate.block.block_hash, votes.signed_weight());
        tracing::info!(%block_hash, signed, "another producer's block is on the tip: it comes first");
        if votes.is_hopeless() {
            // They may have refused it for coming at the wrong time; one that is silent may have signed it, or will.
            return Some(self.propose(now, candidate));
        }
        // Its producer has asked: by the end of the timeout its signers have answered, or are asked again.
        let timeout = self.policy.proposal_timeout_ms;
        let until = now.saturating_add(timeout);
        self.phase = Phase::Gathering { candidate, votes, asked: Asked::No, timeout, until };
        None
    }

    /// Waits for what makes a block in the mode of the view; or makes one, empty if need be, when its time has come.
    fn wait_for_work(&mut self, now: Millis) -> Option<Action> {
        let mining = self.view.as_ref()?.mining;
        let interval = mining.interval_ms.unwrap_or(self.policy.block_interval_ms);
        let at_interval = (interval > 0).then(|| self.tip_since.saturating_add(interval));
        let (until, for_what) = match mining.mode {
            MiningMode::Auto => (None, WaitFor::Work),
            MiningMode::Mixed => (at_interval, WaitFor::Work),
            MiningMode::Interval => (at_interval, WaitFor::Move),
            MiningMode::Manual => (None, WaitFor::Move),
        };
        if mining.wanted || until.is_some_and(|until| until <= now) {
            return self.request_template(now, true);
        }
        self.phase = Phase::Waiting { until, for_what };
        None
    }

    fn request_template(&mut self, now: Millis, allow_empty: bool) -> Option<Action> {
        let view = self.view.as_ref()?;
        self.more_came = false;
        self.phase = Phase::Assembling {
            id: None,
            parent: view.tip,
            burn_view: view.burn_tip,
            allow_empty,
            until: now.saturating_add(TEMPLATE_TIMEOUT_MS),
        };
        Some(Action::RequestTemplate {
            parent: view.tip,
            burn_view: view.burn_tip,
            coinbase_nonce: view.new_tenure.then_some(view.nonce),
            allow_empty,
            haste: self.haste,
        })
    }

    fn on_template(&mut self, now: Millis, template: Box<Template>) -> Option<Action> {
        let Phase::Assembling { parent, burn_view, allow_empty, .. } = &self.phase else { return None };
        if template.parent != *parent || template.burn_view != *burn_view {
            tracing::error!("the node made a template on another parent or burn view than was asked for");
            return self.retry_later(now, None);
        }
        if template.transactions == 0 && !allow_empty {
            return self.on_no_template(now, &NoTemplate::NoTransactions);
        }
        self.failures = 0;
        self.phase = Phase::Confirming(template);
        Some(Action::FetchView)
    }

    fn on_no_template(&mut self, now: Millis, why: &NoTemplate) -> Option<Action> {
        let Phase::Assembling { allow_empty, .. } = &self.phase else { return None };
        match why {
            NoTemplate::NoTransactions if *allow_empty => {
                tracing::warn!("the node makes no empty blocks");
                self.retry_later(now, None)
            }
            NoTemplate::NoTransactions if self.more_came => self.request_template(now, false),
            NoTemplate::NoTransactions => {
                self.dry = true;
                self.wait_for_work(now)
            }
            NoTemplate::Moved => {
                self.haste = self.haste.saturating_add(1).min(HASTE_MAX);
                self.retry_later(now, Some(MOVED_RETRY_MS))
            }
            NoTemplate::Other(reason) => {
                tracing::warn!(reason, "the node made no template");
                self.retry_later(now, None)
            }
        }
    }

    fn propose(&mut self, now: Millis, candidate: Candidate) -> Action {
        let well_known = self.view.as_ref().is_some_and(|view| view.well_known);
        let timeout = self.policy.proposal_timeout_ms;
        let mut votes = self.votes_for(&candidate);
        votes.ask_again();
        if well_known || votes.is_enough() {
            let signatures = if well_known { Vec::new() } else { votes.signatures() };
            return self.push(now, candidate, signatures);
        }
        let action = Action::Propose(candidate.clone());
        let until = now.saturating_add(timeout);
        self.phase = Phase::Gathering { candidate, votes, asked: Asked::Put, timeout, until };
        action
    }

    /// The answers to a block that have come so far.
    fn votes_for(&self, candidate: &Candidate) -> Votes {
        let mut votes = Votes::new(candidate.block.block_hash, Arc::clone(&candidate.stackers));
        for (block_hash, signature) in self.accepts.values() {
            if *block_hash == candidate.block.block_hash {
                votes.accept(signature);
            }
        }
        for (signer, block_hash) in &self.refusals {
            if *block_hash == candidate.block.block_hash {
                votes.reject(signer);
            }
        }
        votes
    }

    fn push_if_enough(&mut self, now: Millis) -> Option<Action> {
        let Phase::Gathering { candidate, votes, .. } = &self.phase else { return None };
        if !votes.is_enough() {
            return None;
        }
        let (candidate, signatures) = (candidate.clone(), votes.signatures());
        Some(self.push(now, candidate, signatures))
    }

    fn push(&mut self, now: Millis, candidate: Candidate, signatures: Vec<MessageSignature>) -> Action {
        let until = now.saturating_add(PROCESS_TIMEOUT_MS);
        self.phase = Phase::Pushed { candidate: candidate.clone(), signatures: signatures.clone(), until };
        Action::Push(candidate, signatures)
    }

    fn on_call_failed(&mut self, now: Millis, advice: Option<Millis>) -> Option<Action> {
        match &mut self.phase {
            Phase::Offline => None,
            // Kept: the deadline makes the same call again.
            Phase::Gathering { until, .. } | Phase::Pushed { until, .. } => {
                let delay = failure_delay(self.failures, advice);
                self.failures = self.failures.saturating_add(1);
                *until = now.saturating_add(delay);
                None
            }
            Phase::Waiting { .. } | Phase::Assembling { .. } | Phase::Confirming(_) | Phase::Signing => {
                self.retry_later(now, advice)
            }
        }
    }

    /// Drops what is in flight and looks again after a pause.
    fn retry_later(&mut self, now: Millis, advice: Option<Millis>) -> Option<Action> {
        let delay = failure_delay(self.failures, advice);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Waiting { until: Some(now.saturating_add(delay)), for_what: WaitFor::Move };
        None
    }

    fn on_tick(&mut self, now: Millis) -> Option<Action> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        match &mut self.phase {
            Phase::Offline | Phase::Confirming(_) | Phase::Signing => None,
            Phase::Waiting { for_what: WaitFor::Work, .. } => self.request_template(now, true),
            Phase::Waiting { until, .. } => {
                *until = None;
                // What was refused may be accepted by now.
                self.dismissed.retain(|_, is_final| *is_final);
                self.look()
            }
            Phase::Assembling { .. } => {
                tracing::warn!("a template was not finished in time; asking again");
                self.phase = Phase::Waiting { until: None, for_what: WaitFor::Move };
                self.look()
            }
            Phase::Gathering { candidate, votes, asked, timeout, until } => {
                *asked = Asked::Put;
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

/// Remembers a signer's newest answer.
fn remember<T>(answers: &mut BTreeMap<Hash160, T>, signer: Hash160, answer: T) {
    if answers.len() < SIGNERS_MAX || answers.contains_key(&signer) {
        answers.insert(signer, answer);
    }
}

/// A block in flight is wanted while it can still follow the tip. Another producer's is the elected one's to finish.
fn still_wanted(phase: &Phase, situation: &Situation) -> bool {
    match phase {
        Phase::Gathering { candidate, .. } | Phase::Pushed { candidate, .. } => {
            let is_among =
                |blocks: &[Candidate]| blocks.iter().any(|other| other.block.block_hash == candidate.block.block_hash);
            let finishes = situation.view.elected || matches!(phase, Phase::Pushed { .. });
            is_among(&situation.unfinished) || (finishes && is_among(&situation.others))
        }
        Phase::Offline | Phase::Waiting { .. } | Phase::Assembling { .. } | Phase::Confirming(_) | Phase::Signing => {
            false
        }
    }
}

fn failure_delay(failures: u32, advice: Option<Millis>) -> Millis {
    let doubled = RETRY_FIRST_MS.saturating_mul(1_u64.checked_shl(failures).unwrap_or(u64::MAX));
    advice.unwrap_or(doubled).min(RETRY_MOST_MS)
}

#[cfg(test)]
mod tests;
