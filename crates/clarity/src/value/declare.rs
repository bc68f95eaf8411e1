//! Gives a value the declared type of the place where it is stored, so that it is the same as when it is read back.

use std::sync::Arc;

use super::{List, Value};
use crate::principal::Principal;
use crate::types::Type;

impl Value {
    /// The value with a type that admits it: fields that the type lacks are dropped, lists get its maximum lengths.
    #[must_use]
    pub fn declared(self, of: &Type) -> Self {
        match (of, self) {
            (Type::List(of), Self::List(mut list)) => {
                let plain = !of.entry().is_compound();
                if plain && list.max_len == of.max_len() && list.entry == *of.entry() {
                    return Self::List(list);
                }
                let mut items = std::mem::take(&mut Arc::make_mut(&mut list).items);
                if !plain {
                    items = items.into_iter().map(|item| item.declared(of.entry())).collect();
                }
                Self::List(Arc::new(List { entry: of.entry().clone(), max_len: of.max_len(), items }))
            }
            (Type::Tuple(of), Self::Tuple(tuple)) => {
                if tuple.shape() == of && !of.fields().iter().any(|(_, field)| field.is_compound()) {
                    return Self::Tuple(tuple);
                }
                let fields =
                    of.fields().iter().map(|(name, field)| tuple.get(name).cloned().map(|value| value.declared(field)));
                match fields.collect::<Option<Vec<_>>>() {
                    Some(values) => Self::tuple_of(Arc::clone(of), values),
                    None => Self::Tuple(tuple),
                }
            }
            (Type::Optional(of), Self::Optional(Some(inner))) => {
                Self::Optional(Some(Arc::new(Arc::unwrap_or_clone(inner).declared(of.inner()))))
            }
            (Type::Response(of), Self::Ok(inner)) => Self::Ok(Arc::new(Arc::unwrap_or_clone(inner).declared(of.ok()))),
            (Type::Response(of), Self::Err(inner)) => {
                Self::Err(Arc::new(Arc::unwrap_or_clone(inner).declared(of.err())))
            }
            (Type::Principal, Self::Callable(callable)) => {
                Self::principal(Principal::Contract(callable.contract.clone()))
            }
            (_, value) => value,
        }
    }
}
