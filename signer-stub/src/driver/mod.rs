//! Feeds the state machine with the node's events and performs its actions, one at a time.
//!
//! # Invariants
//! - An action's result is the machine's next input: no event comes between the two.
//! - The signers of the process answer a proposal in one call; if some could not, only those try again.
//! - The place in the journal is stored only when nothing is in flight, so that a restart reads all unanswered
//!   proposals again; and not for each block, since an older place only makes a restart read more.
//!
//! # Not here
//! Decisions: `decide`. Decoding messages: `messages`. Answers to proposals: `answers`; each signer's own part in them,
//! its record and its slot: `signer`. Membership in the stacker set, and whether the node accepts the token:
//! `standing`. Burn blocks on forks: `forks`.

mod answers;
mod forks;
mod messages;
mod signer;
mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use client::{ActorError, Failed, Feed, FeedItem, Node, unary, with_causes};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use stacks_types::ids::{BurnBlockHash, Hash160, StacksBlockId};
use tokio::time::Instant;

pub(crate) use signer::Signer;

use answers::Slots;
use forks::is_burn_ancestor;
use messages::{decode, elected, outcome_of};
use signer::Answer;

use crate::decide::{Action, Input, Machine};
use crate::lost;
use crate::model::{Chain, Millis, Outcome, Proposal, Refusal, Tips};
use crate::record::Checkpoint;

/// Time from an answer until the place in the journal is stored.
const PLACE_PAUSE: Duration = Duration::from_secs(1);

/// How long a request waits for its verdict: most are made in a millisecond. The others end with an event.
const VERDICT_WAIT: Duration = Duration::from_millis(20);

/// The signers of one process at work.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Connection to the node.
    pub node: Node,
    /// Event stream of that node.
    pub feed: Feed,
    /// One for each key.
    pub signers: Vec<Signer>,
    /// The state machine that decides.
    pub machine: Machine,
    /// Facts of the chain.
    pub chain: Chain,
    /// Zero of the machine's clock.
    pub clock_start: Instant,
    /// Checkpoint of the last run; `None` once the stream is open.
    pub last_run: Option<Checkpoint>,
    /// Proposals of the snapshot by slot id, until it is complete.
    pub snapshot: BTreeMap<u32, v1::StackerDbChunk>,
    /// Sequence and cursor of the last event, if the stream can resume after it.
    pub reached: Option<(u64, Vec<u8>)>,
    /// When the place is stored next, if there is a new one.
    pub place_due: Option<Instant>,
    /// Why the node refuses the signers; `None` while it does not.
    pub refused: Option<String>,
    /// Accounts of the signers that are stackers at a burn block, by the node's last answer.
    pub asked_at: Option<(BurnBlockHash, BTreeSet<Hash160>)>,
    /// Slots of the signers' answers at a burn tip: each reward cycle has its own.
    pub slots: Option<(BurnBlockHash, Arc<Slots>)>,
}

