//! What functions take and return, and what comparing arguments with it costs.

use super::checker::Checker;
use super::errors::{Alternatives, AnalysisError, Fault, Shown};
use crate::costs::{Cost, CostFn};
use crate::types::{MAX_VALUE_SIZE, Type};

/// What a function takes and returns.
#[derive(Debug, Clone)]
pub(super) enum Signature {
    /// Arguments of these types, in this order; then the type of the result.
    Fixed(Vec<Type>, Type),
    /// One or more arguments of a type.
    Variadic(Type, Type),
    /// One argument, of any of these types.
    OneOf(Vec<Type>, Type),
    /// One or more numbers of one type; returns that type.
    Numbers,
    /// A number; returns its type.
    Number,
    /// Two numbers of one type; returns that type.
    TwoNumbers,
    /// Two arguments of one type that has an order.
    Comparison,
    /// A number and a count; returns the number's type.
    Shift,
}

/// The type of the largest buffer.
pub(super) const MAX_BUFFER: Type = Type::Buffer(MAX_VALUE_SIZE);
/// The type of the largest ASCII text.
pub(super) const MAX_ASCII: Type = Type::Ascii(MAX_VALUE_SIZE);
/// The type of the largest UTF-8 text.
pub(super) const MAX_UTF8: Type = Type::Utf8(MAX_VALUE_SIZE / 4);

/// How a comparison of types is charged.
pub(super) enum Payment<'c> {
    /// At once.
    Charged,
    /// Quoted, and added to this list.
    Quoted(&'c mut Vec<Cost>),
}

fn larger(a: &Type, b: &Type) -> u64 {
    u64::from(a.type_size().max(b.type_size()))
}

impl Checker<'_, '_> {
    fn pay(&mut self, payment: &mut Payment<'_>, n: u64) -> Result<(), Box<Fault>> {
        match payment {
            Payment::Charged => self.charge(CostFn::AnalysisTypeCheck, n),
            Payment::Quoted(quotes) => {
                quotes.push(self.meter.quote(CostFn::AnalysisTypeCheck, n)?);
                Ok(())
            }
        }
    }

    /// Fails unless a type admits another.
    fn demand(&mut self, expected: &Type, found: &Type, payment: &mut Payment<'_>) -> Result<(), Box<Fault>> {
        self.pay(payment, larger(expected, found))?;
        if expected.admits(found)? { Ok(()) } else { Err(AnalysisError::type_error(expected, found).into()) }
    }

    /// Charges a comparison of two types.
    pub(super) fn charge_comparison(&mut self, a: &Type, b: &Type) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisTypeCheck, larger(a, b))
    }

    /// Fails unless a type admits another; charged at once.
    pub(super) fn demand_charged(&mut self, expected: &Type, found: &Type) -> Result<(), Box<Fault>> {
        self.demand(expected, found, &mut Payment::Charged)
    }

    /// Compares arguments with a signature; returns the type of the result.
    pub(super) fn arguments(&mut self, signature: &Signature, types: &[Type]) -> Result<Type, Box<Fault>> {
        match signature {
            Signature::Fixed(expected, result) => {
                if expected.len() != types.len() {
                    return Err(AnalysisError::IncorrectArgumentCount(expected.len(), types.len()).into());
                }
                for (expected, found) in expected.iter().zip(types) {
                    self.demand_charged(expected, found)?;
                }
                Ok(result.clone())
            }
            Signature::Variadic(..) | Signature::Numbers => {
                if types.is_empty() {
                    return Err(AnalysisError::RequiresAtLeastArguments(1, 0).into());
                }
                for (at, found) in types.iter().enumerate() {
                    self.argument(signature, &types[0], at, found, &mut Payment::Charged)?;
                }
                Ok(match signature {
                    Signature::Variadic(_, result) => result.clone(),
                    _ => types[0].clone(),
                })
            }
            Signature::OneOf(options, result) => {
                let [found] = exactly(types)?;
                self.one_of(options, found)?;
                Ok(result.clone())
            }
            Signature::Number => {
                let [found] = exactly(types)?;
                self.number(found, &mut Payment::Charged)?;
                Ok(found.clone())
            }
            Signature::TwoNumbers => {
                let [first, second] = exactly(types)?;
                self.number(first, &mut Payment::Charged)?;
                self.demand_charged(first, second)?;
                Ok(first.clone())
            }
            Signature::Comparison => {
                let [first, second] = exactly(types)?;
                self.comparison(first, second)?;
                Ok(Type::Bool)
            }
            Signature::Shift => {
                let [number, count] = exactly(types)?;
                self.one_of(&[Type::Int, Type::UInt], number)?;
                self.demand_charged(&Type::UInt, count)?;
                Ok(number.clone())
            }
        }
    }

    /// Whether arguments are also compared one by one as they are visited.
    pub(super) const fn is_variadic(signature: &Signature) -> bool {
        matches!(signature, Signature::Variadic(..) | Signature::Numbers)
    }

    /// Compares one argument with a variadic signature.
    pub(super) fn argument(
        &mut self,
        signature: &Signature,
        first: &Type,
        at: usize,
        found: &Type,
        payment: &mut Payment<'_>,
    ) -> Result<(), Box<Fault>> {
        match signature {
            Signature::Variadic(expected, _) => self.demand(expected, found, payment),
            _ if at == 0 => self.number(found, payment),
            _ => self.demand(first, found, payment),
        }
    }

    fn number(&mut self, found: &Type, payment: &mut Payment<'_>) -> Result<(), Box<Fault>> {
        self.pay(payment, u64::from(found.type_size()))?;
        union(&[Type::Int, Type::UInt], found, matches!(found, Type::Int | Type::UInt))
    }

    fn one_of(&mut self, options: &[Type], found: &Type) -> Result<(), Box<Fault>> {
        for option in options {
            self.charge_comparison(option, found)?;
            if option.admits(found)? {
                return Ok(());
            }
        }
        union(options, found, false)
    }

    fn comparison(&mut self, first: &Type, second: &Type) -> Result<(), Box<Fault>> {
        self.charge(CostFn::AnalysisTypeCheck, u64::from(first.type_size()))?;
        self.charge(CostFn::AnalysisTypeCheck, u64::from(second.type_size()))?;
        let is_text = matches!(first, Type::Ascii(_) | Type::Utf8(_) | Type::Buffer(_));
        let is_ordered = matches!(first, Type::Int | Type::UInt) || is_text && self.dialect.compares_text;
        // In Clarity 1, too, the error names the types that only later versions take.
        union(&[Type::Int, Type::UInt, MAX_ASCII, MAX_UTF8, MAX_BUFFER], first, is_ordered)?;
        let is_same = matches!(
            (first, second),
            (Type::Int, Type::Int)
                | (Type::UInt, Type::UInt)
                | (Type::Ascii(_), Type::Ascii(_))
                | (Type::Utf8(_), Type::Utf8(_))
                | (Type::Buffer(_), Type::Buffer(_))
        );
        if is_same { Ok(()) } else { Err(AnalysisError::type_error(first, second).into()) }
    }
}

fn exactly<const N: usize>(types: &[Type]) -> Result<&[Type; N], AnalysisError> {
    types.try_into().map_err(|_| AnalysisError::IncorrectArgumentCount(N, types.len()))
}

/// Fails unless `is_one`; the error names the expected types.
pub(super) fn union(options: &[Type], found: &Type, is_one: bool) -> Result<(), Box<Fault>> {
    if is_one {
        return Ok(());
    }
    let options = options.iter().cloned().map(Shown).collect();
    Err(AnalysisError::UnionTypeError(Alternatives(options), Shown(found.clone())).into())
}
