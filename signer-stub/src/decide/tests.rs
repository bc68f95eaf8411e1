//! Several signers on one journal, each at its own speed, with crashes and faults: none signs twice on a parent, and in
//! the end all have signed the same blocks.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const PRODUCER: Hash160 = Hash160([5; 20]);

/// An event of the journal.
#[derive(Debug, Clone)]
enum Entry {
    Burn(BurnBlockHash),
    Tip(StacksBlockId, u64),
    Proposal(Box<Proposal>),
    Finished(String, Outcome),
}

#[derive(Debug)]
struct Signer {
    machine: Machine,
    /// The record that survives a crash: signed blocks by parent, and the place in the journal.
    record: BTreeMap<StacksBlockId, BlockHash>,
    place: (usize, Tips),
    /// Number of journal entries read.
    read: usize,
    sent: Vec<(BlockHash, bool)>,
    fail_next_call: bool,
    now: Millis,
}

#[derive(Debug)]
struct World {
    journal: Vec<Entry>,
    jobs: BTreeMap<BlockHash, String>,
    tips: Tips,
    signers: Vec<Signer>,
    proposals: Vec<Proposal>,
}

fn sequence_of(index: usize) -> u64 {
    u64::try_from(index).unwrap() + 1
}

/// Whether a block is valid follows from its hash, so that all signers agree.
fn is_valid(block_hash: &BlockHash) -> bool {
    !block_hash.0[0].is_multiple_of(4)
}

impl World {
    fn new(signers: usize) -> Self {
        let tips =
            Tips { tip: StacksBlockId([0; 32]), chain_length: 0, burn_tip: BurnBlockHash([0; 32]), elected: PRODUCER };
        let signer = || Signer {
            machine: Machine::new(),
            record: BTreeMap::new(),
            place: (0, tips),
            read: 0,
            sent: Vec::new(),
            fail_next_call: false,
            now: 0,
        };
        let signers = std::iter::repeat_with(signer).take(signers).collect();
        let mut world = Self { journal: Vec::new(), jobs: BTreeMap::new(), tips, signers, proposals: Vec::new() };
        (0..world.signers.len()).for_each(|i| world.restart(i));
        world
    }

    /// Ends the process; the next one reads the journal from the stored place.
    fn restart(&mut self, index: usize) {
        let signer = &mut self.signers[index];
        signer.machine = Machine::new();
        let (read, tips) = signer.place;
        signer.read = read;
        let sequence = u64::try_from(read).unwrap();
        self.input(index, Input::Tips { tips, sequence });
        let end = self.journal.len();
        while self.signers[index].read < end {
            self.read(index);
        }
        self.input(index, Input::Live);
    }

    fn input(&mut self, index: usize, input: Input) {
        let mut next = Some(input);
        while let Some(input) = next {
            let answered = matches!(input, Input::Answered);
            let now = self.signers[index].now;
            next = self.signers[index].machine.on(now, input).map(|action| self.perform(index, action));
            let signer = &mut self.signers[index];
            if answered
                && next.is_none()
                && let Some(tips) = signer.machine.resume_tips()
            {
                signer.place = (signer.read, tips);
            }
        }
    }

    fn perform(&mut self, index: usize, action: Action) -> Input {
        let signer = &mut self.signers[index];
        if std::mem::take(&mut signer.fail_next_call) {
            return match action {
                Action::Dismiss(..) => Input::Dismissed,
                Action::Validate(_) | Action::Sign(_) | Action::Refuse(..) => Input::CallFailed(None),
            };
        }
        match action {
            Action::Validate(proposal) => {
                let hash = proposal.block_hash;
                let outcome = || match is_valid(&hash) {
                    true => Outcome::Valid(hash),
                    false => Outcome::Invalid(Refusal::new(18, String::new())),
                };
                if let Some(id) = self.jobs.get(&hash) {
                    return Input::Requested { id: id.clone(), outcome: Some(outcome()) };
                }
                let id = format!("job {}", self.jobs.len());
                self.jobs.insert(hash, id.clone());
                self.journal.push(Entry::Finished(id.clone(), outcome()));
                Input::Requested { id, outcome: None }
            }
            Action::Sign(proposal) => {
                assert!(is_valid(&proposal.block_hash));
                assert_eq!(proposal.producer, Some(PRODUCER));
                let signed = *signer.record.entry(proposal.parent).or_insert(proposal.block_hash);
                signer.sent.push((proposal.block_hash, signed == proposal.block_hash));
                Input::Answered
            }
            Action::Refuse(block_hash, _) => {
                signer.sent.push((block_hash, false));
                Input::Answered
            }
            Action::Dismiss(block_hash, _) => {
                signer.sent.push((block_hash, false));
                Input::Dismissed
            }
        }
    }

