//! The machine in a small world: a chain, a journal, three signers who judge proposals by their place in the journal,
//! and faults. Checks safety after every step and liveness once the faults end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use nakamoto_proto::address::StacksAddress;
use nakamoto_proto::ids::SortitionHash;
use nakamoto_proto::keys::PrivateKey;
use proptest::prelude::*;

use super::*;
use crate::model::{Mining, SignedBlock, Stacker, StackerSet};

const MIXED: Mining = Mining { mode: MiningMode::Mixed, interval_ms: None, wanted: false };
const POLICY: Policy = Policy { block_interval_ms: 1_000, proposal_timeout_ms: 5_000 };

struct Signer {
    key: PrivateKey,
    up: bool,
    /// By parent; all burn blocks of the world are on one fork.
    signed: BTreeMap<StacksBlockId, BlockHash>,
    /// Proposals it has not read yet, each with the verdict that its place in the journal gives.
    unread: VecDeque<(Arc<SignedBlock>, bool)>,
}

struct World {
    now: Millis,
    sequence: u64,
    tip: StacksBlockId,
    chain_length: u64,
    tip_burn: u8,
    burn: u8,
    mempool: u64,
    minable: bool,
    counter: u8,
    elected: bool,
    mining: Mining,
    signers: Vec<Signer>,
    stackers: StackerSet,
    /// What survives a crash of the producer.
    record: BTreeMap<(BurnBlockHash, u64), Arc<SignedBlock>>,
    templates: BTreeMap<String, Template>,
    /// The newest answer of each signer, as the node's StackerDB has it: a stream's snapshot begins with them.
    slots: BTreeMap<Hash160, Answer>,
    others: Vec<Arc<SignedBlock>>,
    /// Blocks that no signer ever signs.
    invalid: BTreeSet<BlockHash>,
    events: VecDeque<Input>,
    machine: Machine,
    fail_next_call: bool,
    /// Of the template that was asked for last.
    haste: u32,
    pushes: u32,
    policy: Policy,
}

fn id(text: String) -> [u8; 32] {
    nakamoto_proto::hashing::sha512_256(&[text.as_bytes()])
}

