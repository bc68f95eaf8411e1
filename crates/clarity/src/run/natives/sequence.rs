//! Lists, buffers and texts: making, joining and reading them.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::{Arguments, Operands, ruled_out, two, uint, unexpected};
use crate::costs::{CostFn, units};
use crate::error::{CheckError, Stop};
use crate::lower::program::At;
use crate::natives::Native;
use crate::types::{MAX_VALUE_SIZE, Type};
use crate::value::{List, Utf8, Value};

pub(super) fn apply(native: Native, values: Operands<'_>) -> Outcome {
    match native {
        Native::Len => Ok(Value::UInt(length(&super::one(values)?)?.into())),
        Native::ElementAt | Native::ElementAtSafe => {
            let (sequence, index) = two(values)?;
            length(&sequence)?;
            let index = uint(index)?;
            match usize::try_from(index).ok().and_then(|index| element(&sequence, index)) {
                Some(element) => Value::some(element).map_err(Stop::from),
                None => Ok(Value::NONE),
            }
        }
        _ => {
            let (sequence, wanted) = two(values)?;
            match index_of(&sequence, &wanted)? {
                Some(index) => Value::some(Value::UInt(units(index).into())).map_err(Stop::from),
                None => Ok(Value::NONE),
            }
        }
    }
}

/// How many elements a sequence has.
pub(super) fn length(sequence: &Value) -> Result<u64, Stop> {
    match sequence {
        Value::List(list) => Ok(units(list.items.len())),
        Value::Buffer(bytes) | Value::Ascii(bytes) => Ok(units(bytes.len())),
        Value::Utf8(text) => Ok(text.characters().into()),
        other => Err(no_sequence(other)),
    }
}

pub(super) fn no_sequence(value: &Value) -> Stop {
    ruled_out(format_args!("Expected sequence: {}", value.type_of()))
}

/// The element at an index: an entry of a list, else one byte or character.
pub(super) fn element(sequence: &Value, index: usize) -> Option<Value> {
    match sequence {
        Value::List(list) => list.items.get(index).cloned(),
        Value::Buffer(bytes) => bytes.get(index).map(|byte| Value::buffer(vec![*byte])),
        Value::Ascii(bytes) => bytes.get(index).map(|byte| Value::Ascii(Arc::new(vec![*byte]))),
        Value::Utf8(text) => text.character(index).map(of_character),
        _ => None,
    }
}

/// A sequence that is walked from its first element to its last. A UTF-8 text is split into characters once, not
/// searched for each.
pub(super) struct Elements<'a> {
    sequence: &'a Value,
    characters: Option<Vec<char>>,
}

impl<'a> Elements<'a> {
    pub(super) fn of(sequence: &'a Value) -> Self {
        let characters = match sequence {
            Value::Utf8(text) => Some(text.text().chars().collect()),
            _ => None,
        };
        Self { sequence, characters }
    }

    pub(super) fn get(&self, index: usize) -> Option<Value> {
        match &self.characters {
            Some(characters) => characters.get(index).map(|character| of_character(*character)),
            None => element(self.sequence, index),
        }
    }
}

fn of_character(character: char) -> Value {
    Value::utf8(character.encode_utf8(&mut [0; 4]))
}

fn index_of(sequence: &Value, wanted: &Value) -> Result<Option<usize>, Stop> {
    match (sequence, wanted) {
        (Value::List(list), _) => Ok(list.items.iter().position(|item| item == wanted)),
        (Value::Buffer(bytes), Value::Buffer(wanted)) | (Value::Ascii(bytes), Value::Ascii(wanted)) => {
            Ok(match wanted.as_slice() {
                [wanted] => bytes.iter().position(|byte| byte == wanted),
                _ => None,
            })
        }
        (Value::Utf8(text), Value::Utf8(wanted)) => {
            let mut wanted = wanted.text().chars();
            Ok(match (wanted.next(), wanted.next()) {
                (Some(wanted), None) => text.text().chars().position(|character| character == wanted),
                _ => None,
            })
        }
        (Value::Buffer(_) | Value::Ascii(_) | Value::Utf8(_), other) => {
            Err(unexpected(sequence.type_of(), other.clone()))
        }
        (other, _) => Err(no_sequence(other)),
    }
}

