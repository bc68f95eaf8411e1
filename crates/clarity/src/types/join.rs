//! The least type that admits the values of two types: of the arms of an `if`, of the entries of a list.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{MAX_TYPE_DEPTH, MAX_VALUE_SIZE, Type, TypeFault};

/// Why two types have no type in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinFault {
    /// These two parts of the types have no type in common.
    NoneInCommon(Box<(Type, Type)>),
    /// The common type would be too large or too deep.
    Type(TypeFault),
}

impl From<TypeFault> for JoinFault {
    fn from(fault: TypeFault) -> Self {
        Self::Type(fault)
    }
}

impl Type {
    /// The least type that admits values of both types.
    ///
    /// An unknown part is taken from the other type; the entry type of a list of length 0 is ignored; fields that only
    /// the right tuple has are dropped; different contract literals become a union.
    ///
    /// # Errors
    /// There is no such type, or it is too large.
    pub fn join(&self, other: &Self) -> Result<Self, JoinFault> {
        if self == other {
            return Ok(self.clone());
        }
        match (self, other) {
            (Self::NoType, x) | (x, Self::NoType) => Ok(x.clone()),
            (Self::Buffer(a), Self::Buffer(b)) => Ok(Self::Buffer(*a.max(b))),
            (Self::Ascii(a), Self::Ascii(b)) => Ok(Self::Ascii(*a.max(b))),
            (Self::Utf8(a), Self::Utf8(b)) => Ok(Self::Utf8(*a.max(b))),
            (Self::List(a), Self::List(b)) => {
                let entry = if a.max_len == 0 {
                    b.entry.clone()
                } else if b.max_len == 0 {
                    a.entry.clone()
                } else {
                    a.entry.join(&b.entry)?
                };
                Ok(Self::list(entry, a.max_len.max(b.max_len))?)
            }
            (Self::Optional(a), Self::Optional(b)) => Ok(Self::optional(a.inner.join(&b.inner)?)?),
            (Self::Response(a), Self::Response(b)) => Ok(Self::response(a.ok.join(&b.ok)?, a.err.join(&b.err)?)?),
            (Self::Tuple(a), Self::Tuple(b)) => {
                let mut fields = Vec::with_capacity(a.fields.len());
                for (name, left) in &a.fields {
                    let right = b.field(name).ok_or_else(|| JoinFault::none(self, other))?;
                    fields.push((name.clone(), left.join(right)?));
                }
                Ok(Self::tuple(fields)?)
            }
            _ => self.join_callables(other),
        }
    }

    /// Makes this type its join with another. Nothing changes on an error.
    ///
    /// # Errors
    /// As [`Type::join`].
    pub(crate) fn join_with(&mut self, other: &Self) -> Result<(), JoinFault> {
        if !self.absorb(other) {
            *self = self.join(other)?;
        }
        Ok(())
    }

    /// Makes this type its join with another if that only adds members to its unions, and returns whether it did. A
    /// join of thousands of contract literals, one after the other, does not copy those before each time.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        self.has_shape_of(other) && self.add_members(other)
    }

    /// Whether the two differ in members of unions only, so that their join is this type with more members.
    fn has_shape_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Union(_), Self::Callable(_) | Self::Trait(_) | Self::Union(_)) => true,
            // A type of any size that is joined is refused if it is too large.
            (a, _) if a.size().max(a.type_size()) > MAX_VALUE_SIZE || a.depth() > MAX_TYPE_DEPTH => false,
            (Self::List(a), Self::List(b)) => a.max_len == b.max_len && a.entry.has_shape_of(&b.entry),
            (Self::Optional(a), Self::Optional(b)) => a.inner.has_shape_of(&b.inner),
            (Self::Response(a), Self::Response(b)) => a.ok.has_shape_of(&b.ok) && a.err.has_shape_of(&b.err),
            (Self::Tuple(a), Self::Tuple(b)) => {
                let mut pairs = a.fields.iter().zip(&b.fields);
                a.fields.len() == b.fields.len() && pairs.all(|(a, b)| a.0 == b.0 && a.1.has_shape_of(&b.1))
            }
            (a, b) => a == b,
        }
    }

    /// Adds the members of the other's unions to those of this type, of the same shape. Returns false if it stops at a
    /// part that others hold; the members that it has by then are of the join too.
    fn add_members(&mut self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Self::Union(members), Self::Union(more)) => {
                for member in more.iter() {
                    if !members.contains(member) {
                        Arc::make_mut(members).insert(member.clone());
                    }
                }
                true
            }
            (Self::Union(members), member) => {
                if !members.contains(member) {
                    Arc::make_mut(members).insert(member.clone());
                }
                true
            }
            (Self::List(a), Self::List(b)) => Arc::get_mut(a).is_some_and(|a| a.entry.add_members(&b.entry)),
            (Self::Optional(a), Self::Optional(b)) => Arc::get_mut(a).is_some_and(|a| a.inner.add_members(&b.inner)),
            (Self::Response(a), Self::Response(b)) => {
                Arc::get_mut(a).is_some_and(|a| a.ok.add_members(&b.ok) && a.err.add_members(&b.err))
            }
            (Self::Tuple(a), Self::Tuple(b)) => {
                Arc::get_mut(a).is_some_and(|a| a.fields.iter_mut().zip(&b.fields).all(|(a, b)| a.1.add_members(&b.1)))
            }
            _ => false,
        }
    }

    fn join_callables(&self, other: &Self) -> Result<Self, JoinFault> {
        let union = |a: &BTreeSet<Self>, b: &Self| {
            let mut members = a.clone();
            members.insert(b.clone());
            Self::Union(Arc::new(members))
        };
        Ok(match (self, other) {
            (Self::Callable(_) | Self::Trait(_), Self::Callable(_) | Self::Trait(_)) => {
                union(&BTreeSet::from([self.clone()]), other)
            }
            (Self::Union(members), x @ (Self::Callable(_) | Self::Trait(_)))
            | (x @ (Self::Callable(_) | Self::Trait(_)), Self::Union(members)) => union(members, x),
            (Self::Union(a), Self::Union(b)) => Self::Union(Arc::new(a.union(b).cloned().collect())),
            (Self::Principal, Self::Callable(_)) | (Self::Callable(_), Self::Principal) => Self::Principal,
            (Self::Principal, Self::Union(members)) | (Self::Union(members), Self::Principal)
                if members.iter().all(|member| matches!(member, Self::Callable(_))) =>
            {
                Self::Principal
            }
            _ => return Err(JoinFault::none(self, other)),
        })
    }
}