impl World {
    fn new(policy: Policy) -> Self {
        let keys: Vec<_> = (0..3_u8).map(|i| PrivateKey::from_seed(&[i, 1])).collect();
        let stackers =
            keys.iter().map(|key| Stacker { address: StacksAddress::p2pkh(&key.public_key(), false), weight: 1 });
        let stackers: StackerSet = stackers.collect();
        let signer = |key| Signer { key, up: true, signed: BTreeMap::new(), unread: VecDeque::new() };
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
            signers: keys.into_iter().map(signer).collect(),
            stackers,
            record: BTreeMap::new(),
            templates: BTreeMap::new(),
            slots: BTreeMap::new(),
            others: Vec::new(),
            invalid: BTreeSet::new(),
            events: VecDeque::new(),
            machine: Machine::new(policy),
            fail_next_call: false,
            haste: 0,
            pushes: 0,
            policy,
        };
        world.input(Input::Started);
        world
    }

    fn burn_hash(&self) -> BurnBlockHash {
        BurnBlockHash([self.burn; 32])
    }

    fn input(&mut self, input: Input) {
        let mut next = Some(input);
        let mut steps = 0;
        while let Some(input) = next {
            steps += 1;
            assert!(steps < 1_000, "the machine acts without end in {:?}", self.machine);
            next = self.machine.on(self.now, input).map(|action| self.perform(action));
        }
    }

    fn perform(&mut self, action: Action) -> Input {
        if std::mem::take(&mut self.fail_next_call) {
            return Input::CallFailed(None);
        }
        match action {
            Action::FetchView => Input::Situation(Box::new(self.situation())),
            Action::RequestTemplate { parent, burn_view, coinbase_nonce, allow_empty, haste } => {
                self.haste = haste;
                self.make_template(parent, burn_view, coinbase_nonce, allow_empty)
            }
            Action::FetchTemplate(id) => match self.templates.get(&id) {
                Some(template) => Input::Template(Box::new(template.clone())),
                None => Input::NoTemplate(NoTemplate::NoTransactions),
            },
            Action::Sign(template) => self.sign(&template),
            Action::Propose(candidate) => {
                // Of the burn tip's tenure, or of an earlier one and put by the producer who is elected now.
                let in_time = candidate.block.parent == self.tip
                    && (candidate.block.burn_view == self.burn_hash() || self.elected);
                for signer in &mut self.signers {
                    signer.unread.push_back((Arc::clone(&candidate.block), in_time));
                }
                self.events.push_back(Input::Heard(candidate.block.block_hash));
                Input::Proposed
            }
            Action::Push(candidate, signatures) => self.push(&candidate, &signatures),
        }
    }

    fn situation(&self) -> Situation {
        let unfinished = self.record.values().filter(|block| block.parent == self.tip);
        let unfinished =
            unfinished.map(|block| Candidate { block: Arc::clone(block), stackers: Arc::clone(&self.stackers) });
        Situation {
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
                .map(|block| Candidate { block: Arc::clone(block), stackers: Arc::clone(&self.stackers) })
                .collect(),
            signed_here: self.record.contains_key(&(self.burn_hash(), self.chain_length + 1)),
        }
    }

    fn make_template(
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

    fn sign(&mut self, template: &Template) -> Input {
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

    fn push(&mut self, candidate: &Candidate, signatures: &[MessageSignature]) -> Input {
        let mut votes = Votes::new(candidate.block.block_hash, Arc::clone(&self.stackers));
        assert!(signatures.iter().all(|s| votes.accept(s)) && votes.is_enough(), "pushed without enough signatures");
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

    fn signers_read(&mut self, index: usize) {
        let signer = &mut self.signers[index];
        if !signer.up {
            return;
        }
        while let Some((block, in_time)) = signer.unread.pop_front() {
            let before = signer.signed.get(&block.parent).copied();
            let signs = before == Some(block.block_hash)
                || (in_time && before.is_none() && !self.invalid.contains(&block.block_hash));
            let answer = if signs {
                signer.signed.insert(block.parent, block.block_hash);
                Answer::Accept { block_hash: block.block_hash, signature: signer.key.sign(block.block_hash.as_bytes()) }
            } else {
                Answer::Reject { block_hash: block.block_hash, code: 1, text: "stale".to_owned() }
            };
            let signer = signer.key.public_key().hash160();
            self.slots.insert(signer, answer.clone());
            self.events.push_back(Input::Answer { signer, answer });
        }
    }

    fn deliver(&mut self, count: usize) {
        for _ in 0..count {
            let Some(event) = self.events.pop_front() else { return };
            self.input(event);
        }
    }

    fn settle(&mut self) {
        for _ in 0..50 {
            (0..self.signers.len()).for_each(|i| self.signers_read(i));
            self.deliver(usize::MAX);
        }
    }

    /// Time goes on to the machine's deadline or by `most`, whichever is first.
    fn pass(&mut self, most: Millis) {
        let until = self.now + most;
        self.now = self.machine.deadline().map_or(until, |deadline| deadline.clamp(self.now, until));
        if self.machine.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.input(Input::Tick);
        }
    }

    fn burn_block(&mut self) {
        self.burn += 1;
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
    }

    /// A tenure of another producer, who proposes a block and is never heard of again; then it is this producer's turn. Only
    /// so many signers judge the block in time (the rest began to read the journal too late). An outstanding block on the
    /// tip is put again, as every producer does, and that all judge alike.
    fn other_tenure(&mut self, seen_by: usize) -> BlockHash {
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
            // One that is down reads it when it is back.
            signer.unread.push_back((Arc::clone(&other), index < seen_by));
        }
        (0..self.signers.len()).for_each(|i| self.signers_read(i));
        self.elected = true;
        self.burn_block();
        other.block_hash
    }

    fn set_mining(&mut self, mining: Mining) {
        self.mining = mining;
        self.sequence += 1;
        self.events.push_back(Input::Moved(self.sequence));
    }

    fn transaction(&mut self) {
        self.mempool += 1;
        self.sequence += 1;
        self.events.push_back(Input::Transaction(self.sequence));
    }

    fn reopen(&mut self, crash: bool) {
        self.events.clear();
        if crash {
            self.machine = Machine::new(self.policy);
        } else {
            self.input(Input::Lost);
        }
        for (signer, answer) in self.slots.clone() {
            self.input(Input::Answer { signer, answer });
        }
        self.input(Input::Started);
    }
}