impl Driver {
    /// Runs until the node refuses the event stream for good.
    ///
    /// # Errors
    /// [`ActorError`] when it refuses the stream or the token.
    pub(crate) async fn run(&mut self) -> Result<(), ActorError> {
        loop {
            let machine = self.machine.deadline().map(|at| self.clock_start + Duration::from_millis(at));
            let deadline = machine.into_iter().chain(self.place_due).min();
            let timer = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                item = self.feed.next() => self.on_item(item?).await,
                () = timer => {
                    self.keep_place_if_due();
                    self.step(Input::Tick).await;
                }
            }
            self.log_members().await;
            if let Some(why) = self.refused.take() {
                return Err(ActorError::Token(why));
            }
        }
    }

    async fn step(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next {
            let now = Millis::try_from(self.clock_start.elapsed().as_millis()).unwrap_or(Millis::MAX);
            let answered = matches!(input, Input::Answered);
            next = match self.machine.on(now, input) {
                Some(action) => Some(self.perform(action).await),
                None => None,
            };
            if answered && next.is_none() {
                self.place_due.get_or_insert_with(|| Instant::now() + PLACE_PAUSE);
            }
        }
    }

    fn keep_place_if_due(&mut self) {
        if self.place_due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        // Work in flight will be answered, and then the place is due again.
        self.place_due = None;
        let (Some(tips), Some((sequence, cursor))) = (self.machine.resume_tips(), &self.reached) else { return };
        let checkpoint = Checkpoint { cursor: cursor.clone(), sequence: *sequence, tips };
        for signer in &self.signers {
            if let Err(error) = signer.record.set_checkpoint(&checkpoint) {
                // Nothing is lost: a restart reads more of the journal again.
                tracing::warn!(error = with_causes(&error), "the place in the journal was not kept");
            }
        }
    }

    async fn on_item(&mut self, item: FeedItem) {
        match item {
            FeedItem::Opened { resumed, started } => {
                self.snapshot.clear();
                if !resumed {
                    for signer in &self.signers {
                        lost::log_older_node(&signer.folder, &signer.record, started.newest_sequence);
                    }
                    // The fetched tips will be newer than that event.
                    self.reached = None;
                }
                let last_run = self.last_run.take();
                if let (true, Some(checkpoint)) = (resumed, last_run) {
                    self.step(Input::Tips { tips: checkpoint.tips, sequence: checkpoint.sequence }).await;
                }
            }
            FeedItem::Snapshot(chunks) => {
                for chunk in self.proposals_of(chunks) {
                    self.snapshot.insert(chunk.slot_id, chunk);
                }
            }
            FeedItem::SnapshotComplete { .. } => self.start_anew().await,
            FeedItem::Live => {
                tracing::info!("connected to the node");
                self.check_token().await;
                self.step(Input::Live).await;
            }
            FeedItem::Lost { cause } => {
                tracing::warn!(cause, "connection to the node lost; connecting again");
                self.step(Input::Lost).await;
            }
            FeedItem::Event { event, cursor } => {
                // Before the event is handled: its work is then in flight, and the place is not stored yet.
                self.reached = cursor.map(|cursor| (event.sequence, cursor.to_vec()));
                self.on_event(*event).await;
            }
        }
    }

    /// Starts at the end of the journal: tips come from a call, proposals from the snapshot.
    async fn start_anew(&mut self) {
        match self.fetch_tips().await {
            Ok((tips, sequence)) => {
                self.step(Input::Tips { tips, sequence }).await;
                for chunk in std::mem::take(&mut self.snapshot).into_values() {
                    // An old chunk in a slot needs no answer.
                    if let Some(proposal) = decode(chunk)
                        && proposal.parent == tips.tip
                    {
                        self.on_proposal(proposal).await;
                    }
                }
            }
            Err(failed) => {
                let _ = self.try_again(failed);
                self.feed.start_anew();
            }
        }
    }

    async fn fetch_tips(&self) -> Result<(Tips, u64), Failed> {
        let answer = unary(self.node.blocks().get_tip(v1::GetTipRequest {})).await?;
        let unusable = || {
            tracing::error!("the node's tip cannot be used");
            Failed::Later(None)
        };
        let (tip, burn_tip) = answer.tip.zip(answer.burn_tip).ok_or_else(unusable)?;
        let (burn_hash, elected) = elected(&burn_tip).ok_or_else(unusable)?;
        let tips = Tips {
            tip: StacksBlockId::try_from(tip.block_id.as_ref()).map_err(|_| unusable())?,
            chain_length: tip.chain_length,
            burn_tip: burn_hash,
            elected,
        };
        Ok((tips, answer.sequence))
    }

    async fn on_event(&mut self, event: v1::Event) {
        let sequence = event.sequence;
        let input = match event.body {
            Some(Body::BurnBlock(burn)) if burn.is_canonical_tip => burn
                .burn_block
                .and_then(|burn| elected(&burn))
                .map(|(burn_tip, elected)| Input::BurnBlock { sequence, burn_tip, elected }),
            Some(Body::TipChanged(changed)) => changed.new_tip.and_then(|tip| {
                let id = StacksBlockId::try_from(tip.block_id.as_ref()).ok()?;
                Some(Input::TipChanged { sequence, tip: id, chain_length: tip.chain_length })
            }),
            Some(Body::ValidationFinished(finished)) => {
                let outcome = outcome_of(finished.state(), finished.verdict);
                Some(Input::Finished { id: finished.validation_id, outcome })
            }
            Some(Body::StackerdbChunks(chunks)) => {
                for chunk in self.proposals_of(chunks) {
                    if let Some(proposal) = decode(chunk) {
                        self.on_proposal(proposal).await;
                    }
                }
                None
            }
            _ => None,
        };
        if let Some(input) = input {
            self.step(input).await;
        }
    }

    fn proposals_of(&self, chunks: v1::StackerDbChunks) -> Vec<v1::StackerDbChunk> {
        if chunks.contract_id == self.chain.producers_db { chunks.chunks } else { Vec::new() }
    }

    async fn on_proposal(&mut self, proposal: Box<Proposal>) {
        // A block that was answered before is answered again when it is proposed again.
        self.signers.iter_mut().for_each(|signer| signer.answered = None);
        // One is enough: the block was validated before that signature.
        let already_signed = self.signers.iter().any(|signer| signer.has_signed(&proposal.block_hash));
        self.step(Input::Proposal { proposal, already_signed }).await;
    }

    async fn perform(&mut self, action: Action) -> Input {
        let outcome = match action {
            Action::Validate(proposal) => self.validate(&proposal).await,
            Action::Sign(proposal) => self.answer(&Answer::Sign(proposal)).await,
            Action::Refuse(block_hash, refusal) => self.answer(&Answer::Refuse(block_hash, refusal)).await,
            Action::Dismiss(block_hash, refusal) => {
                // The failure was logged already.
                let _ = self.answer(&Answer::Refuse(block_hash, refusal)).await;
                Ok(Input::Dismissed)
            }
        };
        outcome.unwrap_or_else(|failed| self.try_again(failed))
    }

    /// Turns a failure into an input. If the node refuses the signer, [`Driver::run`] ends after it.
    fn try_again(&mut self, failed: Failed) -> Input {
        match failed {
            Failed::Later(advice) => {
                Input::CallFailed(advice.map(|d| Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX)))
            }
            Failed::Refused(why) => {
                self.refused = Some(why);
                Input::CallFailed(None)
            }
        }
    }

    /// Has the node validate a proposal, once for all signers of the process.
    async fn validate(&mut self, proposal: &Proposal) -> Result<Input, Failed> {
        let asked = self.asked_at(&proposal.burn_view).await?;
        // A stacker's requests also have a lane of their own in the node.
        let Some(signer) = self.signers.iter().find(|signer| asked.contains(&signer.account)) else {
            return Ok(Input::Requested { id: String::new(), outcome: Some(Outcome::NotAsked) });
        };
        let node = &signer.node;
        // Nearly always the two are equal, which saves the call.
        if let Some(burn_tip) = self.machine.burn_tip()
            && burn_tip != proposal.burn_view
            && !is_burn_ancestor(node, proposal.burn_view, burn_tip).await?
        {
            let text = format!("burn view {} is not on the fork of burn tip {burn_tip}", proposal.burn_view);
            let refusal = Refusal::new(Refusal::STALE_BURN_VIEW, text);
            return Ok(Input::Requested { id: String::new(), outcome: Some(Outcome::Invalid(refusal)) });
        }
        let block = proposal.bytes.clone().into();
        let wait = prost_types::Duration::try_from(VERDICT_WAIT).ok();
        let request_key = node.request_key();
        let request = v1::RequestValidationRequest { block, wait, request_key, ..Default::default() };
        let answer = unary(node.validation().request_validation(request)).await?;
        // Without a result, a new job and a joined one are alike: a job that can be joined has not ended, and its end
        // is an event in this stream.
        let outcome = answer.result.map(|result| outcome_of(result.state(), result.verdict));
        Ok(Input::Requested { id: answer.validation_id, outcome })
    }
}
