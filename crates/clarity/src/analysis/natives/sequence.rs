//! Lists, buffers and texts; functions that apply functions to their elements.

use super::{Checked, signature};
use crate::analysis::checker::Checker;
use crate::analysis::definitions::{at_least, count};
use crate::analysis::errors::{AnalysisError, Fault, Shown, join_entries};
use crate::analysis::expression::Trial;
use crate::analysis::signature::Signature;
use crate::costs::{CostFn, units};
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::{Type, TypeFault};
use crate::value::Value;

impl Checker<'_, '_> {
    pub(super) fn sequence(&mut self, native: Native, arguments: &[NodeId]) -> Checked {
        match native {
            Native::ListCons => self.list_cons(arguments),
            Native::Map => self.map_form(arguments),
            Native::Filter => self.filter(arguments),
            Native::Fold => self.fold(arguments),
            Native::Append => self.append(arguments),
            Native::Concat => self.concat(arguments),
            Native::AsMaxLen => self.as_max_len(arguments),
            Native::Len => {
                let [sequence] = self.visit_exactly(arguments)?;
                self.iterable(0)?;
                element(&sequence)?;
                Ok(Type::UInt)
            }
            Native::ElementAt | Native::ElementAtSafe => {
                let [sequence, index] = count(arguments)?;
                self.expect(index, &Type::UInt)?;
                let sequence = self.visit(sequence)?;
                self.iterable(0)?;
                Ok(Type::optional(element(&sequence)?)?)
            }
            Native::IndexOf | Native::IndexOfSafe => {
                let [sequence, item] = count(arguments)?;
                self.iterable(0)?;
                let sequence = self.visit(sequence)?;
                let element = element(&sequence)?;
                self.expect(item, &element)?;
                Ok(Type::optional(Type::UInt)?)
            }
            Native::Slice => {
                let [sequence, left, right] = count(arguments)?;
                self.iterable(0)?;
                let sequence = self.visit(sequence)?;
                element(&sequence)?;
                self.expect(left, &Type::UInt)?;
                self.expect(right, &Type::UInt)?;
                Ok(Type::optional(sequence)?)
            }
            _ => {
                let [sequence, index, item] = count(arguments)?;
                self.iterable(0)?;
                let sequence = self.visit(sequence)?;
                let element = element(&sequence)?;
                self.expect(index, &Type::UInt)?;
                self.expect(item, &element)?;
                Ok(Type::optional(sequence)?)
            }
        }
    }