#[test]
fn a_new_tenure_is_built_at_once_and_transactions_too() {
    let mut world = World::new(POLICY);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (1, 1, 0));
    world.transaction();
    world.settle();
    assert_eq!((world.chain_length, world.now), (2, 0));
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (3, 2, 0));
}

#[test]
fn without_work_an_empty_block_follows_after_the_interval_and_never_when_it_is_zero() {
    let mut world = World::new(POLICY);
    world.settle();
    world.pass(999);
    world.settle();
    assert_eq!(world.chain_length, 1);
    world.pass(1);
    world.settle();
    assert_eq!((world.chain_length, world.now), (2, 1_000));
    let mut world = World::new(Policy { block_interval_ms: 0, ..POLICY });
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, None));
}

#[test]
fn each_mining_mode_builds_for_its_own_reasons() {
    // Blocks after: a transaction, a burn block, an interval without news, a block that was asked for.
    let check = |mode, interval_ms, expected: [u64; 4]| {
        let mut world = World::new(POLICY);
        world.settle();
        world.set_mining(Mining { mode, interval_ms, wanted: false });
        world.settle();
        let mut built = [0; 4];
        let mut before = world.chain_length;
        for (reason, built) in built.iter_mut().enumerate() {
            match reason {
                0 => world.transaction(),
                1 => world.burn_block(),
                2 => world.pass(interval_ms.unwrap_or(POLICY.block_interval_ms)),
                _ => world.set_mining(Mining { wanted: true, ..world.mining }),
            }
            // The node counts: one block was asked for.
            while world.mining.wanted && world.chain_length == before && !world.events.is_empty() {
                world.deliver(1);
                (0..3).for_each(|i| world.signers_read(i));
            }
            world.mining.wanted = false;
            world.settle();
            *built = world.chain_length - before;
            before = world.chain_length;
        }
        assert_eq!(built, expected, "{mode:?} {interval_ms:?}");
    };
    check(MiningMode::Mixed, None, [1, 1, 1, 1]);
    check(MiningMode::Auto, None, [1, 1, 0, 1]);
    check(MiningMode::Interval, Some(70), [0, 0, 1, 1]);
    check(MiningMode::Manual, None, [0, 0, 0, 1]);
}

#[test]
fn transactions_that_cannot_be_mined_do_not_make_blocks_before_the_interval() {
    let mut world = World::new(POLICY);
    world.settle();
    world.minable = false;
    world.transaction();
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, Some(1_000)));
    let templates = world.templates.len();
    world.settle();
    assert_eq!(world.templates.len(), templates, "no template is asked for without news");
    world.minable = true;
    world.transaction();
    world.settle();
    assert_eq!(world.chain_length, 2);
}

#[test]
fn burn_blocks_that_outrun_a_template_make_the_next_one_shorter_until_one_is_in_time() {
    let mut world = World::new(POLICY);
    for outrun in 0..12 {
        assert_eq!(world.haste, outrun.min(HASTE_MAX));
        // The template is not finished when the burn block comes.
        world.events.clear();
        world.burn_block();
        world.deliver(1);
    }
    for in_time in 1..=HASTE_MAX + 1 {
        world.settle();
        world.transaction();
        world.deliver(1);
        assert_eq!(world.haste, HASTE_MAX.saturating_sub(in_time));
    }
}

#[test]
fn a_burst_of_transactions_has_one_template_in_flight() {
    let mut world = World::new(POLICY);
    world.settle();
    let before = world.counter;
    (0..100).for_each(|_| world.transaction());
    world.deliver(100);
    assert_eq!(world.counter, before + 1);
    world.settle();
    assert_eq!((world.chain_length, world.mempool), (2, 0));
}