impl Machine<'_> {
    pub(super) fn sequence(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        match native {
            Native::ListCons => self.list(frame, arguments),
            Native::Append => self.append(frame, arguments),
            Native::Concat => self.concat(frame, arguments),
            Native::Slice => self.slice(frame, arguments),
            Native::AsMaxLen => self.no_max_len(frame, arguments),
            _ => self.replace_at(frame, arguments),
        }
    }

    fn list(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let mut items = Vec::with_capacity(arguments.len());
        let mut sizes = 0;
        for index in 0..arguments.len() {
            let value = self.argument_copied(frame, arguments, index)?;
            sizes += u64::from(value.size());
            items.push(value);
        }
        self.meter.charge(CostFn::ListCons, sizes)?;
        Value::sanitized_list(items).map_err(Stop::from)
    }

    /// Reuses the list's items if nothing else holds them.
    fn append(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let sequence = self.argument_copied(frame, arguments, 0)?;
        let Value::List(mut list) = sequence else { return Err(ruled_out("Expected list application")) };
        let mut element = self.argument(frame, arguments, 1)?;
        self.meter.charge(CostFn::Append, u64::from(list.entry.size().max(element.size())))?;
        self.copy_argument(frame, arguments, 1, &element)?;
        let fits = list.entry != Type::NoType && element.fits(&list.entry).unwrap_or(false);
        let List { mut entry, max_len, mut items } =
            std::mem::replace(Arc::make_mut(&mut list), List { entry: Type::NoType, max_len: 0, items: Vec::new() });
        if !fits {
            entry.join_with(&element.type_of())?;
        }
        let most = max_len.saturating_add(1);
        element.sanitize_entry(&entry)?;
        items.push(element);
        Value::list_of(entry, most, items).map_err(Stop::from)
    }

    fn concat(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let mut parts = Vec::with_capacity(arguments.len());
        let mut elements = 0;
        for index in 0..arguments.len() {
            let part = self.argument_copied(frame, arguments, index)?;
            elements += length(&part).unwrap_or(1);
            parts.push(part);
        }
        self.meter.charge(CostFn::Concat, elements)?;
        let mut parts = parts.into_iter();
        let mut joined = parts.next().ok_or(CheckError::IncorrectArgumentCount(2, 0))?;
        for part in parts {
            joined = join(joined, part)?;
        }
        Ok(joined)
    }

    pub(super) fn as_max_len(&mut self, frame: &Frame<'_>, sequence: At, limit: u128) -> Outcome {
        let value = self.eval_copied(frame, sequence)?;
        self.meter.charge(CostFn::AsMaxLen, 0)?;
        if u128::from(length(&value)?) > limit {
            return Ok(Value::NONE);
        }
        let value = match value {
            Value::List(mut list) => {
                let limit = u32::try_from(limit).unwrap_or(u32::MAX);
                if list.max_len > limit {
                    Arc::make_mut(&mut list).max_len = limit;
                }
                Value::List(list)
            }
            other => other,
        };
        Value::some(value).map_err(Stop::from)
    }

    /// `as-max-len?` with a length that is no literal, which the checker refuses in code that it checks.
    fn no_max_len(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        self.argument(frame, arguments, 0)?;
        let length = self.argument(frame, arguments, 1)?;
        Err(CheckError::Type(Type::UInt, length.type_of()).into())
    }

    fn slice(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let sequence = self.argument_copied(frame, arguments, 0)?;
        let (left, right) = (self.argument(frame, arguments, 1)?, self.argument(frame, arguments, 2)?);
        let (Ok(length), Value::UInt(left), Value::UInt(right)) = (length(&sequence), left, right) else {
            return Err(ruled_out("Bad type construction"));
        };
        let length = u128::from(length);
        if left > right || right > length || left >= length {
            return Ok(Value::NONE);
        }
        let (left, right) = (usize::try_from(left).unwrap_or(0), usize::try_from(right).unwrap_or(0));
        let one = match &sequence {
            Value::List(list) => list.entry.size(),
            Value::Utf8(_) => 8,
            _ => 5,
        };
        self.meter.charge(CostFn::Slice, units(right - left).saturating_mul(u64::from(one)))?;
        let part = match &sequence {
            Value::List(list) => Value::sanitized_list(list.items[left..right].to_vec())?,
            Value::Buffer(bytes) => Value::buffer(bytes[left..right].to_vec()),
            Value::Ascii(bytes) => Value::Ascii(Arc::new(bytes[left..right].to_vec())),
            Value::Utf8(text) => Value::utf8(&text.text().chars().skip(left).take(right - left).collect::<String>()),
            _ => return Err(no_sequence(&sequence)),
        };
        Value::some(part).map_err(Stop::from)
    }

    fn replace_at(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>) -> Outcome {
        let sequence = self.argument(frame, arguments, 0)?;
        self.meter.charge(CostFn::ReplaceAt, u64::from(sequence.size()))?;
        let expected = match &sequence {
            Value::List(list) => list.entry.clone(),
            Value::Buffer(_) => Type::Buffer(1),
            Value::Ascii(_) => Type::Ascii(1),
            Value::Utf8(_) => Type::Utf8(1),
            _ => return Err(no_sequence(&sequence)),
        };
        let index = self.argument(frame, arguments, 1)?;
        let element = self.argument(frame, arguments, 2)?;
        let index = uint(index)?;
        if expected != Type::NoType && !element.fits(&expected).map_err(|_| CheckError::CouldNotDetermineType)? {
            return Err(unexpected(expected, element));
        }
        let Ok(index) = usize::try_from(index) else { return Ok(Value::NONE) };
        self.copy_argument(frame, arguments, 0, &sequence)?;
        if units(index) >= length(&sequence)? {
            return Ok(Value::NONE);
        }
        self.copy_argument(frame, arguments, 2, &element)?;
        let replaced = replace(sequence, index, element)?;
        Value::some(replaced).map_err(Stop::from)
    }
}