    fn read(&mut self, index: usize) {
        let read = self.signers[index].read;
        let Some(entry) = self.journal.get(read).cloned() else { return };
        let sequence = sequence_of(read);
        self.signers[index].read += 1;
        let input = match entry {
            Entry::Burn(burn_tip) => Input::BurnBlock { sequence, burn_tip, elected: PRODUCER },
            Entry::Tip(tip, chain_length) => Input::TipChanged { sequence, tip, chain_length },
            Entry::Proposal(proposal) => {
                let signed = self.signers[index].record.get(&proposal.parent) == Some(&proposal.block_hash);
                Input::Proposal { proposal, already_signed: signed }
            }
            Entry::Finished(id, outcome) => Input::Finished { id, outcome },
        };
        self.input(index, input);
    }

    fn burn(&mut self) {
        self.tips.burn_tip.0[0] = self.tips.burn_tip.0[0].wrapping_add(1);
        self.journal.push(Entry::Burn(self.tips.burn_tip));
    }

    fn propose(&mut self, content: u8, slot_id: u32) -> Proposal {
        let Tips { tip, chain_length, burn_tip, .. } = self.tips;
        // One block for each place, as honest producers do; its content decides whether it is valid.
        let mut hash = stacks_types::hashing::sha512_256(&[tip.as_bytes(), burn_tip.as_bytes()]);
        hash[0] = content;
        let same_place = |p: &&Proposal| (p.parent, p.burn_view) == (tip, burn_tip);
        let proposal = self.proposals.iter().find(same_place).cloned().unwrap_or(Proposal {
            slot_id,
            put_by: Some(PRODUCER),
            block_hash: BlockHash(hash),
            parent: tip,
            burn_view: burn_tip,
            chain_length: chain_length + 1,
            producer: Some(PRODUCER),
            bytes: Vec::new(),
        });
        self.proposals.push(proposal.clone());
        self.journal.push(Entry::Proposal(Box::new(proposal.clone())));
        proposal
    }

    fn put(&mut self, proposal: Proposal) {
        self.journal.push(Entry::Proposal(Box::new(proposal)));
    }

    fn new_tip(&mut self, id: StacksBlockId) {
        self.tips.tip = id;
        self.tips.chain_length += 1;
        self.journal.push(Entry::Tip(id, self.tips.chain_length));
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            for index in 0..self.signers.len() {
                while self.signers[index].read < self.journal.len() {
                    self.read(index);
                }
                let signer = &mut self.signers[index];
                if let Some(deadline) = signer.machine.deadline() {
                    signer.now = signer.now.max(deadline);
                    self.input(index, Input::Tick);
                }
            }
        }
    }

    fn accepted(&self, index: usize) -> Vec<BlockHash> {
        self.signers[index].sent.iter().filter(|(_, accepted)| *accepted).map(|(hash, _)| *hash).collect()
    }
}

#[test]
fn a_valid_proposal_is_signed_and_signed_again_when_it_is_put_again() {
    let mut world = World::new(1);
    let proposal = world.propose(1, 0);
    world.settle();
    assert_eq!(world.accepted(0), vec![proposal.block_hash]);
    world.put(proposal.clone());
    world.settle();
    assert_eq!(world.accepted(0), vec![proposal.block_hash; 2]);
    assert_eq!(world.jobs.len(), 1, "not validated again");
}

#[test]
fn an_invalid_proposal_is_refused_and_the_next_is_not_held_up() {
    let mut world = World::new(1);
    let bad = world.propose(4, 0);
    world.burn();
    let good = world.propose(1, 0);
    world.settle();
    assert_eq!(world.signers[0].sent, vec![(bad.block_hash, false), (good.block_hash, true)]);
}

#[test]
fn stale_and_foreign_proposals_are_refused_with_their_reason() {
    let world = World::new(1);
    let good = Proposal {
        slot_id: 0,
        put_by: None,
        block_hash: BlockHash([1; 32]),
        parent: world.tips.tip,
        burn_view: world.tips.burn_tip,
        chain_length: 1,
        producer: Some(PRODUCER),
        bytes: Vec::new(),
    };
    let check = |proposal: &Proposal, code| {
        let mut machine = Machine::new();
        machine.on(0, Input::Tips { tips: world.tips, sequence: 0 });
        machine.on(0, Input::Live);
        let action = machine.on(0, Input::Proposal { proposal: Box::new(proposal.clone()), already_signed: false });
        match action {
            Some(Action::Dismiss(_, refusal)) => assert_eq!(Some(refusal.code), code),
            other => assert_eq!((other, code), (Some(Action::Validate(Box::new(proposal.clone()))), None)),
        }
    };
    check(&good, None);
    check(&Proposal { parent: StacksBlockId([9; 32]), ..good.clone() }, Some(Refusal::STALE_PARENT));
    check(&Proposal { burn_view: BurnBlockHash([9; 32]), ..good.clone() }, Some(Refusal::STALE_BURN_VIEW));
    let adopted = Proposal { burn_view: BurnBlockHash([9; 32]), put_by: Some(PRODUCER), ..good.clone() };
    check(&Proposal { producer: Some(Hash160([6; 20])), ..adopted.clone() }, None);
    check(&Proposal { put_by: Some(Hash160([6; 20])), ..adopted }, Some(Refusal::STALE_BURN_VIEW));
    check(&Proposal { chain_length: 2, ..good.clone() }, Some(Refusal::BAD_CHAIN_LENGTH));
    check(&Proposal { producer: Some(Hash160([6; 20])), ..good.clone() }, Some(Refusal::BAD_PRODUCER));
    check(&Proposal { producer: None, ..good }, Some(Refusal::BAD_PRODUCER));
}