#[test]
fn a_proposal_is_finished_whether_signers_saw_it_before_the_burn_block_or_not() {
    let mut world = World::new(POLICY);
    world.deliver(1); // The template event: the block is proposed.
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "the old tenure's block, then the new tenure's");

    let mut world = World::new(POLICY);
    world.signers.iter_mut().for_each(|s| s.up = false);
    world.deliver(1);
    // The node lost the chunk, and the burn block came before it was put again.
    world.signers.iter_mut().for_each(|s| s.unread.clear());
    world.burn_block();
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "its producer is elected again and may finish it");

    let mut world = World::new(POLICY);
    world.signers.iter_mut().for_each(|s| s.up = false);
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.unread.clear());
    world.elected = false;
    world.burn_block();
    world.deliver(1);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!(world.chain_length, 0, "refused as stale: it is for the next producer to bring");
}

#[test]
fn a_restart_proposes_the_same_block_and_uses_signatures_that_are_there() {
    let mut world = World::new(POLICY);
    world.deliver(1);
    let signed = world.record.len();
    world.reopen(true);
    world.settle();
    assert_eq!((world.chain_length, world.record.len()), (1, signed));

    let mut world = World::new(POLICY);
    world.deliver(1);
    (0..3).for_each(|i| world.signers_read(i));
    let answers: Vec<_> = world.events.drain(..).collect();
    world.machine = Machine::new(POLICY);
    answers.into_iter().for_each(|answer| world.input(answer));
    world.input(Input::Started);
    assert_eq!((world.chain_length, world.pushes), (1, 1), "pushed without a proposal");
}

#[test]
fn a_refused_block_is_not_replaced_in_its_tenure_and_the_next_burn_block_frees_the_way() {
    let mut world = World::new(POLICY);
    let other = BlockHash([9; 32]);
    let tip = world.tip;
    // Signers that signed something else with this parent: whatever this producer proposes on it is refused.
    for signer in &mut world.signers {
        signer.signed.insert(tip, other);
    }
    for _ in 0..5 {
        world.settle();
        world.pass(10_000);
    }
    world.settle();
    assert_eq!((world.chain_length, world.record.len()), (0, 1));
    world.signers.iter_mut().for_each(|s| s.signed.clear());
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (1, 2));
}

#[test]
fn who_is_not_elected_waits_but_finishes_what_it_signed() {
    let mut world = World::new(POLICY);
    world.deliver(1);
    world.elected = false;
    world.burn_block();
    world.reopen(true);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (1, 1));
    let signed = world.record.len();
    world.transaction();
    world.pass(60_000);
    world.settle();
    assert_eq!((world.record.len(), world.machine.deadline()), (signed, None));
}

#[test]
fn a_block_of_a_producer_that_died_is_finished_by_the_next_one() {
    let mut world = World::new(POLICY);
    // Another producer's block, which all signers have signed and nobody pushed.
    let block_hash = BlockHash([9; 32]);
    let other = Arc::new(SignedBlock {
        block_hash,
        block_id: StacksBlockId([9; 32]),
        parent: world.tip,
        burn_view: world.burn_hash(),
        chain_length: 1,
        bytes: vec![9],
    });
    for slot_id in 0..3 {
        let signer = &mut world.signers[slot_id];
        signer.signed.insert(other.parent, block_hash);
        let answer = Answer::Accept { block_hash, signature: signer.key.sign(block_hash.as_bytes()) };
        let signer = signer.key.public_key().hash160();
        world.input(Input::Answer { signer, answer });
    }
    world.others.push(other);
    world.burn_block();
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (2, 2), "its block, and then one of this producer");
}

#[test]
fn a_block_that_some_have_signed_is_put_again_by_the_next_producer_before_its_own() {
    for seen_by in [1, 2, 3] {
        let mut world = World::new(POLICY);
        world.settle();
        let other = world.other_tenure(seen_by);
        world.deliver(usize::MAX);
        let own = world.record.keys().any(|(view, _)| *view == world.burn_hash());
        assert_eq!(own, seen_by == 3, "something of its own once the other's has enough signatures, not before");
        world.settle();
        assert_eq!(world.chain_length, 3, "seen by {seen_by}: the other's block, and one of its own");
        assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
        assert_eq!(world.tip_burn, world.burn);
    }
}

#[test]
fn a_block_whose_signers_are_away_waits_for_them_and_is_put_again() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[1].up = false;
    world.other_tenure(3);
    world.settle();
    world.pass(POLICY.proposal_timeout_ms * 4);
    world.settle();
    assert_eq!(world.chain_length, 1, "nothing can follow the tip but it");
    world.signers[1].up = true;
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn));
}

