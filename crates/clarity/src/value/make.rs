//! Makes values from their parts. What would be too large or nest too deep is refused here, so no such value exists.

use std::sync::Arc;

use super::{List, Tuple, Value};
use crate::names::ClarityName;
use crate::types::{JoinFault, MAX_TYPE_DEPTH, MAX_VALUE_SIZE, TupleType, Type, TypeFault};

/// Why entries make no list.
#[derive(Debug)]
pub(crate) enum ListFault {
    /// The entries have no common type, or it is too large or too deep.
    Join(JoinFault),
    /// The content of an entry is not of the list's entry type.
    Content,
}

impl<F: Into<JoinFault>> From<F> for ListFault {
    fn from(fault: F) -> Self {
        Self::Join(fault.into())
    }
}

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

    /// A list with the common type of its entries, and its own length as the maximum.
    ///
    /// # Errors
    /// The entries have no common type; too large, too deep.
    pub fn list(items: Vec<Self>) -> Result<Self, JoinFault> {
        let entry = entry_type(&items)?;
        let max_len = u32::try_from(items.len()).map_err(|_| TypeFault::ValueTooLarge)?;
        Ok(Self::list_of(entry, max_len, items)?)
    }

    /// The same, with each entry sanitized to the common type: fields that it lacks are dropped, and lists inside get
    /// the types of their content.
    ///
    /// # Errors
    /// [`ListFault`]
    pub(crate) fn sanitized_list(mut items: Vec<Self>) -> Result<Self, ListFault> {
        let entry = entry_type(&items)?;
        let max_len = u32::try_from(items.len()).map_err(|_| TypeFault::ValueTooLarge)?;
        items.iter_mut().try_for_each(|item| item.sanitize_entry(&entry))?;
        Ok(Self::list_of(entry, max_len, items)?)
    }

    /// Sanitizes an entry to the list's entry type.
    ///
    /// # Errors
    /// Its content is not of that type.
    pub(crate) fn sanitize_entry(&mut self, entry: &Type) -> Result<(), ListFault> {
        if (entry.is_compound() || matches!(entry, Type::Union(_))) && !self.is_sanitary(entry) {
            *self = self.sanitized(entry).ok_or(ListFault::Content)?;
        }
        Ok(())
    }

    /// A list of this type. The caller guarantees that the entries are of it.
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

    /// A tuple with the type of its fields, which may come in any order.
    ///
    /// # Errors
    /// No field, the same field twice, too large, too deep.
    pub fn tuple(mut fields: Vec<(ClarityName, Self)>) -> Result<Self, TypeFault> {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let types = fields.iter().map(|(name, value)| (name.clone(), value.type_of())).collect();
        let shape = Arc::new(TupleType::new(types)?);
        let values = fields.into_iter().map(|(_, value)| value).collect();
        Ok(Self::Tuple(Arc::new(Tuple { shape, values, present: None })))
    }

    /// A tuple of this type. The caller guarantees that the values are of it, in the order of its fields.
    #[must_use]
    pub(crate) fn tuple_of(shape: Arc<TupleType>, values: Vec<Self>) -> Self {
        Self::Tuple(Arc::new(Tuple { shape, values: values.into_boxed_slice(), present: None }))
    }

    /// As [`Value::tuple_of`]; the tuple is damaged if a field has no value.
    ///
    /// # Errors
    /// No field has a value.
    pub(crate) fn tuple_with(shape: Arc<TupleType>, values: Vec<Option<Self>>) -> Result<Self, TypeFault> {
        let fields = shape.fields().iter().zip(&values).filter(|(_, value)| value.is_some());
        let fields: Vec<_> = fields.map(|(field, _)| field.clone()).collect();
        let present =
            (fields.len() < values.len()).then(|| TupleType::of_any_size(fields).map(Arc::new)).transpose()?;
        let values = values.into_iter().flatten().collect();
        Ok(Self::Tuple(Arc::new(Tuple { shape, values, present })))
    }
}

/// The least type that admits all these values.
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
            entry.join_with(&item.type_of())?;
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
