//! Sanitizes a value to a type: fields that the type lacks are dropped, lists and tuples get the types of their content.

use super::{Value, make};
use crate::types::Type;

impl Value {
    /// The sanitized value; `None` if the content is not of the type.
    #[must_use]
    pub(crate) fn sanitized(&self, expected: &Type) -> Option<Self> {
        match (expected, self) {
            (Type::List(expected), Self::List(list)) => {
                if list.items.len() > usize::try_from(expected.max_len()).ok()? {
                    return None;
                }
                let items = if !expected.entry().is_compound() {
                    if !list.items.iter().all(|item| item.fits(expected.entry()).unwrap_or(false)) {
                        return None;
                    }
                    let entry = make::entry_type(&list.items).ok()?;
                    if entry == list.entry && usize::try_from(list.max_len).is_ok_and(|most| most == list.items.len()) {
                        return Some(self.clone());
                    }
                    list.items.clone()
                } else {
                    list.items.iter().map(|item| item.sanitized(expected.entry())).collect::<Option<Vec<_>>>()?
                };
                let entry = make::entry_type(&items).ok()?;
                let max_len = u32::try_from(items.len()).ok()?;
                Self::list_of(entry, max_len, items).ok()
            }
            (Type::Tuple(expected), Self::Tuple(tuple)) => {
                let mut fields = Vec::with_capacity(expected.fields().len());
                for (name, field) in expected.fields() {
                    fields.push((name.clone(), tuple.get(name)?.sanitized(field)?));
                }
                let exact = fields.len() == tuple.values.len() && tuple.present.is_none();
                if exact
                    && tuple
                        .shape
                        .fields()
                        .iter()
                        .zip(&fields)
                        .all(|((_, field), (_, value))| *field == value.type_of())
                {
                    return Some(Self::tuple_of(
                        std::sync::Arc::clone(&tuple.shape),
                        fields.into_iter().map(|(_, value)| value).collect(),
                    ));
                }
                Self::tuple(fields).ok()
            }
            (Type::Optional(expected), Self::Optional(Some(inner))) => {
                Self::some(inner.sanitized(expected.inner())?).ok()
            }
            (Type::Response(expected), Self::Ok(inner)) => Self::okay(inner.sanitized(expected.ok())?).ok(),
            (Type::Response(expected), Self::Err(inner)) => Self::error(inner.sanitized(expected.err())?).ok(),
            _ => self.fits(expected).ok()?.then(|| self.clone()),
        }
    }
}

impl Value {
    /// Whether the content is of the type that the value carries. A cast sets the declared type without checking the
    /// content.
    #[must_use]
    pub(crate) fn is_of_its_type(&self) -> bool {
        let holds_others =
            matches!(self, Self::List(_) | Self::Tuple(_) | Self::Optional(Some(_)) | Self::Ok(_) | Self::Err(_));
        !holds_others || self.can_be_sanitized(&self.type_of())
    }

    /// Whether [`Value::sanitized`] returns a value, without making it.
    fn can_be_sanitized(&self, expected: &Type) -> bool {
        match (expected, self) {
            (Type::List(expected), Self::List(list)) => {
                u32::try_from(list.items.len()).is_ok_and(|length| length <= expected.max_len())
                    && list.items.iter().all(|item| item.can_be_sanitized(expected.entry()))
            }
            (Type::Tuple(expected), Self::Tuple(tuple)) => expected
                .fields()
                .iter()
                .all(|(name, field)| tuple.get(name).is_some_and(|value| value.can_be_sanitized(field))),
            (Type::Optional(expected), Self::Optional(Some(inner))) => inner.can_be_sanitized(expected.inner()),
            (Type::Response(expected), Self::Ok(inner)) => inner.can_be_sanitized(expected.ok()),
            (Type::Response(expected), Self::Err(inner)) => inner.can_be_sanitized(expected.err()),
            _ => self.fits(expected).unwrap_or(false),
        }
    }

