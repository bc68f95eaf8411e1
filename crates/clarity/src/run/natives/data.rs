//! Data variables and maps.

use std::sync::Arc;

use super::super::machine::{Frame, Machine, Outcome};
use super::{too_large, unexpected};
use crate::costs::CostFn;
use crate::error::{CheckError, InternalError, Stop};
use crate::lower::program::At;
use crate::state::{Datum, keys};
use crate::types::Type;
use crate::value::{Fields, Value};

/// Refuses to write where nothing may be written.
pub(super) fn writable(frame: &Frame<'_>) -> Result<(), Stop> {
    if frame.read_only { Err(CheckError::WriteAttemptedInReadOnly.into()) } else { Ok(()) }
}

/// A value that is of a type, else an error.
pub(super) fn of_type(expected: &Type, value: &Value) -> Result<(), Stop> {
    if expected.admits_value(value).map_err(|_| CheckError::CouldNotDetermineType)? {
        Ok(())
    } else {
        Err(unexpected(expected.clone(), value.clone()))
    }
}

impl Machine<'_> {
    /// The value under a key, and the bytes of its serialization.
    pub(super) fn stored_value(&mut self, key: &str, of: &Type) -> Result<Option<(Value, u64)>, Stop> {
        if let Some(Datum::Value(value)) = self.written(key) {
            return Ok(Some((value.clone(), value.serialized_size())));
        }
        let Some(text) = self.read(key)? else { return Ok(None) };
        let damaged = || InternalError::State(format!("{key} holds no {of}"));
        let bytes = hex::decode(&text).map_err(|_| damaged())?;
        let value = Value::decode_as(&bytes, of, Fields::Declared).map_err(|_| damaged())?;
        Ok(Some((value, super::count(bytes.len()))))
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

    /// Writes a variable. Gives the bytes of the serialization of the value as it was given.
    pub(crate) fn store_variable(&mut self, frame: &Frame<'_>, index: u32, value: Value) -> Result<u64, Stop> {
        let variable = &frame.program().variables[index as usize];
        of_type(&variable.of, &value)?;
        let bytes = value.serialized_size();
        let value = value.declared(&variable.of);
        self.write(Arc::clone(&variable.key), Datum::Value(value));
        Ok(bytes)
    }

    /// The entry under a key: what is stored is an optional, so that what was deleted leaves a trace.
    fn entry(&mut self, key: &str, value: &Type) -> Result<Option<(Value, u64)>, Stop> {
        let stored = Type::optional(value.clone()).map_err(too_large)?;
        self.stored_value(key, &stored)
    }

    pub(super) fn map_get(&mut self, frame: &Frame<'_>, index: u32, key: At) -> Outcome {
        let map = &frame.program().maps[index as usize];
        let key = self.eval(frame, key)?;
        of_type(&map.key, &key)?;
        let entry = self.entry(&keys::entry(&map.prefix, &key), &map.value)?;
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
        let place = keys::entry(&map.prefix, &key_value);
        let mut bytes = key_value.serialized_size();
        if insert && matches!(self.entry(&place, &map.value)?, Some((Value::Optional(Some(_)), _))) {
            self.meter.charge(CostFn::SetEntry, bytes)?;
            self.meter.take(bytes)?;
            return Ok(Value::Bool(false));
        }
        bytes += new.serialized_size() + 1;
        self.write(place, Datum::Value(Value::some(new.declared(&map.value)).map_err(too_large)?));
        self.meter.charge(CostFn::SetEntry, bytes)?;
        self.meter.take(bytes)?;
        Ok(Value::Bool(true))
    }

    pub(super) fn map_delete(&mut self, frame: &Frame<'_>, index: u32, key: At) -> Outcome {
        writable(frame)?;
        let map = &frame.program().maps[index as usize];
        let key = self.eval(frame, key)?;
        of_type(&map.key, &key)?;
        let place = keys::entry(&map.prefix, &key);
        let there = matches!(self.entry(&place, &map.value)?, Some((Value::Optional(Some(_)), _)));
        let mut bytes = key.serialized_size();
        if there {
            self.write(place, Datum::Value(Value::NONE));
            bytes += 1;
        }
        self.meter.charge(CostFn::SetEntry, bytes)?;
        self.meter.take(bytes)?;
        Ok(Value::Bool(there))
    }
}