#[test]
fn a_block_that_signers_refuse_does_not_hold_up_the_next_producer() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers.iter_mut().for_each(|s| s.up = false);
    let other = world.other_tenure(0);
    world.invalid.insert(other);
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn, world.now), (2, world.burn, 0));
}

#[test]
fn who_is_not_elected_leaves_the_blocks_of_others_to_the_one_who_is() {
    let mut world = World::new(POLICY);
    world.settle();
    world.other_tenure(1);
    world.elected = false;
    world.settle();
    world.pass(60_000);
    world.settle();
    assert_eq!((world.chain_length, world.machine.deadline()), (1, None));
}

#[derive(Debug, Clone)]
enum Op {
    BurnBlock,
    OtherTenure(usize),
    Transaction,
    Deliver(usize),
    SignersRead(usize),
    SignerUp(usize, bool),
    Pass(Millis),
    FailNextCall,
    LoseStream,
    Crash,
    Minable(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::BurnBlock),
        1 => (0..4_usize).prop_map(Op::OtherTenure),
        2 => Just(Op::Transaction),
        8 => (1..4_usize).prop_map(Op::Deliver),
        6 => (0..3_usize).prop_map(Op::SignersRead),
        1 => (0..3_usize, any::<bool>()).prop_map(|(i, up)| Op::SignerUp(i, up)),
        4 => (1..12_000_u64).prop_map(Op::Pass),
        1 => Just(Op::FailNextCall),
        1 => Just(Op::LoseStream),
        1 => Just(Op::Crash),
        1 => any::<bool>().prop_map(Op::Minable),
    ]
}

fn live_after(ops: Vec<Op>) {
    let mut world = World::new(POLICY);
    for op in ops {
        match op {
            Op::BurnBlock => world.burn_block(),
            Op::OtherTenure(seen_by) => drop(world.other_tenure(seen_by)),
            Op::Transaction => world.transaction(),
            Op::Deliver(count) => world.deliver(count),
            Op::SignersRead(i) => world.signers_read(i),
            Op::SignerUp(i, up) => world.signers[i].up = up,
            Op::Pass(millis) => world.pass(millis),
            Op::FailNextCall => world.fail_next_call = true,
            Op::LoseStream => world.reopen(false),
            Op::Crash => world.reopen(true),
            Op::Minable(minable) => world.minable = minable,
        }
    }
    world.fail_next_call = false;
    world.signers.iter_mut().for_each(|s| s.up = true);
    world.burn_block();
    let (before, burn) = (world.chain_length, world.burn);
    for _ in 0..40 {
        world.settle();
        world.pass(40_000);
    }
    assert!(world.chain_length > before);
    assert_eq!(world.tip_burn, burn, "the newest tenure has begun");
    let heights: BTreeSet<_> = world.record.keys().collect();
    assert_eq!(heights.len(), world.record.len());
}

proptest! {
    #[test]
    fn faults_in_any_order_never_sign_twice_and_the_chain_grows_once_they_end(ops in prop::collection::vec(op(), 1..80)) {
        live_after(ops);
    }
}

#[test]
fn a_block_refused_for_its_time_is_asked_for_again_as_a_signer_that_was_away_may_still_sign_it() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[0].up = false;
    let other = world.other_tenure(1);
    // Two refuse it for its time; the third reads it later, at the place where it was in time.
    world.deliver(usize::MAX);
    (1..3).for_each(|i| world.signers_read(i));
    world.deliver(usize::MAX);
    world.signers[0].up = true;
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn), "the other's block, then one of its own");
    assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
}

#[test]
fn a_lost_stream_does_not_make_a_block_that_a_signer_is_bound_to_look_free() {
    let mut world = World::new(POLICY);
    world.settle();
    world.signers[1].up = false;
    let other = world.other_tenure(1);
    world.reopen(false);
    world.signers[1].up = true;
    world.settle();
    world.pass(POLICY.proposal_timeout_ms);
    world.settle();
    assert_eq!((world.chain_length, world.tip_burn), (3, world.burn), "the other's block, then one of its own");
    assert!(world.signers.iter().all(|s| s.signed.values().any(|hash| *hash == other)));
}