/// Appends the second sequence to the first, in place if nothing else holds the first.
fn join(first: Value, second: Value) -> Outcome {
    match (first, second) {
        (Value::List(a), Value::List(b)) => {
            let entry = match (a.items.is_empty(), b.items.is_empty()) {
                _ if a.entry == b.entry => a.entry.clone(),
                _ => a.entry.join(&b.entry)?,
            };
            let most = a.max_len.saturating_add(b.max_len);
            let mut items = Arc::unwrap_or_clone(a).items;
            let from = items.len();
            items.extend_from_slice(&b.items);
            items[from..].iter_mut().try_for_each(|item| item.sanitize_entry(&entry))?;
            Value::list_of(entry, most, items).map_err(Stop::from)
        }
        (Value::Buffer(a), Value::Buffer(b)) => Ok(Value::Buffer(extend(a, &b)?)),
        (Value::Ascii(a), Value::Ascii(b)) => Ok(Value::Ascii(extend(a, &b)?)),
        (Value::Utf8(a), Value::Utf8(b)) => {
            if a.characters().saturating_add(b.characters()) > MAX_VALUE_SIZE / 4 {
                return Err(CheckError::ValueTooLarge.into());
            }
            Ok(Value::Utf8(Arc::new(Utf8::new([a.text(), b.text()].concat()))))
        }
        (first, other) => {
            length(&first)?;
            Err(match length(&other) {
                Ok(_) => CheckError::Type(first.type_of(), other.type_of()).into(),
                Err(_) => unexpected(first.type_of(), other),
            })
        }
    }
}

fn extend(mut a: Arc<Vec<u8>>, b: &[u8]) -> Result<Arc<Vec<u8>>, Stop> {
    if units(a.len() + b.len()) > u64::from(MAX_VALUE_SIZE) {
        return Err(CheckError::ValueTooLarge.into());
    }
    Arc::make_mut(&mut a).extend_from_slice(b);
    Ok(a)
}

/// Replaces the element at an index within the sequence. An element that is not one byte or character passes the
/// checker and fails here; a transaction with this failure may not be in a block.
fn replace(sequence: Value, index: usize, element: Value) -> Outcome {
    let arity = |found: u64| -> Stop {
        let what = format!("SequenceElementArityMismatch {{ expected: 1, found: {found} }}");
        CheckError::Unreachable(format!("Unexpected error type during runtime analysis: {what}")).into()
    };
    match (sequence, element) {
        (Value::List(mut list), element) => {
            Arc::make_mut(&mut list).items[index] = element;
            Ok(Value::List(list))
        }
        (Value::Buffer(mut bytes), Value::Buffer(element)) => {
            let [byte] = element.as_slice() else { return Err(arity(units(element.len()))) };
            Arc::make_mut(&mut bytes)[index] = *byte;
            Ok(Value::Buffer(bytes))
        }
        (Value::Ascii(mut bytes), Value::Ascii(element)) => {
            let [byte] = element.as_slice() else { return Err(arity(units(element.len()))) };
            Arc::make_mut(&mut bytes)[index] = *byte;
            Ok(Value::Ascii(bytes))
        }
        (Value::Utf8(text), Value::Utf8(element)) => {
            if element.characters() != 1 {
                return Err(arity(element.characters().into()));
            }
            let before = text.text().chars().take(index);
            let after = text.text().chars().skip(index + 1);
            Ok(Value::utf8(&before.chain(element.text().chars()).chain(after).collect::<String>()))
        }
        (other, _) => Err(no_sequence(&other)),
    }
}
