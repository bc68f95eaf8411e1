//! A small world for the machine: a chain, a journal, three signers that judge proposals by their place in the journal, and
//! faults. Checks safety after every step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use stacks_types::address::StacksAddress;
use stacks_types::ids::{BlockHash, BurnBlockHash, Hash160, SortitionHash, StacksBlockId, Txid};
use stacks_types::keys::{LowS, MessageSignature, PrivateKey};

use crate::collect::Votes;
use crate::decide::{Action, Input, Machine, NoTemplate, Policy};
use crate::model::{
    BlockResponse, Candidate, Executing, Millis, Mining, MiningMode, ProducerContext, SignedBlock, Stacker, StackerSet,
    Template, View,
};

pub(super) const MIXED: Mining = Mining { mode: MiningMode::Mixed, interval_ms: None, wanted: false };
pub(super) const POLICY: Policy = Policy { block_interval_ms: 1_000, proposal_timeout_ms: 5_000 };

pub(super) struct Signer {
    pub(super) key: PrivateKey,
    pub(super) up: bool,
    /// Signed block by parent: all burn blocks of the world are on one fork.
    pub(super) signed: BTreeMap<StacksBlockId, BlockHash>,
    /// Proposals not read yet, each with the verdict that follows from its place in the journal.
    pub(super) unread: VecDeque<(Arc<SignedBlock>, bool)>,
}

pub(super) struct World {
    pub(super) now: Millis,
    pub(super) sequence: u64,
    pub(super) tip: StacksBlockId,
    pub(super) chain_length: u64,
    pub(super) tip_burn: u8,
    pub(super) burn: u8,
    pub(super) mempool: u64,
    pub(super) minable: bool,
    pub(super) counter: u8,
    pub(super) elected: bool,
    pub(super) mining: Mining,
    pub(super) signers: Vec<Signer>,
    pub(super) stackers: StackerSet,
    /// The previous set, and the first burn block with the new one.
    pub(super) earlier_stackers: Option<(u8, StackerSet)>,
    /// The record that survives a crash of the producer, by burn view and chain length.
    pub(super) record: BTreeMap<(BurnBlockHash, u64), Arc<SignedBlock>>,
    pub(super) templates: BTreeMap<String, Template>,
    /// Newest answer of each signer, as in the node's StackerDB: a stream's snapshot begins with them.
    pub(super) slots: BTreeMap<u32, (Hash160, BlockResponse)>,
    pub(super) others: Vec<Arc<SignedBlock>>,
    /// Blocks that no signer ever signs.
    pub(super) invalid: BTreeSet<BlockHash>,
    pub(super) events: VecDeque<Input>,
    pub(super) machine: Machine,
    pub(super) fail_next_call: bool,
    /// Whether template fetches find unfinished templates.
    pub(super) still_made: bool,
    /// Whether templates end before all transactions were tried.
    pub(super) ended_early: bool,
    /// Value in the last template request.
    pub(super) assembly_time_halvings: u32,
    pub(super) pushes: u32,
    pub(super) policy: Policy,
}

fn signer(seed: u8) -> Signer {
    Signer { key: PrivateKey::from_seed(&[seed, 1]), up: true, signed: BTreeMap::new(), unread: VecDeque::new() }
}

/// A set of all of them, each with a weight of 1.
fn set_of(signers: &[Signer]) -> StackerSet {
    let address = |signer: &Signer| StacksAddress::p2pkh(&signer.key.public_key(), false);
    signers.iter().map(|signer| Stacker { address: address(signer), weight: 1 }).collect()
}

fn stackers_at(newest: &StackerSet, earlier: Option<&(u8, StackerSet)>, burn_view: BurnBlockHash) -> StackerSet {
    match earlier {
        Some((first, earlier)) if burn_view.0[0] < *first => Arc::clone(earlier),
        _ => Arc::clone(newest),
    }
}

fn id(text: String) -> [u8; 32] {
    stacks_types::hashing::sha512_256(&[text.as_bytes()])
}

