//! Feeds the state machine with the node's events and performs its actions, one at a time.
//!
//! # Invariants
//! - An action's result is the machine's next input: no event comes between the two.
//! - A signature leaves only after [`Record::claim`] granted it.
//! - The place in the journal is kept only when nothing is in flight, so that a restart reads again all that was; and not for
//!   each block, since all that an older one costs is a restart that reads more.
//!
//! # Not here
//! Decisions: `decide`. Decoding messages: `messages`. Whether this signer is in the set and its token is taken: `standing`.

mod messages;
mod standing;

use std::collections::BTreeMap;
use std::time::Duration;

use client::{
    ActorError, Feed, FeedItem, Node, PutError, SlotWriter, Standing, is_refusal, reason, retry_delay, unary,
};
use nakamoto_proto::v1;
use nakamoto_proto::v1::event::Body;
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, StacksBlockId};
use stacks_types::keys::PrivateKey;
use stacks_types::proposal::SlotMessage;
use tokio::time::Instant;
use tonic::{Code, Status};

use messages::{decode, elected, outcome_of};

use crate::decide::{Action, Input, Machine};
use crate::model::{Millis, Outcome, Proposal, Refusal, Tips};
use crate::record::{Claim, Place, Record, RecordError, Sibling};

/// Time from an answer until the place in the journal is kept.
const PLACE_PAUSE: Duration = Duration::from_secs(1);

/// What the driver needs to know of the chain; it does not change.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// Account hash of this signer's key.
    pub signer: Hash160,
    /// This signer's Stacks address.
    pub address: String,
    /// Id of the contract whose slots hold proposals.
    pub producers_db: String,
    /// Id of the contract whose slots hold the signers' answers.
    pub signers_db: String,
}

/// One signer at work.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Connection to the node.
    pub node: Node,
    /// Event stream of that node.
    pub feed: Feed,
    /// What this signer has signed, on disk.
    pub record: Record,
    /// Key that signs blocks and StackerDB chunks.
    pub key: PrivateKey,
    /// The state machine that decides.
    pub machine: Machine,
    /// Facts that do not change.
    pub chain: Chain,
    /// Zero of the machine's clock.
    pub epoch: Instant,
    /// Place of the last run; `None` once the stream is open.
    pub last_run: Option<Place>,
    /// Proposals of the snapshot by slot id, until it is complete.
    pub snapshot: BTreeMap<u32, v1::StackerDbChunk>,
    /// Sequence and cursor of the last event, if the stream can resume after it.
    pub reached: Option<(u64, Vec<u8>)>,
    /// When the place is kept next, if there is another one.
    pub place_due: Option<Instant>,
    /// Writes this signer's slot at that burn tip: each reward cycle has its own slots.
    pub slot: Option<(BurnBlockHash, SlotWriter)>,
    /// Whether this signer is in the stacker set, as last logged.
    pub standing: Standing<bool>,
    /// Why the node refuses this signer; `None` while it does not.
    pub refused: Option<String>,
    /// The last answer to whether this signer is a stacker at a burn block.
    pub asked_at: Option<(BurnBlockHash, bool)>,
}

/// Why an action could not be done.
enum Failed {
    /// It may work later: after the time that the node advises, if it does.
    Later(Option<Duration>),
    /// The node refuses the caller, with this message: trying again does not help.
    Refused(String),
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        if is_refusal(&status) {
            return Self::Refused(status.message().to_owned());
        }
        match reason(&status) {
            Some(reason) => tracing::warn!(reason, code = ?status.code(), "{}", status.message()),
            None => tracing::warn!(code = ?status.code(), "{}", status.message()),
        }
        Self::Later(retry_delay(&status))
    }
}

impl From<RecordError> for Failed {
    fn from(error: RecordError) -> Self {
        tracing::error!(error = ?error, "the record of signed blocks failed; nothing is signed without it");
        Self::Later(None)
    }
}

impl Driver {
    /// Runs until the node refuses the event stream for good.
    ///
    /// # Errors
    /// [`ActorError`] when it does, or refuses the token.
    pub(crate) async fn run(&mut self) -> Result<(), ActorError> {
        loop {
            let machine = self.machine.deadline().map(|at| self.epoch + Duration::from_millis(at));
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
            self.say_when_not_in_the_set().await;
            if let Some(why) = self.refused.take() {
                return Err(ActorError::Token(why));
            }
        }
    }

