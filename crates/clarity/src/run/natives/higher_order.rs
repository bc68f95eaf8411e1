//! `map`, `filter`, `fold`: a function is looked up once and applied to values, which costs what its application costs.

use std::sync::Arc;

use super::super::call::count;
use super::super::machine::{Frame, Machine, Outcome};
use super::sequence::{element, length, no_sequence};
use super::{Arguments, boolean, no_join};
use crate::costs::CostFn;
use crate::error::{CheckError, Stop};
use crate::lower::program::{At, Callee, Many};
use crate::natives::Kind;
use crate::value::{List, Value};

/// Functions that are open while the function that is applied runs: the special form and the function itself.
const LEVELS: usize = 2;

impl Machine<'_> {
    fn look_up(&mut self, callee: &Callee) -> Result<(), Stop> {
        self.meter.charge(CostFn::LookupFunction, 0)?;
        match callee {
            Callee::Missing(name) => Err(CheckError::UndefinedFunction(name.to_string()).into()),
            Callee::Native(_) | Callee::User(_) => Ok(()),
        }
    }

    fn apply_callee(&mut self, frame: &Frame<'_>, callee: &Callee, values: Vec<Value>, level: usize) -> Outcome {
        if let Callee::Native(native) = callee
            && native.kind() == Kind::Special
        {
            return self.special_native(frame, *native, &Arguments::Values(&values));
        }
        let mut held = 0;
        let outcome = self.hold(&values, &mut held).and_then(|()| match callee {
            Callee::User(index) => self.apply_user(&Frame { level: level + LEVELS, ..*frame }, *index, values),
            Callee::Native(native) => self.apply_plain(*native, values),
            Callee::Missing(name) => Err(CheckError::UndefinedFunction(name.to_string()).into()),
        });
        self.meter.give(held);
        outcome
    }

    /// Takes memory for values that are arguments.
    fn hold(&mut self, values: &[Value], held: &mut u64) -> Result<(), Stop> {
        for value in values {
            let size = u64::from(value.size());
            self.meter.take(size)?;
            *held += size;
        }
        Ok(())
    }

    pub(super) fn map(&mut self, frame: &Frame<'_>, callee: &Callee, sequences: Many, level: usize) -> Outcome {
        self.meter.charge(CostFn::Map, count(sequences.len as usize + 1))?;
        self.look_up(callee)?;
        let mut values = Vec::with_capacity(sequences.len as usize);
        for at in frame.program().many(sequences) {
            let sequence = self.eval_copied(frame, *at)?;
            length(&sequence)?;
            values.push(sequence);
        }
        let steps = if self.rules.map_stops_at_shortest { steps(&values)? } else { steps_before_4(&values)? };
        let mut results = Vec::with_capacity(steps.len());
        for step in steps {
            results.push(self.apply_callee(frame, callee, step, level)?);
        }
        Value::list(results).map_err(no_join)
    }

    pub(super) fn filter(&mut self, frame: &Frame<'_>, callee: &Callee, sequence: At, level: usize) -> Outcome {
        self.meter.charge(CostFn::Filter, 0)?;
        let value = self.eval_copied(frame, sequence)?;
        self.look_up(callee)?;
        let most = length(&value)?;
        let mut kept = Vec::new();
        for index in 0..usize::try_from(most).unwrap_or(usize::MAX) {
            let Some(item) = element(&value, index) else { break };
            if boolean(self.apply_callee(frame, callee, vec![item], level)?)? {
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
            _ => return Err(no_sequence(value)),
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
        for index in 0..usize::try_from(most).unwrap_or(usize::MAX) {
            let Some(item) = element(&value, index) else { break };
            accumulator = self.apply_callee(frame, callee, vec![item, accumulator], level)?;
        }
        Ok(accumulator)
    }
}

/// The arguments of each step: one element of each sequence, while all have one.
fn steps(sequences: &[Value]) -> Result<Vec<Vec<Value>>, Stop> {
    let mut shortest = u64::MAX;
    for sequence in sequences {
        shortest = shortest.min(length(sequence)?);
    }
    let shortest = usize::try_from(shortest).unwrap_or(0);
    Ok((0..shortest).map(|index| sequences.iter().filter_map(|sequence| element(sequence, index)).collect()).collect())
}

/// Until 4.0 a sequence gave one element more than the shortest one before it had, and steps ran while they had as many
/// arguments as the first.
fn steps_before_4(sequences: &[Value]) -> Result<Vec<Vec<Value>>, Stop> {
    let mut shortest = u64::MAX;
    let mut steps: Vec<Vec<Value>> = Vec::new();
    for sequence in sequences {
        let own = length(sequence)?;
        shortest = shortest.min(own);
        for index in 0..usize::try_from(own.min(shortest.saturating_add(1))).unwrap_or(0) {
            let Some(item) = element(sequence, index) else { break };
            match steps.get_mut(index) {
                Some(step) => step.push(item),
                None => steps.push(vec![item]),
            }
        }
    }
    let arguments = steps.first().map_or(0, Vec::len);
    let complete = steps.iter().take_while(|step| step.len() == arguments).count();
    steps.truncate(complete);
    Ok(steps)
}
