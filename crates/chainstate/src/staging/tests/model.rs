//! Random histories against a simple model of staging.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A step of the comparison with the model; numbers name blocks, `parent` is always smaller than `number`.
#[derive(Debug, Clone)]
enum Op {
    Store { number: u8, parent: u8, burn: u8, known_burn: bool },
    Processed(u8),
    Orphaned(u8),
    BurnKnown(u8),
    ParentProcessed(u8),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let number = 1..14_u8;
    prop_oneof![
        6 => (1..14_u8, any::<u8>(), 0..3_u8, any::<bool>())
            .prop_map(|(number, parent, burn, known_burn)| Op::Store { number, parent: parent % number, burn, known_burn }),
        3 => number.clone().prop_map(Op::Processed),
        2 => number.clone().prop_map(Op::Orphaned),
        2 => (0..3_u8).prop_map(Op::BurnKnown),
        1 => number.prop_map(Op::ParentProcessed),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ModelState {
    Stored,
    Processed,
    Orphaned,
}

#[derive(Debug, Clone)]
struct ModelBlock {
    order: usize,
    parent: u8,
    burn: u8,
    burn_known: bool,
    parent_known: bool,
    state: ModelState,
}

#[derive(Default)]
struct Model {
    blocks: BTreeMap<u8, ModelBlock>,
    stored: usize,
}

impl Model {
    fn state(&self, number: u8) -> Option<&ModelState> {
        self.blocks.get(&number).map(|block| &block.state)
    }

    fn store(&mut self, number: u8, parent: u8, burn: u8, burn_known: bool) {
        if self.blocks.contains_key(&number) || self.state(parent) == Some(&ModelState::Orphaned) {
            return;
        }
        self.stored += 1;
        let parent_known = self.state(parent) == Some(&ModelState::Processed);
        let (order, state) = (self.stored, ModelState::Stored);
        self.blocks.insert(number, ModelBlock { order, parent, burn, burn_known, parent_known, state });
    }

    fn processed(&mut self, number: u8) {
        if self.state(number) != Some(&ModelState::Stored) {
            return;
        }
        let block = self.blocks.get_mut(&number).unwrap();
        (block.state, block.burn_known, block.parent_known) = (ModelState::Processed, true, true);
        self.parent_processed(number);
    }

    fn parent_processed(&mut self, parent: u8) {
        self.blocks.values_mut().filter(|block| block.parent == parent).for_each(|block| block.parent_known = true);
    }

    fn orphaned(&mut self, number: u8) {
        if self.state(number) != Some(&ModelState::Stored) {
            return;
        }
        self.blocks.get_mut(&number).unwrap().state = ModelState::Orphaned;
        let children: Vec<u8> =
            self.blocks.iter().filter(|(_, block)| block.parent == number).map(|(number, _)| *number).collect();
        children.into_iter().for_each(|child| self.orphaned(child));
    }

    fn next(&self) -> Option<StacksBlockId> {
        let ready = |block: &ModelBlock| block.state == ModelState::Stored && block.burn_known && block.parent_known;
        let candidates = self.blocks.iter().filter(|(_, block)| ready(block));
        candidates.min_by_key(|(number, block)| (**number, block.order)).map(|(number, _)| id(*number))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_histories_agree_with_a_model(ops in proptest::collection::vec(op(), 1..60)) {
        let mut staging = staging();
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Store { number, parent, burn: burn_number, known_burn } => {
                    let data = [number];
                    let new = NewBlock {
                        burn_block_hash: burn(burn_number),
                        burn_attachable: known_burn,
                        ..block(number, parent, &data)
                    };
                    let known = model.blocks.contains_key(&number);
                    let doomed = model.state(parent) == Some(&ModelState::Orphaned);
                    match staging.db.store(&new).unwrap() {
                        StageOutcome::Stored => prop_assert!(!known && !doomed),
                        StageOutcome::AlreadyKnown(_) => prop_assert!(known),
                        StageOutcome::ParentOrphaned { .. } => prop_assert!(!known && doomed),
                        StageOutcome::Full => prop_assert!(false, "full"),
                    }
                    model.store(number, parent, burn_number, known_burn);
                }
                Op::Processed(number) => {
                    let expected = matches!(model.state(number), Some(ModelState::Stored | ModelState::Processed));
                    prop_assert_eq!(staging.db.mark_processed(&id(number)).is_ok(), expected);
                    model.processed(number);
                }
                Op::Orphaned(number) => {
                    let expected = matches!(model.state(number), Some(ModelState::Stored | ModelState::Orphaned));
                    prop_assert_eq!(staging.db.mark_orphaned(&id(number), &rejection("")).is_ok(), expected);
                    model.orphaned(number);
                }
                Op::BurnKnown(number) => {
                    staging.db.set_burn_attachable(&burn(number)).unwrap();
                    let blocks = model.blocks.values_mut();
                    blocks.filter(|block| block.burn == number).for_each(|block| block.burn_known = true);
                }
                Op::ParentProcessed(number) => {
                    staging.db.set_stacks_attachable(&id(number)).unwrap();
                    model.parent_processed(number);
                }
                Op::Reopen => staging = staging.reopen(),
            }
            prop_assert_eq!(staging.next(), model.next());
            let all = staging.db.blocks_after(0, 100, usize::MAX).unwrap();
            prop_assert_eq!(all.len(), model.blocks.len());
            for stored in all {
                let expected = &model.blocks[&stored.block_id.0[0]];
                let state = match stored.state {
                    StagingState::Stored => ModelState::Stored,
                    StagingState::Processed => ModelState::Processed,
                    StagingState::Orphaned { .. } => ModelState::Orphaned,
                };
                prop_assert_eq!(&state, &expected.state);
                prop_assert_eq!(stored.burn_attachable, expected.burn_known);
                prop_assert_eq!(stored.stacks_attachable, expected.parent_known);
                prop_assert_eq!(stored.data, vec![stored.block_id.0[0]]);
            }
        }
    }
}