impl World {
    pub(super) fn new(policy: Policy) -> Self {
        let signers: Vec<_> = (0..3).map(signer).collect();
        let stackers = set_of(&signers);
        let mut world = Self {
            now: 0,
            sequence: 1,
            tip: StacksBlockId(id("boot".to_owned())),
            chain_length: 0,
            tip_burn: 0,
            burn: 1,
            mempool: 0,
            minable: true,
            counter: 0,
            elected: true,
            mining: MIXED,
            signers,
            stackers,
            earlier_stackers: None,
            record: BTreeMap::new(),
            templates: BTreeMap::new(),
            slots: BTreeMap::new(),
            others: Vec::new(),
            invalid: BTreeSet::new(),
            events: VecDeque::new(),
            machine: Machine::new(policy),
            fail_next_call: false,
            still_made: false,
            ended_early: false,
            assembly_time_halvings: 0,
            pushes: 0,
            policy,
        };
        world.input(Input::Started);
        world
    }

    fn stackers_at(&self, burn_view: BurnBlockHash) -> StackerSet {
        stackers_at(&self.stackers, self.earlier_stackers.as_ref(), burn_view)
    }

    /// From the next burn block, the stackers are the first `staying` ones and `new` new ones.
    pub(super) fn change_stackers(&mut self, staying: usize, new: u8) {
        self.signers.extend((0..new).map(|i| signer(100 + i)));
        let earlier = std::mem::replace(&mut self.stackers, [].into());
        let new = set_of(&self.signers[earlier.len()..]);
        self.stackers = earlier[..staying].iter().chain(new.iter()).cloned().collect();
        self.burn_block();
        self.earlier_stackers = Some((self.burn, earlier));
    }

    pub(super) fn burn_hash(&self) -> BurnBlockHash {
        BurnBlockHash([self.burn; 32])
    }

    pub(super) fn input(&mut self, input: Input) {
        let mut next = Some(input);
        let mut steps = 0;
        while let Some(input) = next {
            steps += 1;
            assert!(steps < 1_000, "the machine acts without end in {:?}", self.machine);
            next = self.machine.on(self.now, input).map(|action| self.perform(action));
        }
    }

    pub(super) fn perform(&mut self, action: Action) -> Input {
        if std::mem::take(&mut self.fail_next_call) {
            return Input::CallFailed(None);
        }
        match action {
            Action::FetchView => Input::ProducerContext(Box::new(self.context())),
            Action::RequestTemplate { parent, burn_view, coinbase_nonce, allow_empty, assembly_time_halvings } => {
                self.assembly_time_halvings = assembly_time_halvings;
                self.make_template(parent, burn_view, coinbase_nonce, allow_empty)
            }
            Action::FetchTemplate(_) if self.still_made => {
                Input::StillMade(Some(Executing { txid: Txid([7; 32]), time_ms: 1 }))
            }
            Action::FetchTemplate(_) if self.ended_early => Input::NoTemplate(NoTemplate::EndedEarly),
            Action::FetchTemplate(id) => match self.templates.get(&id) {
                Some(template) => Input::Template(Box::new(template.clone()), Box::new(self.context())),
                None => Input::NoTemplate(NoTemplate::NoTransactions),
            },
            Action::Sign(template) => self.sign(&template),
            Action::Propose(candidate) => {
                // It is of the burn tip's tenure, or of an earlier one and proposed by the producer that is elected
                // now.
                let in_time = candidate.block.parent == self.tip
                    && (candidate.block.burn_view == self.burn_hash() || self.elected);
                for signer in &mut self.signers {
                    signer.unread.push_back((Arc::clone(&candidate.block), in_time));
                }
                self.events.push_back(Input::ProposalSeen(candidate.block.block_hash));
                Input::Proposed
            }
            Action::Push(candidate, signatures) => self.push(&candidate, &signatures),
        }
    }

