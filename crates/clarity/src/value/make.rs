//! Values from their parts. What would be too large or nest too deep is refused here, so that every value that exists is neither.

use std::sync::Arc;

use super::{List, Tuple, Value};
use crate::names::ClarityName;
use crate::types::{JoinFault, MAX_TYPE_DEPTH, MAX_VALUE_SIZE, TupleType, Type, TypeFault};

impl Value {
    /// `(some inner)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn some(inner: Self) -> Result<Self, TypeFault> {
        wrap(inner).map(|inner| Self::Optional(Some(inner)))
    }

    /// `(ok inner)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn okay(inner: Self) -> Result<Self, TypeFault> {
        wrap(inner).map(Self::Ok)
    }

    /// `(err inner)`
    ///
    /// # Errors
    /// Too large or too deep.
    pub fn error(inner: Self) -> Result<Self, TypeFault> {
        wrap(inner).map(Self::Err)
    }

    /// A list whose type is that of its entries, and as long as it is.
    ///
    /// # Errors
    /// The entries have no type in common; too large, too deep.
    pub fn list(items: Vec<Self>) -> Result<Self, JoinFault> {
        let entry = entry_type(&items)?;
        let max_len = u32::try_from(items.len()).map_err(|_| TypeFault::ValueTooLarge)?;
        Ok(Self::list_of(entry, max_len, items)?)
    }

    /// The same with each entry brought to the type that they have in common: fields that this type lacks are dropped, lists in
    /// them have the types of their content.
    ///
    /// # Errors
    /// The entries have no type in common; too large, too deep.
    pub(crate) fn sanitized_list(mut items: Vec<Self>) -> Result<Self, JoinFault> {
        let entry = entry_type(&items)?;
        let max_len = u32::try_from(items.len()).map_err(|_| TypeFault::ValueTooLarge)?;
        if entry.is_compound() {
            for item in items.iter_mut().filter(|item| !item.is_sanitary(&entry)) {
                if let Some(sanitized) = item.sanitized(&entry) {
                    *item = sanitized;
                }
            }
        }
        Ok(Self::list_of(entry, max_len, items)?)
    }

    /// A list of a type. The entries are trusted to be of it.
    ///
    /// # Errors
    /// Too large or too deep.
    pub(crate) fn list_of(entry: Type, max_len: u32, items: Vec<Self>) -> Result<Self, TypeFault> {
        let list = List { entry, max_len, items };
        let size = u64::from(max_len) * u64::from(list.entry.size()) + u64::from(list.entry.type_size()) + 5;
        if list.entry.depth() >= MAX_TYPE_DEPTH {
            return Err(TypeFault::TooDeep);
        }
        if size > u64::from(MAX_VALUE_SIZE) {
            return Err(TypeFault::ValueTooLarge);
        }
        Ok(Self::List(Arc::new(list)))
    }

    /// A tuple whose type is that of its fields, which may stand in any order.
    ///
    /// # Errors
    /// No field, the same field twice, too large, too deep.
    pub fn tuple(mut fields: Vec<(ClarityName, Self)>) -> Result<Self, TypeFault> {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let types = fields.iter().map(|(name, value)| (name.clone(), value.type_of())).collect();
        let shape = Arc::new(TupleType::new(types)?);
        let values = fields.into_iter().map(|(_, value)| value).collect();
        Ok(Self::Tuple(Arc::new(Tuple { shape, values })))
    }

    /// A tuple of a type. The values are trusted to be of it, in the order of its fields.
    #[must_use]
    pub(crate) fn tuple_of(shape: Arc<TupleType>, values: Vec<Self>) -> Self {
        Self::Tuple(Arc::new(Tuple { shape, values: values.into_boxed_slice() }))
    }
}

/// The least type of all these values.
pub(crate) fn entry_type(items: &[Value]) -> Result<Type, JoinFault> {
    let Some((first, rest)) = items.split_first() else { return Ok(Type::NoType) };
    let mut entry = first.type_of();
    for item in rest {
        let plain = matches!(
            (&entry, item),
            (Type::Int, Value::Int(_))
                | (Type::UInt, Value::UInt(_))
                | (Type::Bool, Value::Bool(_))
                | (Type::Principal, Value::Principal(_))
        );
        if !plain {
            entry = entry.join(&item.type_of())?;
        }
    }
    Ok(entry)
}

fn wrap(inner: Value) -> Result<Arc<Value>, TypeFault> {
    if inner.size() >= MAX_VALUE_SIZE {
        return Err(TypeFault::ValueTooLarge);
    }
    if inner.depth() >= MAX_TYPE_DEPTH {
        return Err(TypeFault::TooDeep);
    }
    Ok(Arc::new(inner))
}
