//! Feeds the state machine with the node's events and performs its actions, one at a time.
//!
//! # Invariants
//! - An action's result is the machine's next input: no event comes between the two.
//! - A signature leaves only after [`Record::claim`] granted its place.
//! - Dropping the driver at any await loses nothing that the next start cannot recover.
//!
//! # Not here
//! Decisions: `decide`. Signing: `seal`.

use std::sync::Arc;
use std::time::Duration;

use client::{ActorError, Failed, Feed, FeedItem, Node, PutError, SlotWriter, Standing, unary, with_causes, writer_of};
use nakamoto_proto::v1::event::Body;
use nakamoto_proto::v1::get_block_request::Block as BlockName;
use nakamoto_proto::v1::{self, DropReason, JobState, PushOutcome};
use stacks_types::ids::StacksBlockId;
use stacks_types::proposal::SlotMessage;
use tokio::time::Instant;
use tonic::Code;

use crate::args::ASSEMBLY_TIME;
use crate::convert;
use crate::decide::{Action, Input, Machine, NoTemplate};
use crate::model::{Candidate, Millis, ProducerContext, SignedBlock, StackerSet, Template, View};
use crate::proposals::Proposals;
use crate::record::{Claim, Record};
use crate::seal::{self, Keys, LastProof};

/// How long a request waits for its template: most are made in a millisecond. The others end with an event.
const TEMPLATE_WAIT: Duration = Duration::from_millis(20);

/// Facts of the chain that the driver needs; they do not change.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// This producer's Stacks address.
    pub address: String,
    /// Id of the contract whose slots hold proposals.
    pub producers_db: String,
    /// Id of the contract whose slots hold the signers' answers.
    pub signers_db: String,
}

/// One producer at work.
#[derive(Debug)]
pub(crate) struct Driver {
    /// Connection to the node.
    pub node: Node,
    /// Event stream of that node.
    pub feed: Feed,
    /// What this producer has signed, on disk.
    pub record: Record,
    /// Keys of this producer, for blocks and VRF proofs.
    pub keys: Keys,
    /// Proof of the newest tenure.
    pub last_proof: LastProof,
    /// The state machine that decides.
    pub machine: Machine,
    /// Facts of the chain.
    pub chain: Chain,
    /// Time that the node gets to assemble a block.
    pub assembly_time: Duration,
    /// Zero of the machine's clock.
    pub clock_start: Instant,
    /// The newest view; `None` before the first.
    pub view: Option<View>,
    /// Membership in the producer set, as last logged.
    pub standing: Standing<convert::Membership>,
    /// Writes this producer's slot; `None` until its id is known.
    pub slot: Option<SlotWriter>,
    /// Proposals that may follow the tip, this producer's included.
    pub proposals: Proposals,
}

impl Driver {
    /// Runs until the node refuses the event stream for good.
    ///
    /// # Errors
    /// [`ActorError`] when it refuses the stream or the token.
    pub(crate) async fn run(&mut self) -> Result<(), ActorError> {
        loop {
            let deadline = self.machine.deadline().map(|at| self.clock_start + Duration::from_millis(at));
            let timer = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let inputs = tokio::select! {
                biased;
                item = self.feed.next() => self.inputs_of(item?),
                () = timer => vec![Input::Tick],
            };
            for input in inputs {
                self.step(input).await?;
            }
        }
    }

    async fn step(&mut self, input: Input) -> Result<(), ActorError> {
        let mut next = Some(input);
        while let Some(input) = next {
            let now = self.now();
            next = match self.machine.on(now, input) {
                Some(action) => Some(self.perform(action).await?),
                None => None,
            };
        }
        Ok(())
    }