    async fn step(&mut self, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next {
            let now = Millis::try_from(self.epoch.elapsed().as_millis()).unwrap_or(Millis::MAX);
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
        // What is in flight will be answered, and the place be due again.
        self.place_due = None;
        let (Some(tips), Some((sequence, cursor))) = (self.machine.resting_place(), &self.reached) else { return };
        let place = Place { cursor: cursor.clone(), sequence: *sequence, tips };
        if let Err(error) = self.record.set_place(&place) {
            // Nothing is lost: a restart reads more of the journal again.
            tracing::warn!(error = ?error, "the place in the journal was not kept");
        }
    }

    async fn on_item(&mut self, item: FeedItem) {
        match item {
            FeedItem::Opened { resumed, .. } => {
                self.snapshot.clear();
                if !resumed {
                    // The tips will be newer than the event.
                    self.reached = None;
                }
                let last_run = self.last_run.take();
                if let (true, Some(place)) = (resumed, last_run) {
                    self.step(Input::Tips { tips: place.tips, sequence: place.sequence }).await;
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
                // Before the event is handled: the work that it starts is then in flight, and the place is not kept yet.
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
        let already_signed = match self.record.signature_of(&proposal.block_hash) {
            Ok(signature) => signature.is_some(),
            Err(error) => {
                let _ = Failed::from(error);
                false
            }
        };
        self.step(Input::Proposal { proposal, already_signed }).await;
    }

    async fn perform(&mut self, action: Action) -> Input {
        let outcome = match action {
            Action::Validate(proposal) => self.validate(&proposal).await,
            Action::Sign(proposal) => self.sign(&proposal).await,
            Action::Refuse(block_hash, refusal) => self.refuse(block_hash, refusal).await,
            Action::Dismiss(block_hash, refusal) => {
                // The failure was logged already.
                let _ = self.refuse(block_hash, refusal).await;
                Ok(Input::Dismissed)
            }
        };
        outcome.unwrap_or_else(|failed| self.try_again(failed))
    }

    /// Makes an input of a failure. A refusal by the node ends [`Driver::run`] after it.
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

    async fn validate(&mut self, proposal: &Proposal) -> Result<Input, Failed> {
        if !self.is_asked(&proposal.burn_view).await? {
            return Ok(Input::Requested { id: String::new(), outcome: Some(Outcome::NotAsked) });
        }
        // Nearly always they are equal, which saves the call.
        if let Some(burn_tip) = self.machine.burn_tip()
            && burn_tip != proposal.burn_view
            && !self.is_burn_ancestor(proposal.burn_view, burn_tip).await?
        {
            let text = format!("burn view {} is not on the fork of burn tip {burn_tip}", proposal.burn_view);
            let refusal = Refusal::new(Refusal::STALE_BURN_VIEW, text);
            return Ok(Input::Requested { id: String::new(), outcome: Some(Outcome::Invalid(refusal)) });
        }
        let block = proposal.bytes.clone().into();
        let request = v1::RequestValidationRequest { block, ..v1::RequestValidationRequest::default() };
        let answer = unary(self.node.validation().request_validation(request)).await?;
        // Whether it is new or joined: a job that can be joined has not ended, and the event of its end comes in this stream.
        Ok(Input::Requested { id: answer.validation_id, outcome: None })
    }

    async fn sign(&mut self, proposal: &Proposal) -> Result<Input, Failed> {
        let signature = match self.record.signature_of(&proposal.block_hash)? {
            Some(signature) => signature,
            None => {
                let siblings = self.record.siblings_of(proposal)?;
                let mut on_other_forks = Vec::new();
                for sibling in siblings {
                    if self.is_on_other_fork(&sibling, proposal).await? {
                        on_other_forks.push(sibling);
                    }
                }
                let signature = self.key.sign(proposal.block_hash.as_bytes());
                match self.record.claim(proposal, &signature, &on_other_forks)? {
                    Claim::Granted => signature,
                    Claim::Conflict(sibling) => {
                        return self.refuse_conflict(proposal, sibling).await;
                    }
                }
            }
        };
        tracing::debug!(block_hash = %proposal.block_hash, chain_length = proposal.chain_length, "block signed");
        let message = SlotMessage::SignatureAccept { block_hash: proposal.block_hash, signature };
        self.send(&message).await
    }

    /// Whether the node says that neither burn view is the other's ancestor. With a burn block that it does not know the answer is
    /// no: to take them for one fork is the safe side.
    async fn is_on_other_fork(&self, sibling: &Sibling, proposal: &Proposal) -> Result<bool, Failed> {
        // A burn block that the node does not know proves nothing.
        for burn in [sibling.burn_view, proposal.burn_view] {
            if !self.is_burn_ancestor(burn, burn).await? {
                return Ok(false);
            }
        }
        let pairs = [(sibling.burn_view, proposal.burn_view), (proposal.burn_view, sibling.burn_view)];
        for (ancestor, descendant) in pairs {
            if self.is_burn_ancestor(ancestor, descendant).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the node says that a burn block is equal to or an ancestor of another; no when it does not know one of them.
    async fn is_burn_ancestor(&self, ancestor: BurnBlockHash, descendant: BurnBlockHash) -> Result<bool, Failed> {
        let request = v1::CheckBurnAncestorRequest {
            ancestor: ancestor.as_bytes().to_vec().into(),
            descendant: descendant.as_bytes().to_vec().into(),
        };
        match unary(self.node.burnchain().check_burn_ancestor(request)).await {
            Ok(answer) => Ok(answer.is_ancestor),
            Err(status) if status.code() == Code::NotFound => Ok(false),
            Err(status) => Err(status.into()),
        }
    }

    async fn refuse(&mut self, block_hash: BlockHash, refusal: Refusal) -> Result<Input, Failed> {
        tracing::info!(%block_hash, code = refusal.code, reason = refusal.text, "proposal refused");
        self.send(&SlotMessage::Reject { block_hash, reason_code: refusal.code, reason: refusal.text }).await
    }

    /// Refuses, and then puts the signature of the block in the way into the slot again: only that block can follow the parent now,
    /// and whoever has it can finish it, also when its producer is gone.
    async fn refuse_conflict(&mut self, proposal: &Proposal, signed: Sibling) -> Result<Input, Failed> {
        let text = format!("{} with the same parent was signed", signed.block_hash);
        self.refuse(proposal.block_hash, Refusal::new(Refusal::CONFLICTS, text)).await?;
        match self.record.signature_of(&signed.block_hash)? {
            Some(signature) => {
                self.send(&SlotMessage::SignatureAccept { block_hash: signed.block_hash, signature }).await
            }
            None => Ok(Input::Answered),
        }
    }

    async fn send(&mut self, message: &SlotMessage) -> Result<Input, Failed> {
        let Some(writer) = self.writer().await? else {
            tracing::debug!("this signer has no slot in .signers; its answer is not sent");
            return Ok(Input::Answered);
        };
        let (at, mut writer) = writer;
        let outcome = writer.put(&self.node, &self.key, &message.encode()).await;
        match outcome {
            Ok(_) => {
                self.slot = Some((at, writer));
                Ok(Input::Answered)
            }
            Err(PutError::Call(status)) => {
                self.slot = Some((at, writer));
                Err((*status).into())
            }
            Err(error @ PutError::Refused { .. }) => {
                // The slot may be another one by now.
                self.slot = None;
                tracing::error!(error = %error, "the answer was not stored");
                Err(Failed::Later(None))
            }
        }
    }

    /// The writer of this signer's slot at the burn tip; `None` when it has none.
    async fn writer(&mut self) -> Result<Option<(BurnBlockHash, SlotWriter)>, Failed> {
        let Some(burn_tip) = self.machine.burn_tip() else { return Ok(None) };
        match self.slot.take() {
            Some((at, writer)) if at == burn_tip => Ok(Some((at, writer))),
            old => {
                // Not from the set: a former member keeps its slot until the chain has reached the new cycle.
                let request = v1::ListSlotsRequest { contract_id: self.chain.signers_db.clone() };
                let answer = unary(self.node.stackerdb().list_slots(request)).await?;
                let Some(own) = answer.slots.iter().find(|slot| self.is_own(&slot.signer)) else { return Ok(None) };
                let writer = match old {
                    Some((_, writer)) if writer.slot_id() == own.slot_id => writer,
                    _ => SlotWriter::new(self.chain.signers_db.clone(), own.slot_id),
                };
                Ok(Some((burn_tip, writer)))
            }
        }
    }
}
