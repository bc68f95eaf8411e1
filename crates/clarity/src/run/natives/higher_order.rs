//! `map`, `filter`, `fold`: the function is looked up once; each application costs as usual.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::sequence::{Elements, length, no_sequence};
use super::{Arguments, boolean};
use crate::costs::{CostFn, units};
use crate::error::{CheckError, Stop};
use crate::lower::program::{At, Callee, Many};
use crate::natives::Kind;
use crate::value::{List, Value};

/// Call depth that the form adds: the form and the applied function.
const LEVELS: usize = 2;

impl Machine<'_> {
    fn look_up(&mut self, callee: &Callee) -> Result<(), Stop> {
        self.meter.charge(CostFn::LookupFunction, 0)?;
        match callee {
            Callee::Missing(name) => Err(CheckError::UndefinedFunction(name.to_string()).into()),
            Callee::Native(_) | Callee::User(_) => Ok(()),
        }
    }

    /// Applies a function to the values in the slots from `first` on.
    fn apply_callee(&mut self, frame: &Frame<'_>, callee: &Callee, first: usize, level: usize) -> Outcome {
        if let Callee::Native(native) = callee
            && native.kind() == Kind::Special
        {
            let values: Vec<Value> = self.slots.drain(first..).collect();
            // Before 4.0, `map` may step beyond its shortest sequence, with fewer arguments than were checked.
            let least = native.arity().least();
            if values.len() < least {
                return Err(CheckError::IncorrectArgumentCount(least, values.len()).into());
            }
            return self.special_native(frame, *native, &Arguments::Values(&values));
        }
        let mut held = 0;
        let outcome = self.hold(first, &mut held).and_then(|()| match callee {
            Callee::User(index) => self.apply_user(&Frame { level: level + LEVELS, ..*frame }, *index, first),
            Callee::Native(native) => self.apply_plain(*native, first),
            Callee::Missing(name) => Err(CheckError::UndefinedFunction(name.to_string()).into()),
        });
        self.slots.truncate(first);
        self.meter.give(held);
        outcome
    }

    /// Takes memory for the values in the slots from `first` on.
    fn hold(&mut self, first: usize, held: &mut u64) -> Result<(), Stop> {
        for value in &self.slots[first..] {
            let size = u64::from(value.size());
            self.meter.take(size)?;
            *held += size;
        }
        Ok(())
    }

    pub(super) fn map(&mut self, frame: &Frame<'_>, callee: &Callee, sequences: Many, level: usize) -> Outcome {
        self.meter.charge(CostFn::Map, units(sequences.len as usize + 1))?;
        self.look_up(callee)?;
        let mut values = Vec::with_capacity(sequences.len as usize);
        for at in frame.program().many(sequences) {
            let sequence = self.eval_copied(frame, *at)?;
            length(&sequence)?;
            values.push(sequence);
        }
        let sequences = reached(&values, self.rules.map_stops_at_shortest)?;
        let first = self.slots.len();
        let mut arguments = 0;
        let mut results = Vec::new();
        for step in 0.. {
            let reaching = sequences.iter().filter(|(_, reach)| step < *reach);
            self.slots.extend(reaching.filter_map(|(elements, _)| elements.get(step)));
            let given = self.slots.len() - first;
            if step == 0 {
                arguments = given;
            }
            if given == 0 || given < arguments {
                break;
            }
            results.push(self.apply_callee(frame, callee, first, level)?);
        }
        self.slots.truncate(first);
        Value::sanitized_list(results).map_err(Stop::from)
    }

    pub(super) fn filter(&mut self, frame: &Frame<'_>, callee: &Callee, sequence: At, level: usize) -> Outcome {
        self.meter.charge(CostFn::Filter, 0)?;
        let value = self.eval_copied(frame, sequence)?;
        self.look_up(callee)?;
        let most = length(&value)?;
        let first = self.slots.len();
        let mut kept = Vec::new();
        let elements = Elements::of(&value);
        for index in 0..usize::try_from(most).unwrap_or(usize::MAX) {
            let Some(item) = elements.get(index) else { break };
            self.slots.push(item);
            if boolean(self.apply_callee(frame, callee, first, level)?)? {
                kept.push(index);
            }
        }
        Ok(match &value {
            Value::List(list) => {
                let items = kept.into_iter().map(|index| list.items[index].clone()).collect();
                Value::List(Arc::new(List { entry: list.entry.clone(), max_len: list.max_len, items }))
            }
            Value::Buffer(bytes) => Value::buffer(kept.into_iter().map(|index| bytes[index]).collect()),
            Value::Ascii(bytes) => Value::Ascii(Arc::new(kept.into_iter().map(|index| bytes[index]).collect())),
            Value::Utf8(text) => {
                let characters: Vec<char> = text.text().chars().collect();
                Value::utf8(&kept.into_iter().map(|index| characters[index]).collect::<String>())
            }
            _ => return Err(no_sequence(&value)),
        })
    }

    pub(super) fn fold(
        &mut self,
        frame: &Frame<'_>,
        callee: &Callee,
        sequence: At,
        initial: At,
        level: usize,
    ) -> Outcome {
        self.meter.charge(CostFn::Fold, 0)?;
        self.look_up(callee)?;
        let value = self.eval_copied(frame, sequence)?;
        let mut accumulator = self.eval_copied(frame, initial)?;
        let most = length(&value)?;
        let first = self.slots.len();
        let elements = Elements::of(&value);
        for index in 0..usize::try_from(most).unwrap_or(usize::MAX) {
            let Some(item) = elements.get(index) else { break };
            self.slots.push(item);
            self.slots.push(accumulator);
            accumulator = self.apply_callee(frame, callee, first, level)?;
        }
        Ok(accumulator)
    }
}

/// Each sequence with the step at which it runs out: the length of the shortest. Before 4.0 a sequence may run one step
/// beyond the shortest one up to it, and `map` stops at the first step with fewer arguments than step 0.
fn reached(sequences: &[Value], stops_at_shortest: bool) -> Result<Vec<(Elements<'_>, usize)>, Stop> {
    let mut shortest = usize::MAX;
    let mut reached = Vec::with_capacity(sequences.len());
    for sequence in sequences {
        let own = usize::try_from(length(sequence)?).unwrap_or(usize::MAX);
        shortest = shortest.min(own);
        reached.push((Elements::of(sequence), own.min(shortest.saturating_add(1))));
    }
    if stops_at_shortest {
        reached.iter_mut().for_each(|(_, reach)| *reach = shortest);
    }
    Ok(reached)
}
