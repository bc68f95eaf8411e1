//! Data variables and maps.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::unexpected;
use crate::costs::{CostFn, units};
use crate::error::{CheckError, InternalError, Stop};
use crate::keys;
use crate::lower::program::{At, MapTable};
use crate::state::{Datum, Known, View};
use crate::types::Type;
use crate::value::{Fields, Value};

/// Fails in a read-only frame.
pub(super) fn writable(frame: &Frame<'_>) -> Result<(), Stop> {
    if frame.read_only { Err(CheckError::WriteAttemptedInReadOnly.into()) } else { Ok(()) }
}

/// Fails if a value is not of a type.
pub(super) fn of_type(expected: &Type, value: &Value) -> Result<(), Stop> {
    if value.fits(expected).map_err(|_| CheckError::CouldNotDetermineType)? {
        Ok(())
    } else {
        Err(unexpected(expected.clone(), value.clone()))
    }
}

/// Fails if a value's content is not of the type that it carries.
fn can_be_stored(value: &Value) -> Result<(), Stop> {
    if value.is_of_its_type() { Ok(()) } else { Err(CheckError::CouldNotDetermineType.into()) }
}

/// Decodes a text of the state; returns the value and the bytes of its serialization.
fn decode(text: &str, of: &Type) -> Option<(Value, u64)> {
    let mut bytes = vec![0; text.len() / 2];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    let value = Value::decode_as(&bytes, of, Fields::Declared).ok()?;
    Some((value, units(bytes.len())))
}

/// Whether an entry exists: a deleted one is stored as `none`.
const fn is_there(entry: Option<&(Value, u64)>) -> bool {
    matches!(entry, Some((Value::Optional(Some(_)), _)))
}

impl Machine<'_> {
    /// The value under a key, and the bytes of its serialization.
    pub(super) fn stored_value(&mut self, key: &str, of: &Type) -> Result<Option<(Value, u64)>, Stop> {
        if self.view == View::Tip {
            match self.journal.get(key) {
                Some(Known::Written(Datum::Value(value))) => {
                    return Ok(Some((value.clone(), value.serialized_size())));
                }
                Some(Known::Read(read)) => {
                    let read = read.cloned();
                    self.watch_read(key);
                    return Ok(read);
                }
                Some(Known::Written(_)) | None => {}
            }
        }
        let read = match self.read(key)? {
            Some(text) => Some(decode(&text, of).ok_or_else(|| InternalError::State(format!("{key} holds no {of}")))?),
            None => None,
        };
        if self.view == View::Tip {
            self.journal.remember(key, read.as_ref());
        }
        Ok(read)
    }

    /// Calls `work` with the key of an entry.
    pub(super) fn with_entry_key<T>(
        &mut self,
        prefix: &str,
        entry: &Value,
        work: impl FnOnce(&mut Self, &str) -> T,
    ) -> T {
        let mut key = std::mem::take(&mut self.key);
        keys::entry(&mut key, prefix, entry);
        let outcome = work(self, &key);
        self.key = key;
        outcome
    }

    pub(super) fn var_get(&mut self, frame: &Frame<'_>, index: u32) -> Outcome {
        let variable = &frame.program().variables[index as usize];
        let stored = self.stored_value(&variable.key, &variable.of)?;
        let (value, bytes) = stored.unwrap_or((Value::NONE, 1));
        self.meter.charge(CostFn::FetchVar, bytes)?;
        Ok(value)
    }

    pub(super) fn var_set(&mut self, frame: &Frame<'_>, index: u32, value: At) -> Outcome {
        writable(frame)?;
        let value = self.eval_copied(frame, value)?;
        let bytes = self.store_variable(frame, index, value)?;
        self.meter.charge(CostFn::SetVar, bytes)?;
        self.meter.take(bytes)?;
        Ok(Value::Bool(true))
    }

    /// Writes a variable. Returns the serialized bytes of the value as given, before it gets the declared type.
    pub(crate) fn store_variable(&mut self, frame: &Frame<'_>, index: u32, value: Value) -> Result<u64, Stop> {
        let variable = &frame.program().variables[index as usize];
        of_type(&variable.of, &value)?;
        can_be_stored(&value)?;
        let bytes = value.serialized_size();
        let value = value.declared(&variable.of);
        self.write(Arc::clone(&variable.key), Datum::Value(value));
        Ok(bytes)
    }

    /// The entry under a key of the state.
    fn entry(&mut self, map: &MapTable, key: &str) -> Result<Option<(Value, u64)>, Stop> {
        let stored = map.stored.as_ref().map_err(Clone::clone)?;
        self.stored_value(key, stored)
    }

    pub(super) fn map_get(&mut self, frame: &Frame<'_>, index: u32, key: At) -> Outcome {
        let map = &frame.program().maps[index as usize];
        let key = self.eval(frame, key)?;
        of_type(&map.key, &key)?;
        let entry = self.with_entry_key(&map.prefix, &key, |machine, place| machine.entry(map, place))?;
        let (value, bytes) = entry.unwrap_or((Value::NONE, 0));
        self.meter.charge(CostFn::FetchEntry, key.serialized_size() + bytes)?;
        Ok(value)
    }

    pub(super) fn map_write(&mut self, frame: &Frame<'_>, index: u32, key: At, value: At, insert: bool) -> Outcome {
        writable(frame)?;
        let map = &frame.program().maps[index as usize];
        let key_value = self.eval(frame, key)?;
        let new = self.eval(frame, value)?;
        self.copy(frame, key, &key_value)?;
        self.copy(frame, value, &new)?;
        of_type(&map.key, &key_value)?;
        of_type(&map.value, &new)?;
        let mut bytes = key_value.serialized_size();
        let written = self.with_entry_key(&map.prefix, &key_value, |machine, place| -> Result<bool, Stop> {
            if insert && is_there(machine.entry(map, place)?.as_ref()) {
                return Ok(false);
            }
            can_be_stored(&new)?;
            bytes += new.serialized_size() + 1;
            let stored = Value::some(new.declared(&map.value))?;
            machine.write(place.into(), Datum::Value(stored));
            Ok(true)
        })?;
        self.meter.charge(CostFn::SetEntry, bytes)?;
        self.meter.take(bytes)?;
        Ok(Value::Bool(written))
    }

    pub(super) fn map_delete(&mut self, frame: &Frame<'_>, index: u32, key: At) -> Outcome {
        writable(frame)?;
        let map = &frame.program().maps[index as usize];
        let key = self.eval(frame, key)?;
        of_type(&map.key, &key)?;
        let there = self.with_entry_key(&map.prefix, &key, |machine, place| -> Result<bool, Stop> {
            let there = is_there(machine.entry(map, place)?.as_ref());
            if there {
                machine.write(place.into(), Datum::Value(Value::NONE));
            }
            Ok(there)
        })?;
        let bytes = key.serialized_size() + u64::from(there);
        self.meter.charge(CostFn::SetEntry, bytes)?;
        self.meter.take(bytes)?;
        Ok(Value::Bool(there))
    }
}