    /// Whether sanitizing is known to leave the value unchanged, found without sanitizing. `false` may mean unknown.
    #[must_use]
    pub(crate) fn is_sanitary(&self, expected: &Type) -> bool {
        match (expected, self) {
            (Type::List(expected), Self::List(list)) => {
                let same = |item: &Self| item.is_sanitary(expected.entry()) && item.is_of_just(&list.entry);
                usize::try_from(list.max_len).is_ok_and(|most| most == list.items.len())
                    && !list.items.is_empty()
                    && list.items.iter().all(same)
            }
            (Type::Tuple(expected), Self::Tuple(tuple)) => {
                let fields = tuple.shape.fields().iter().zip(&tuple.values);
                expected.fields().len() == tuple.values.len()
                    && tuple.present.is_none()
                    && expected.fields().iter().zip(fields).all(|((name, expected), ((own, of), value))| {
                        name == own && value.is_of_just(of) && value.is_sanitary(expected)
                    })
            }
            (Type::Optional(expected), Self::Optional(Some(inner))) => inner.is_sanitary(expected.inner()),
            (Type::Response(expected), Self::Ok(inner)) => inner.is_sanitary(expected.ok()),
            (Type::Response(expected), Self::Err(inner)) => inner.is_sanitary(expected.err()),
            // A union admits no value.
            (Type::Union(_), _) => false,
            _ => true,
        }
    }

    /// Whether this is the value's type, without making that type. May be `false` for contracts whose type it is.
    fn is_of_just(&self, of: &Type) -> bool {
        match (of, self) {
            (Type::Int, Self::Int(_)) | (Type::UInt, Self::UInt(_)) | (Type::Bool, Self::Bool(_)) => true,
            (Type::Principal, Self::Principal(_)) => true,
            (Type::Buffer(length), Self::Buffer(bytes)) | (Type::Ascii(length), Self::Ascii(bytes)) => {
                usize::try_from(*length).is_ok_and(|length| length == bytes.len())
            }
            (Type::Utf8(length), Self::Utf8(text)) => *length == text.characters(),
            (Type::List(of), Self::List(list)) => list.max_len == of.max_len() && list.entry == *of.entry(),
            (Type::Tuple(of), Self::Tuple(tuple)) => tuple.shape == *of,
            (Type::Optional(of), Self::Optional(None)) => *of.inner() == Type::NoType,
            (Type::Optional(of), Self::Optional(Some(inner))) => inner.is_of_just(of.inner()),
            (Type::Response(of), Self::Ok(inner)) => *of.err() == Type::NoType && inner.is_of_just(of.ok()),
            (Type::Response(of), Self::Err(inner)) => *of.ok() == Type::NoType && inner.is_of_just(of.err()),
            _ => false,
        }
    }
}

impl Value {
    /// The first tuple in this value that does not have the fields of the type expected there, with that type.
    #[must_use]
    pub(crate) fn unfitting_tuple(&self, expected: &Type) -> Option<(Type, Self)> {
        match (expected, self) {
            (Type::Tuple(of), Self::Tuple(tuple)) => {
                if of.fields().len() != tuple.values.len()
                    || of.fields().iter().any(|(name, _)| tuple.get(name).is_none())
                {
                    return Some((expected.clone(), self.clone()));
                }
                of.fields().iter().zip(&tuple.values).find_map(|((_, field), value)| value.unfitting_tuple(field))
            }
            (Type::List(of), Self::List(list)) if of.entry().is_compound() => {
                list.items.iter().find_map(|item| item.unfitting_tuple(of.entry()))
            }
            (Type::Optional(of), Self::Optional(Some(inner))) => inner.unfitting_tuple(of.inner()),
            (Type::Response(of), Self::Ok(inner)) => inner.unfitting_tuple(of.ok()),
            (Type::Response(of), Self::Err(inner)) => inner.unfitting_tuple(of.err()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