    fn iterable(&mut self, n: usize) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisIterableFunc, units(n))
    }

    /// Joins the types of entries as they are visited. All are visited and charged, even without a common type.
    fn list_cons(&mut self, arguments: &[NodeId]) -> Checked {
        let mut trial = Trial::default();
        let mut entry: Option<Type> = None;
        for argument in arguments {
            let of = self.visit(*argument)?;
            if trial.misfit.is_none() {
                match &mut entry {
                    None => entry = Some(of.clone()),
                    Some(entry) => trial.misfit = join_entries(entry, &of).err().map(Into::into),
                }
            }
            let size = u64::from(of.type_size());
            trial.quotes.push(self.meter.quote(CostFn::AnalysisListItemsCheck, size)?);
        }
        self.pay_quotes(trial.quotes)?;
        if let Some(misfit) = trial.misfit {
            return Err(misfit);
        }
        let length = u32::try_from(arguments.len()).map_err(|_| AnalysisError::ConstructedListTooLarge)?;
        Ok(Type::list(entry.unwrap_or(Type::NoType), length)?)
    }

    /// The signature of the function that is applied to elements.
    fn applied(&mut self, id: NodeId) -> Result<Signature, Box<Fault>> {
        let name = self.tree.atom(id).ok_or(AnalysisError::NonFunctionApplication)?;
        self.charge(CostFn::AnalysisLookupFunction, 0)?;
        let illegal = || AnalysisError::IllegalOrUnknownFunctionApplication(name.to_string());
        if let Some(native) = self.native(name) {
            return Ok(signature(native).ok_or_else(illegal)?);
        }
        let function = self.known.function(name).cloned().ok_or_else(illegal)?;
        let parameters = function.parameters.iter().map(|(_, of)| of.clone()).collect();
        Ok(Signature::Fixed(parameters, function.result.clone()))
    }

    fn map_form(&mut self, arguments: &[NodeId]) -> Checked {
        at_least(2, arguments)?;
        let function = self.applied(arguments[0])?;
        self.iterable(arguments.len())?;
        let mut elements: Vec<Type> = Vec::with_capacity(arguments.len());
        let mut trial = Trial::default();
        let mut shortest = u32::MAX;
        for argument in &arguments[1..] {
            let sequence = self.visit(*argument)?;
            elements.push(element(&sequence)?);
            shortest = shortest.min(length(&sequence));
            if Self::is_variadic(&function) {
                self.try_argument(&function, &elements, &mut trial)?;
            }
        }
        self.end_trial(trial)?;
        let result = self.arguments(&function, &elements)?;
        Ok(Type::list(result, shortest).map_err(|_| AnalysisError::ConstructedListTooLarge)?)
    }

    fn filter(&mut self, arguments: &[NodeId]) -> Checked {
        let [function, sequence] = count(arguments)?;
        let function = self.applied(function)?;
        self.iterable(0)?;
        let sequence = self.visit(sequence)?;
        let element = element(&sequence)?;
        let result = self.arguments(&function, &[element])?;
        if result != Type::Bool {
            return Err(AnalysisError::type_error(&Type::Bool, &result).into());
        }
        Ok(sequence)
    }

    fn fold(&mut self, arguments: &[NodeId]) -> Checked {
        let [function, sequence, initial] = count(arguments)?;
        let function = self.applied(function)?;
        self.iterable(0)?;
        let sequence = self.visit(sequence)?;
        let element = element(&sequence)?;
        let initial = self.visit(initial)?;
        let first = self.arguments(&function, &[element.clone(), initial])?;
        self.arguments(&function, &[element, first])
    }

    fn append(&mut self, arguments: &[NodeId]) -> Checked {
        let [list, item] = count(arguments)?;
        self.iterable(0)?;
        let Type::List(list) = self.visit(list)? else { return Err(AnalysisError::ExpectedListApplication.into()) };
        let item = self.visit(item)?;
        self.charge_comparison(list.entry(), &item)?;
        let mut entry = list.entry().clone();
        join_entries(&mut entry, &item)?;
        let length = list.max_len().checked_add(1).ok_or(AnalysisError::MaxLengthOverflow)?;
        Ok(Type::list(entry, length)?)
    }

    fn concat(&mut self, arguments: &[NodeId]) -> Checked {
        if self.dialect.concatenates_many {
            at_least(2, arguments)?;
        } else {
            count::<2>(arguments)?;
        }
        let mut so_far = self.visit(arguments[0])?;
        for (at, argument) in arguments[1..].iter().enumerate() {
            let next = self.visit(*argument)?;
            if at == 0 {
                self.iterable(0)?;
            }
            self.charge_comparison(&so_far, &next)?;
            so_far = concatenated(&so_far, &next)?;
        }
        Ok(so_far)
    }

    fn as_max_len(&mut self, arguments: &[NodeId]) -> Checked {
        let [sequence, most] = count(arguments)?;
        let Some(Value::UInt(most)) = self.tree.literal(most) else {
            let found = self.visit(most)?;
            return Err(AnalysisError::type_error(&Type::UInt, &found).into());
        };
        self.charge(CostFn::AnalysisTypeAnnotate, u64::from(Type::UInt.type_size()))?;
        let most = u32::try_from(*most).map_err(|_| AnalysisError::MaxLengthOverflow)?;
        let sequence = self.visit(sequence)?;
        self.iterable(0)?;
        let of = match &sequence {
            Type::Buffer(_) => Type::Buffer(most),
            Type::Ascii(_) => Type::Ascii(most),
            Type::Utf8(_) => Type::Utf8(most),
            Type::List(list) => Type::list(list.entry().clone(), most)?,
            _ => return Err(AnalysisError::ExpectedSequence(Shown(sequence)).into()),
        };
        Ok(Type::optional_of_any_size(of))
    }
}

/// The type of a sequence's elements.
fn element(sequence: &Type) -> Result<Type, AnalysisError> {
    Ok(match sequence {
        Type::Buffer(_) => Type::Buffer(1),
        Type::Ascii(_) => Type::Ascii(1),
        Type::Utf8(_) => Type::Utf8(1),
        Type::List(list) => list.entry().clone(),
        _ => return Err(AnalysisError::ExpectedSequence(Shown(sequence.clone()))),
    })
}

/// The most elements of a sequence.
fn length(sequence: &Type) -> u32 {
    match sequence {
        Type::Buffer(length) | Type::Ascii(length) | Type::Utf8(length) => *length,
        Type::List(list) => list.max_len(),
        _ => 0,
    }
}

fn concatenated(a: &Type, b: &Type) -> Result<Type, Box<Fault>> {
    let sum = || length(a).checked_add(length(b)).ok_or(AnalysisError::MaxLengthOverflow);
    let bounded = |of: Type| {
        let is_good = of.size() <= crate::types::MAX_VALUE_SIZE + 4;
        if is_good { Ok(of) } else { Err(AnalysisError::from(TypeFault::ValueTooLarge)) }
    };
    Ok(match (a, b) {
        (Type::Buffer(_), Type::Buffer(_)) => bounded(Type::Buffer(sum()?))?,
        (Type::Ascii(_), Type::Ascii(_)) => bounded(Type::Ascii(sum()?))?,
        (Type::Utf8(_), Type::Utf8(_)) => bounded(Type::Utf8(sum()?))?,
        (Type::List(x), Type::List(y)) => {
            let mut entry = x.entry().clone();
            join_entries(&mut entry, y.entry())?;
            Type::list(entry, sum()?)?
        }
        _ if element(a).is_ok() && element(b).is_ok() => return Err(AnalysisError::type_error(a, b).into()),
        _ => return Err(AnalysisError::ExpectedSequence(Shown(a.clone())).into()),
    })
}
