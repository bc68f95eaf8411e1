//! The least type that admits the values of two types: of the arms of an `if`, of the entries of a list.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Type, TypeFault};

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