#[test]
fn a_burn_block_during_validation_does_not_split_the_signers() {
    let mut world = World::new(2);
    let first = world.propose(1, 0);
    world.read(0);
    world.burn();
    let late = Proposal { block_hash: BlockHash([9; 32]), ..first.clone() };
    world.put(late);
    world.propose(1, 1);
    world.settle();
    assert_eq!(world.signers[0].record, world.signers[1].record);
    assert_eq!(world.accepted(1), vec![first.block_hash]);
}

#[test]
fn a_tip_that_moves_on_drops_what_waits() {
    let mut world = World::new(1);
    world.propose(1, 0);
    world.new_tip(StacksBlockId([7; 32]));
    world.signers[0].fail_next_call = true;
    world.settle();
    assert!(world.accepted(0).is_empty());
    assert_eq!(world.signers[0].machine.resume_tips(), Some(world.tips));
}

#[test]
fn a_failed_call_is_made_again_with_growing_pauses_and_the_nodes_advice() {
    let mut world = World::new(1);
    let proposal = Box::new(world.propose(1, 0));
    let machine = &mut world.signers[0].machine;
    machine.on(0, Input::Proposal { proposal, already_signed: false });
    for expected in [20, 40, 80, 160] {
        machine.on(0, Input::CallFailed((expected > 40).then_some(20)));
        assert_eq!(machine.deadline(), Some(expected), "short advice does not shorten the pause");
        assert!(machine.on(expected - 1, Input::Tick).is_none());
        assert!(matches!(machine.on(expected, Input::Tick), Some(Action::Validate(_))));
    }
    machine.on(0, Input::CallFailed(Some(1_234)));
    assert_eq!(machine.deadline(), Some(1_234));
    machine.on(0, Input::CallFailed(Some(1_000_000)));
    assert_eq!(machine.deadline(), Some(RETRY_MOST_MS));
}

#[derive(Debug, Clone)]
enum Op {
    Burn,
    Propose(u8, u32),
    PutOld(usize),
    NewTip,
    Read(usize, usize),
    FailNextCall(usize),
    LoseStream(usize),
    Crash(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => Just(Op::Burn),
        4 => (any::<u8>(), 0..2_u32).prop_map(|(content, slot)| Op::Propose(content, slot)),
        1 => any::<usize>().prop_map(Op::PutOld),
        2 => Just(Op::NewTip),
        8 => (0..3_usize, 1..4_usize).prop_map(|(i, count)| Op::Read(i, count)),
        1 => (0..3_usize).prop_map(Op::FailNextCall),
        1 => (0..3_usize).prop_map(Op::LoseStream),
        1 => (0..3_usize).prop_map(Op::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]
    #[test]
    fn signers_of_one_journal_sign_the_same_whatever_their_speed_and_faults(ops in prop::collection::vec(op(), 1..60)) {
        let mut world = World::new(3);
        for op in ops {
            match op {
                Op::Burn => world.burn(),
                Op::Propose(content, slot) => drop(world.propose(content, slot)),
                Op::PutOld(i) if !world.proposals.is_empty() => {
                    let old = world.proposals[i % world.proposals.len()].clone();
                    world.put(old);
                }
                // A block that all have signed becomes the tip.
                Op::NewTip => {
                    world.settle();
                    let tip = world.tips.tip;
                    let signed: Vec<_> = world.signers.iter().filter_map(|s| s.record.get(&tip).copied()).collect();
                    if signed.len() == 3 {
                        world.new_tip(StacksBlockId(signed[0].0));
                    }
                }
                Op::Read(i, count) => (0..count).for_each(|_| world.read(i)),
                Op::FailNextCall(i) => world.signers[i].fail_next_call = true,
                Op::LoseStream(i) => {
                    world.input(i, Input::Lost);
                    world.input(i, Input::Live);
                }
                Op::Crash(i) => world.restart(i),
                Op::PutOld(_) => {}
            }
        }
        world.settle();
        for signer in &world.signers {
            prop_assert_eq!(&signer.record, &world.signers[0].record);
            // An accepting answer was sent for each signed block, and for no other.
            let sent: std::collections::BTreeSet<_> = signer.sent.iter().filter(|s| s.1).map(|s| s.0).collect();
            let signed: std::collections::BTreeSet<_> = signer.record.values().copied().collect();
            prop_assert_eq!(sent, signed);
        }
    }
}