    fn now(&self) -> Millis {
        Millis::try_from(self.clock_start.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    fn inputs_of(&mut self, item: FeedItem) -> Vec<Input> {
        match item {
            FeedItem::Opened { .. } => {
                self.proposals.clear();
                Vec::new()
            }
            FeedItem::Live => Vec::new(),
            FeedItem::Snapshot(chunks) => self.inputs_of_chunks(chunks),
            FeedItem::SnapshotComplete { .. } => {
                tracing::info!("connected to the node");
                vec![Input::Started]
            }
            FeedItem::Lost { cause } => {
                tracing::warn!(cause, "connection to the node lost; connecting again");
                vec![Input::Lost]
            }
            FeedItem::Event { event, .. } => self.inputs_of_event(*event),
        }
    }

    fn inputs_of_event(&mut self, event: v1::Event) -> Vec<Input> {
        let sequence = event.sequence;
        match event.body {
            Some(Body::BurnBlock(burn)) if burn.is_canonical_tip => vec![Input::Moved(sequence)],
            Some(Body::TipChanged(changed)) => {
                if let Some(tip) = changed.new_tip.and_then(|tip| tip.block_id.as_ref().try_into().ok()) {
                    self.record.note_in_chain(&StacksBlockId(tip));
                }
                vec![Input::Moved(sequence)]
            }
            Some(Body::MiningChanged(_)) => vec![Input::Moved(sequence)],
            Some(Body::MempoolAccepted(_)) => vec![Input::Transaction(sequence)],
            // The dropped transaction took the time of those behind it.
            Some(Body::MempoolDropped(dropped)) if dropped.reason() == DropReason::OverExecutionLimits => {
                vec![Input::Transaction(sequence)]
            }
            Some(Body::TemplateFinished(finished)) => vec![Input::TemplateFinished(finished.template_id)],
            Some(Body::StackerdbChunks(chunks)) => self.inputs_of_chunks(chunks),
            Some(Body::BlockRejected(rejected)) => {
                let id = rejected.block.and_then(|block| block.block_id.as_ref().try_into().ok());
                let text = rejection_text(rejected.rejection.as_ref());
                id.map(|id| Input::BlockRejected(id, text)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn inputs_of_chunks(&mut self, chunks: v1::StackerDbChunks) -> Vec<Input> {
        if chunks.contract_id == self.chain.producers_db {
            let mut heard = Vec::new();
            for chunk in chunks.chunks {
                let Some(block) = convert::proposal(&chunk.data) else { continue };
                let block_hash = block.block_hash;
                self.proposals.keep(chunk.slot_id, block);
                if writer_of(chunk) == Some(self.keys.signing.public_key().hash160()) {
                    heard.push(Input::ProposalSeen(block_hash));
                }
            }
            return heard;
        }
        if chunks.contract_id != self.chain.signers_db {
            return Vec::new();
        }
        let input = |chunk: v1::StackerDbChunk| -> Option<Input> {
            let slot_id = chunk.slot_id;
            convert::answer(chunk).map(|(signer, answer)| Input::BlockResponse { slot_id, signer, answer })
        };
        chunks.chunks.into_iter().filter_map(input).collect()
    }

    async fn perform(&mut self, action: Action) -> Result<Input, ActorError> {
        let outcome = match action {
            Action::FetchView => self.fetch_view().await,
            Action::RequestTemplate { parent, burn_view, coinbase_nonce, allow_empty, assembly_time_halvings } => {
                let time = (self.assembly_time / 1_u32.checked_shl(assembly_time_halvings).unwrap_or(u32::MAX))
                    .max(ASSEMBLY_TIME.0);
                let request = v1::RequestTemplateRequest {
                    assembly_time: Some(prost_types::Duration {
                        seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
                        nanos: i32::try_from(time.subsec_nanos()).unwrap_or(0),
                    }),
                    parent_block_id: parent.as_bytes().to_vec().into(),
                    burn_block_hash: burn_view.as_bytes().to_vec().into(),
                    allow_empty,
                    wait: prost_types::Duration::try_from(TEMPLATE_WAIT).ok(),
                    // A request that is sent again after a lost answer counts once.
                    request_key: self.node.request_key(),
                    ..v1::RequestTemplateRequest::default()
                };
                self.request_template(request, coinbase_nonce).await
            }
            Action::FetchTemplate(id) => self.fetch_template(id).await,
            Action::Sign(template) => Ok(self.sign(&template)),
            Action::Propose(candidate) => self.propose(&candidate).await,
            Action::Push(candidate, signatures) => self.push(&candidate, signatures).await,
        };
        match outcome {
            Ok(input) => Ok(input),
            Err(Failed::Later(advice)) => {
                Ok(Input::CallFailed(advice.map(|d| Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX))))
            }
            Err(Failed::Refused(why)) => Err(ActorError::Token(why)),
        }
    }

    async fn fetch_view(&mut self) -> Result<Input, Failed> {
        let view = self.view_now().await?;
        self.log_membership(&view).await?;
        Ok(Input::ProducerContext(Box::new(self.context(view).await?)))
    }

    /// At a new burn tip, looks this producer up in the set and logs a change.
    async fn log_membership(&mut self, view: &View) -> Result<(), Failed> {
        if self.standing.is_known_at(&view.burn_tip) {
            return Ok(());
        }
        let request = v1::GetProducerSetRequest { burn_block_hash: view.burn_tip.as_bytes().to_vec().into() };
        let answer = match unary(self.node.burnchain().get_producer_set(request)).await {
            Ok(answer) => answer,
            // Bitcoin was reorganized meanwhile: the next view has another burn tip.
            Err(status) if status.code() == Code::NotFound => return Ok(()),
            Err(status) => return Err(status.into()),
        };
        let vrf_key = self.keys.vrf.public_key();
        let membership = convert::membership(&answer.producers, &self.chain.address, &vrf_key);
        if self.standing.learn(view.burn_tip, membership) {
            membership.log(&self.chain.address, &vrf_key);
        }
        Ok(())
    }

    async fn view_now(&self) -> Result<View, Failed> {
        let request = v1::GetProducerViewRequest { producer_address: self.chain.address.clone() };
        let answer = unary(self.node.templates().get_producer_view(request)).await?;
        Ok(convert::view(&answer)?)
    }

    /// Adds facts from the record and the slots to a view.
    async fn context(&mut self, view: View) -> Result<ProducerContext, Failed> {
        self.record.note_in_chain(&view.tip);
        self.proposals.drop_stale(view.tip, view.chain_length);
        let own: Vec<_> = self.record.children_of(&view.tip)?.into_iter().map(Arc::new).collect();
        let is_own = |block: &SignedBlock| own.iter().any(|own| own.block_hash == block.block_hash);
        let others = self.proposals.children_of(view.tip).filter(|block| !is_own(block));
        let others = self.candidates(&view, others.cloned().collect()).await?;
        let unfinished = self.candidates(&view, own).await?;
        let signed_here = self.record.is_signed(&view.burn_tip, view.chain_length.saturating_add(1))?;
        self.view = Some(view.clone());
        Ok(ProducerContext { view, unfinished, others, signed_here })
    }

    /// Those of these blocks whose burn views are on the fork of the burn tip.
    async fn candidates(&self, view: &View, blocks: Vec<Arc<SignedBlock>>) -> Result<Vec<Candidate>, Failed> {
        let mut candidates = Vec::new();
        for block in blocks {
            let stackers = if block.burn_view == view.burn_tip {
                Some(Arc::clone(&view.stackers))
            } else {
                self.stackers_if_on_fork(&block.burn_view.0, &view.burn_tip.0).await?
            };
            if let Some(stackers) = stackers {
                candidates.push(Candidate { block, stackers });
            }
        }
        Ok(candidates)
    }

    /// The stackers at a burn block; `None` when it is not on the fork of the burn tip.
    async fn stackers_if_on_fork(&self, burn: &[u8; 32], tip: &[u8; 32]) -> Result<Option<StackerSet>, Failed> {
        let request = v1::CheckBurnAncestorRequest { ancestor: burn.to_vec().into(), descendant: tip.to_vec().into() };
        match unary(self.node.burnchain().check_burn_ancestor(request)).await {
            Ok(answer) if answer.is_ancestor => {}
            // The node does not know the burn block, so it is on no fork: other producers may propose anything.
            Err(status) if status.code() != Code::NotFound => return Err(status.into()),
            Ok(_) | Err(_) => return Ok(None),
        }
        let request = v1::GetStackerSetRequest { burn_block_hash: burn.to_vec().into() };
        let answer = unary(self.node.burnchain().get_stacker_set(request)).await?;
        Ok(Some(convert::stackers(&answer.stackers)?))
    }

    async fn request_template(
        &mut self,
        mut request: v1::RequestTemplateRequest,
        coinbase_nonce: Option<u64>,
    ) -> Result<Input, Failed> {
        if let (Some(nonce), Some(view)) = (coinbase_nonce, &self.view) {
            match seal::coinbase(&self.keys, view, nonce) {
                Ok(coinbase) => request.coinbase = coinbase.into(),
                Err(error) => {
                    tracing::error!(error = with_causes(&error), "the coinbase cannot be signed");
                    return Err(Failed::Later(None));
                }
            }
        }
        let answer = unary(self.node.templates().request_template(request)).await?;
        match (answer.result, self.view.clone()) {
            // The view was fetched just before.
            (Some(result), Some(view)) => self.template_of(result, view).await,
            _ => Ok(Input::Requested(answer.template_id)),
        }
    }

    /// Fetches the view at the same time as the template: one wait instead of two for each block.
    async fn fetch_template(&mut self, template_id: String) -> Result<Input, Failed> {
        let request = v1::GetTemplateRequest { template_id, wait: None };
        let template = async { Ok::<_, Failed>(unary(self.node.templates().get_template(request)).await?) };
        let (answer, view) = tokio::try_join!(template, self.view_now())?;
        self.template_of(answer, view).await
    }

    /// The result of a template request, in the context of `view`.
    async fn template_of(&mut self, answer: v1::GetTemplateResponse, view: View) -> Result<Input, Failed> {
        let executing = convert::executing(&answer);
        let input = match (answer.state(), answer.template) {
            (JobState::Succeeded, Some(template)) => {
                let context = self.context(view).await?;
                Input::Template(Box::new(convert::template(template)?), Box::new(context))
            }
            (JobState::Pending, _) => Input::StillMade(executing),
            (state, _) => Input::NoTemplate(match answer.failure_reason.as_str() {
                "NO_TRANSACTIONS" => NoTemplate::NoTransactions,
                "ENDED_EARLY" => NoTemplate::EndedEarly,
                "TIP_MOVED" | "BURN_VIEW_MOVED" => NoTemplate::Moved,
                other => NoTemplate::Other(format!("{} {other} {}", state.as_str_name(), answer.failure_detail)),
            }),
        };
        Ok(input)
    }

    fn sign(&mut self, template: &Template) -> Input {
        let Some(view) = &self.view else { return Input::NotSigned };
        let block = match seal::seal(&self.keys, view, template, &mut self.last_proof) {
            Ok(block) => block,
            Err(error) => {
                tracing::error!(error = %error, "a template of the node was not signed");
                return Input::NotSigned;
            }
        };
        match self.record.claim(&block) {
            Ok(Claim::Granted) => {
                tracing::debug!(block_id = %block.block_id, chain_length = block.chain_length, "block signed");
                Input::Signed(Candidate { block: Arc::new(block), stackers: Arc::clone(&view.stackers) })
            }
            Ok(Claim::Taken(other)) => {
                tracing::warn!(%other, "another block was signed at this height of this tenure");
                Input::NotSigned
            }
            Err(error) => {
                let _ = Failed::from(error);
                Input::NotSigned
            }
        }
    }

    async fn propose(&mut self, candidate: &Candidate) -> Result<Input, Failed> {
        let Some(slot_id) = self.view.as_ref().and_then(|view| view.slot_id) else {
            tracing::error!(address = self.chain.address, "this producer has no slot in .producers");
            return Err(Failed::Later(None));
        };
        if self.slot.as_ref().is_none_or(|slot| slot.slot_id() != slot_id) {
            self.slot = Some(SlotWriter::new(self.chain.producers_db.clone(), slot_id));
        }
        let Some(slot) = &mut self.slot else { return Err(Failed::Later(None)) };
        let message = SlotMessage::BlockProposal { block: candidate.block.bytes.clone() };
        match slot.put(&self.node, &self.keys.signing, message.encode()).await {
            Ok(()) => {
                tracing::debug!(block_hash = %candidate.block.block_hash, "block proposed");
                Ok(Input::Proposed)
            }
            Err(PutError::Call(status)) => Err((*status).into()),
            Err(PutError::Refused(error)) => {
                tracing::error!(error = %error, "the proposal was not stored");
                Err(Failed::Later(None))
            }
        }
    }

    async fn push(
        &self,
        candidate: &Candidate,
        signatures: Vec<stacks_types::keys::MessageSignature>,
    ) -> Result<Input, Failed> {
        let well_known = self.view.as_ref().is_some_and(|view| view.well_known);
        let bytes = match seal::with_signatures(&candidate.block, signatures, well_known) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Input::Refused(format!("the recorded block is damaged: {error}"))),
        };
        let answer = unary(self.node.blocks().push_block(v1::PushBlockRequest { block: bytes.into() })).await?;
        match (answer.outcome(), answer.rejection) {
            (PushOutcome::Accepted, _) => Ok(Input::Stored),
            (PushOutcome::AlreadyKnown, None) => self.state_of(candidate).await,
            (_, rejection) => Ok(Input::Refused(rejection_text(rejection.as_ref()))),
        }
    }

    async fn state_of(&self, candidate: &Candidate) -> Result<Input, Failed> {
        let id = candidate.block.block_id.as_bytes().to_vec().into();
        let request = v1::GetBlockRequest { block: Some(BlockName::BlockId(id)), ..v1::GetBlockRequest::default() };
        let answer = unary(self.node.blocks().get_block(request)).await?;
        Ok(match answer.state() {
            v1::BlockState::Processed => Input::AlreadyProcessed,
            v1::BlockState::Orphaned => Input::Refused("found invalid before".to_owned()),
            v1::BlockState::Stored | v1::BlockState::Unspecified => Input::Stored,
        })
    }
}

fn rejection_text(rejection: Option<&v1::Rejection>) -> String {
    rejection.map_or_else(
        || "no reason given".to_owned(),
        |rejection| format!("{}: {}", rejection.reason().as_str_name(), rejection.detail),
    )
}