    pub(super) fn context(&self) -> ProducerContext {
        let unfinished = self.record.values().filter(|block| block.parent == self.tip);
        let unfinished =
            unfinished.map(|block| Candidate { block: Arc::clone(block), stackers: self.stackers_at(block.burn_view) });
        ProducerContext {
            view: View {
                tip: self.tip,
                chain_length: self.chain_length,
                burn_tip: self.burn_hash(),
                new_tenure: self.tip_burn != self.burn,
                elected: self.elected,
                nonce: u64::from(self.burn),
                mempool_count: self.mempool,
                well_known: false,
                chain_id: 1,
                mainnet: false,
                stackers: Arc::clone(&self.stackers),
                sequence: self.sequence,
                slot_id: Some(0),
                mining: self.mining,
            },
            unfinished: unfinished.collect(),
            others: self
                .others
                .iter()
                .filter(|block| block.parent == self.tip)
                .map(|block| Candidate { block: Arc::clone(block), stackers: self.stackers_at(block.burn_view) })
                .collect(),
            signed_here: self.record.contains_key(&(self.burn_hash(), self.chain_length + 1)),
        }
    }

    pub(super) fn make_template(
        &mut self,
        parent: StacksBlockId,
        burn_view: BurnBlockHash,
        coinbase_nonce: Option<u64>,
        allow_empty: bool,
    ) -> Input {
        let new_tenure = self.tip_burn != self.burn;
        let id = format!("template {}", self.templates.len());
        let transactions =
            if self.minable { usize::try_from(self.mempool).unwrap() } else { 0 } + usize::from(new_tenure);
        self.counter += 1;
        if parent == self.tip && burn_view == self.burn_hash() {
            assert_eq!(coinbase_nonce.is_some(), new_tenure);
            if transactions > 0 || allow_empty {
                let template = Template {
                    bytes: vec![self.counter],
                    parent,
                    burn_view,
                    sortition_hash: SortitionHash([0; 32]),
                    new_tenure,
                    transactions,
                };
                self.templates.insert(id.clone(), template);
            }
        }
        self.events.push_back(Input::TemplateFinished(id.clone()));
        Input::Requested(id)
    }

    pub(super) fn sign(&mut self, template: &Template) -> Input {
        assert_eq!(
            (template.parent, template.burn_view),
            (self.tip, self.burn_hash()),
            "signed off the canonical tips"
        );
        assert!(self.elected);
        let chain_length = self.chain_length + 1;
        let block_hash = BlockHash(id(format!("block {:?}", template.bytes)));
        let block = Arc::new(SignedBlock {
            block_hash,
            block_id: StacksBlockId(block_hash.0),
            parent: template.parent,
            burn_view: template.burn_view,
            chain_length,
            bytes: template.bytes.clone(),
        });
        let before = self.record.insert((template.burn_view, chain_length), Arc::clone(&block));
        assert_eq!(before, None, "two blocks signed at one height of one tenure");
        Input::Signed(Candidate { block, stackers: Arc::clone(&self.stackers) })
    }

    pub(super) fn push(&mut self, candidate: &Candidate, signatures: &[MessageSignature]) -> Input {
        let mut votes = Votes::new(self.stackers_at(candidate.block.burn_view));
        let mut accept = |signature: &MessageSignature| {
            let key = signature.recover(candidate.block.block_hash.as_bytes(), LowS::Lax).unwrap();
            votes.accept(&key.hash160(), signature)
        };
        assert!(signatures.iter().all(&mut accept) && votes.is_enough(), "pushed without enough signatures");
        self.pushes += 1;
        if candidate.block.block_id == self.tip {
            return Input::AlreadyProcessed;
        }
        if candidate.block.parent != self.tip {
            return Input::Refused("HAS_SIBLING".to_owned());
        }
        self.tip = candidate.block.block_id;
        self.chain_length = candidate.block.chain_length;
        self.tip_burn = candidate.block.burn_view.0[0];
        if self.minable {
            self.mempool = 0;
        }
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
        Input::Stored
    }

