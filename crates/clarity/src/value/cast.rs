//! Casts an argument to the type of its parameter, from Clarity 2 on: contracts become callable by the parameter's
//! trait, and lists and tuples carry the declared type from then on, whether or not their content is of it.

use std::sync::Arc;

use super::{Callable, Value};
use crate::principal::Principal;
use crate::types::{Type, TypeFault};

/// Why a value cannot be brought to a type.
#[derive(Debug)]
pub(crate) enum CastFault {
    /// The value would be too large with this type.
    Type(TypeFault),
    /// A tuple in the value has a field that the type expected there does not have.
    Field(Box<(Type, Value)>),
}

impl From<TypeFault> for CastFault {
    fn from(fault: TypeFault) -> Self {
        Self::Type(fault)
    }
}

impl Value {
    /// The value with the type of the parameter. A tuple that lacks fields becomes a damaged one.
    ///
    /// # Errors
    /// [`CastFault`]
    pub(crate) fn cast(self, parameter: &Type) -> Result<Self, CastFault> {
        Ok(match (parameter, self) {
            (Type::Optional(optional), Self::Optional(Some(inner))) if is_castable(optional.inner()) => {
                Self::some(Arc::unwrap_or_clone(inner).cast(optional.inner())?)?
            }
            (Type::Response(response), Self::Ok(inner)) if is_castable(response.ok()) => {
                Self::okay(Arc::unwrap_or_clone(inner).cast(response.ok())?)?
            }
            (Type::Response(response), Self::Err(inner)) if is_castable(response.err()) => {
                Self::error(Arc::unwrap_or_clone(inner).cast(response.err())?)?
            }
            (Type::List(expected), Self::List(mut list)) => {
                if list.entry == *expected.entry() && !is_castable(expected.entry()) {
                    return Ok(Self::List(list));
                }
                let list = Arc::make_mut(&mut list);
                let items = std::mem::take(&mut list.items);
                let items = if is_castable(expected.entry()) {
                    items.into_iter().map(|item| item.cast(expected.entry())).collect::<Result<Vec<_>, _>>()?
                } else {
                    items
                };
                Self::list_of(expected.entry().clone(), list.max_len, items)?
            }
            (Type::Tuple(expected), Self::Tuple(tuple)) => {
                let mut values = vec![None; expected.fields().len()];
                for (name, value) in tuple.fields() {
                    let Some(at) = expected.position(name) else {
                        let fault = (Type::Tuple(Arc::clone(expected)), Self::Tuple(Arc::clone(&tuple)));
                        return Err(CastFault::Field(Box::new(fault)));
                    };
                    values[at] = Some(value.clone().cast(&expected.fields()[at].1)?);
                }
                Self::tuple_with(Arc::clone(expected), values)?
            }
            (Type::Trait(bound), Self::Principal(principal)) => match principal.as_ref() {
                Principal::Contract(contract) => Self::Callable(Arc::new(Callable {
                    contract: contract.clone(),
                    bound: Some(bound.as_ref().clone()),
                })),
                Principal::Standard(_) => Self::Principal(principal),
            },
            (Type::Trait(bound), Self::Callable(callable)) => Self::Callable(Arc::new(Callable {
                contract: callable.contract.clone(),
                bound: Some(bound.as_ref().clone()),
            })),
            (_, value) => value,
        })
    }
}

/// Whether a cast to this type can change a value.
const fn is_castable(of: &Type) -> bool {
    matches!(of, Type::List(_) | Type::Tuple(_) | Type::Optional(_) | Type::Response(_) | Type::Trait(_))
}