impl JoinFault {
    fn none(a: &Type, b: &Type) -> Self {
        Self::NoneInCommon(Box::new((a.clone(), b.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::TupleType;
    use super::*;
    use crate::names::ClarityName;
    use crate::principal::ContractId;

    fn literal(at: usize) -> Type {
        Type::Callable(Arc::new(ContractId::parse(&format!("ST000000000000000000002AMW42H.c{at}")).unwrap()))
    }

    fn members(of: &Type) -> &Arc<BTreeSet<Type>> {
        match of {
            Type::Union(members) => members,
            Type::Optional(of) => members(of.inner()),
            Type::List(of) => members(of.entry()),
            Type::Response(of) => members(of.err()),
            Type::Tuple(of) => members(&of.fields()[0].1),
            other => panic!("{other:?} has no union"),
        }
    }

    #[test]
    fn literals_are_added_to_a_union_without_a_copy_of_it() {
        let name = |text| ClarityName::new(text).unwrap();
        let shared = Type::optional(Type::UInt).unwrap();
        let shapes: [&dyn Fn(Type) -> Type; 5] = [
            &|of| of,
            &|of| Type::optional(of).unwrap(),
            &|of| Type::list(of, 3).unwrap(),
            &|of| Type::response(shared.clone(), of).unwrap(),
            &|of| Type::tuple(vec![(name("a"), of), (name("b"), shared.clone())]).unwrap(),
        ];
        for shape in shapes {
            let mut union = shape(literal(0));
            union.join_with(&shape(literal(1))).unwrap();
            let first = Arc::as_ptr(members(&union));
            for at in 0..20_000 {
                union.join_with(&shape(literal(at))).unwrap();
            }
            assert_eq!(Arc::as_ptr(members(&union)), first);
            assert_eq!(members(&union).len(), 20_000);
        }
    }

    #[test]
    fn what_others_hold_stays_as_it_is() {
        let mut union = literal(0);
        union.join_with(&literal(1)).unwrap();
        let held = union.clone();
        union.join_with(&literal(2)).unwrap();
        assert_eq!((members(&held).len(), members(&union).len()), (2, 3));
        let mut optional = Type::optional(held).unwrap();
        let held = optional.clone();
        optional.join_with(&Type::optional(union).unwrap()).unwrap();
        assert_eq!((members(&held).len(), members(&optional).len()), (2, 3));
    }

    #[test]
    fn a_type_of_any_size_is_refused_as_before() {
        let name = |text| ClarityName::new(text).unwrap();
        let large = |of: &Type| {
            let fields = vec![(name("a"), of.clone()), (name("b"), Type::Buffer(MAX_VALUE_SIZE))];
            Type::Tuple(Arc::new(TupleType::of_any_size(fields).unwrap()))
        };
        let mut two = literal(0);
        two.join_with(&literal(1)).unwrap();
        let mut joined = large(&two);
        assert_eq!(joined.join_with(&large(&literal(2))), Err(JoinFault::Type(TypeFault::ValueTooLarge)));
        assert_eq!(joined, large(&two));
    }
}