    pub(super) fn signers_read(&mut self, index: usize) {
        let signer = &mut self.signers[index];
        if !signer.up {
            return;
        }
        let account = signer.key.public_key().hash160();
        while let Some((block, in_time)) = signer.unread.pop_front() {
            let stackers = stackers_at(&self.stackers, self.earlier_stackers.as_ref(), block.burn_view);
            if stackers.iter().all(|stacker| stacker.address.hash160() != account) {
                continue;
            }
            let before = signer.signed.get(&block.parent).copied();
            let signs = before == Some(block.block_hash)
                || (in_time && before.is_none() && !self.invalid.contains(&block.block_hash));
            let answer = if signs {
                signer.signed.insert(block.parent, block.block_hash);
                BlockResponse::Accept {
                    block_hash: block.block_hash,
                    signature: signer.key.sign(block.block_hash.as_bytes()),
                }
            } else {
                BlockResponse::Reject { block_hash: block.block_hash, code: 1, text: "stale".to_owned() }
            };
            let slot_id = u32::try_from(index).unwrap();
            self.slots.insert(slot_id, (account, answer.clone()));
            self.events.push_back(Input::BlockResponse { slot_id, signer: account, answer });
        }
    }

    pub(super) fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            let Some(event) = self.events.pop_front() else { return };
            self.input(event);
        }
    }

    pub(super) fn settle(&mut self) {
        for _ in 0..50 {
            (0..self.signers.len()).for_each(|i| self.signers_read(i));
            self.deliver(usize::MAX);
        }
    }

    /// Moves time to the machine's deadline or by `most`, whichever is sooner.
    pub(super) fn pass(&mut self, most: Millis) {
        let until = self.now + most;
        self.now = self.machine.deadline().map_or(until, |deadline| deadline.clamp(self.now, until));
        if self.machine.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.input(Input::Tick);
        }
    }

    pub(super) fn burn_block(&mut self) {
        self.burn += 1;
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
    }

    /// A tenure of another producer that proposes a block and disappears; then this producer is elected. Only the first
    /// `seen_by` signers judge the block in time: the others began to read the journal too late. If a block on the tip
    /// is outstanding it is proposed again, as every producer does, and all signers judge it in time.
    pub(super) fn other_tenure(&mut self, seen_by: usize) -> BlockHash {
        self.elected = false;
        self.burn_block();
        let mut outstanding = self.others.iter().chain(self.record.values()).filter(|block| block.parent == self.tip);
        let (other, seen_by) = match outstanding.next() {
            Some(block) => (Arc::clone(block), self.signers.len()),
            None => {
                let block_hash = BlockHash(id(format!("other {} {}", self.burn, self.tip)));
                let other = Arc::new(SignedBlock {
                    block_hash,
                    block_id: StacksBlockId(block_hash.0),
                    parent: self.tip,
                    burn_view: self.burn_hash(),
                    chain_length: self.chain_length + 1,
                    bytes: vec![self.burn],
                });
                self.others.push(Arc::clone(&other));
                (other, seen_by)
            }
        };
        for (index, signer) in self.signers.iter_mut().enumerate() {
            // A signer that is down reads it when it is up again.
            signer.unread.push_back((Arc::clone(&other), index < seen_by));
        }
        (0..self.signers.len()).for_each(|i| self.signers_read(i));
        self.elected = true;
        self.burn_block();
        other.block_hash
    }

    /// Makes the tip a block that this producer did not begin.
    pub(super) fn tip_of_another(&mut self, id: u8) {
        self.tip = StacksBlockId([id; 32]);
        self.chain_length += 1;
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
    }

    pub(super) fn set_mining(&mut self, mining: Mining) {
        self.mining = mining;
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
    }

    pub(super) fn transaction(&mut self) {
        self.mempool += 1;
        self.sequence += 1;
        self.events.push_back(Input::Transaction(self.sequence));
    }

    pub(super) fn reopen(&mut self, crash: bool) {
        self.events.clear();
        if crash {
            self.machine = Machine::new(self.policy);
        } else {
            self.input(Input::Lost);
        }
        for (slot_id, (signer, answer)) in self.slots.clone() {
            self.input(Input::BlockResponse { slot_id, signer, answer });
        }
        self.input(Input::Started);
    }
}
