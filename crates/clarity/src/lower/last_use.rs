//! Finds the last use of each variable. It takes the value instead of sharing it, so that a list to which a `fold`
//! appends grows in place.

use hashbrown::HashSet;

use super::program::Op;

/// Two branches, of which one is evaluated: the expressions from `first` to `second`, and from `second` to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) end: usize,
}

/// Marks the last uses in a function's expressions, which begin at `start`. The expressions are in the order of
/// evaluation, and each is evaluated at most once. The choices are in the order of their ends.
///
/// If two variables use a slot one after the other, only the second's last use is found; the first costs a clone.
pub(super) fn mark(ops: &mut [Op], start: usize, choices: Vec<Choice>) {
    let end = ops.len();
    Walk { ops, choices, used_later: HashSet::new(), added: Vec::new() }.back(start, end);
}

struct Walk<'a> {
    ops: &'a mut [Op],
    choices: Vec<Choice>,
    used_later: HashSet<u32>,
    /// The slots of `used_later`, in the order in which they were added.
    added: Vec<u32>,
}

impl Walk<'_> {
    /// Walks from `end` back to `start`.
    fn back(&mut self, start: usize, end: usize) {
        let mut at = end;
        while at > start {
            if let Some(choice) = self.choices.pop_if(|choice| choice.end == at) {
                let before = self.added.len();
                self.back(choice.second, choice.end);
                // After the first branch evaluation continues behind the second, so uses in the second do not count.
                let of_second = self.added.split_off(before);
                for slot in &of_second {
                    self.used_later.remove(slot);
                }
                self.back(choice.first, choice.second);
                for slot in of_second {
                    self.uses(slot);
                }
                at = choice.first;
                continue;
            }
            at -= 1;
            if let Op::Local { slot, .. } = self.ops[at] {
                let is_last = self.uses(slot);
                if let Op::Local { last, .. } = &mut self.ops[at] {
                    *last = is_last;
                }
            }
        }
    }

    /// Notes a use of this slot; returns whether it is the first one met.
    fn uses(&mut self, slot: u32) -> bool {
        let is_new = self.used_later.insert(slot);
        if is_new {
            self.added.push(slot);
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks uses of these slots; returns for each whether it is the last.
    fn marked(slots: &[u32], choices: &[(usize, usize, usize)]) -> Vec<bool> {
        let mut ops: Vec<_> = slots.iter().map(|slot| Op::Local { slot: *slot, depth: 0, last: false }).collect();
        let choices = choices.iter().map(|(first, second, end)| Choice { first: *first, second: *second, end: *end });
        mark(&mut ops, 0, choices.collect());
        ops.iter().map(|op| matches!(op, Op::Local { last: true, .. })).collect()
    }

    #[test]
    fn the_last_of_uses_in_a_row_is_the_last() {
        assert_eq!(marked(&[0, 1, 0, 0], &[]), [false, true, false, true]);
    }

    #[test]
    fn each_branch_has_a_last_use_unless_one_follows() {
        assert_eq!(marked(&[0, 0, 0, 1, 0], &[(1, 3, 5)]), [false, false, true, true, true]);
        assert_eq!(marked(&[0, 0, 1, 0], &[(0, 1, 2)]), [false, false, true, true]);
        assert_eq!(marked(&[1, 0, 1], &[(1, 2, 3)]), [false, true, true]);
    }

    #[test]
    fn choices_lie_in_choices() {
        // A use of 0, then (if 9 (if 9 0 1) 0), then a use of 1.
        assert_eq!(marked(&[0, 0, 1, 9, 0, 1], &[(1, 2, 3), (1, 4, 5)]), [false, true, false, true, true, true]);
    }
}
