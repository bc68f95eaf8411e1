//! Reading and writing the consensus byte formats: a bounded reader, a writer, and what can go wrong.
//!
//! # Invariants
//! - Reading is total: any bytes give a value or a [`DecodeError`], never a panic.
//! - Nothing is allocated by a count or length before the input is known to have that many bytes.
//! - All integers are big endian.

/// Why bytes do not decode. Offsets count from the start of the outermost message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends inside a field.
    #[error("{field} at byte {offset} needs {needed} bytes, {left} are left")]
    EndOfData {
        /// Name of the field.
        field: &'static str,
        /// Offset of the field.
        offset: usize,
        /// Bytes that the field needs at least.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// Bytes follow the end of the message.
    #[error("{left} bytes follow the end of the {what} at byte {offset}")]
    TrailingBytes {
        /// Kind of message.
        what: &'static str,
        /// Offset of the message's end.
        offset: usize,
        /// Number of bytes that follow.
        left: usize,
    },
    /// A contract's source has a byte that is neither printable ASCII nor a tab nor a line feed.
    #[error(
        "contract source has byte {value:#04x} in line {line}: it may have printable ASCII, tabs and line feeds only, so no \
         carriage returns and no other letters, in comments neither"
    )]
    ForbiddenByte {
        /// Line in the source, from 1.
        line: usize,
        /// Value of the byte.
        value: u8,
    },
    /// A tag byte has no meaning.
    #[error("{field} at byte {offset}: {value:#04x} has no meaning")]
    UnknownByte {
        /// Name of the field.
        field: &'static str,
        /// Offset of the byte.
        offset: usize,
        /// Value of the byte.
        value: u8,
    },
    /// A length or count is above its limit.
    #[error("{field} at byte {offset} is {count}, above {max}")]
    TooLarge {
        /// Name of the field.
        field: &'static str,
        /// Offset of the field.
        offset: usize,
        /// Length or count in the message.
        count: usize,
        /// Largest value that is allowed.
        max: usize,
    },
    /// The bytes are not a Clarity value, or the value breaks a limit.
    #[error("clarity value at byte {offset}: {error}")]
    Value {
        /// Offset of the fault.
        offset: usize,
        /// Error of the value decoder.
        error: clarity::value::DecodeError,
    },
    /// The bytes of a field break a rule of that field.
    #[error("{field} at byte {offset} {problem}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// Offset of the field.
        offset: usize,
        /// The rule, as the end of a sentence about the field.
        problem: &'static str,
    },
}

/// A position in a byte slice that only moves forward.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Number of bytes that were read.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Number of bytes that are not read yet.
    #[must_use]
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// The next bytes, at most `max`, without reading them.
    pub(crate) fn ahead(&self, max: usize) -> &'a [u8] {
        let end = self.position.saturating_add(max).min(self.bytes.len());
        self.bytes.get(self.position..end).unwrap_or_default()
    }

    /// Runs `read` on a reader that ends `max` bytes from here, and moves past what it has read.
    ///
    /// # Errors
    /// Those of `read`, which gets `EndOfData` if it needs more than `max` bytes.
    pub(crate) fn bounded<T, E>(&mut self, max: usize, read: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let end = self.position.saturating_add(max).min(self.bytes.len());
        let window = self.bytes.get(..end).unwrap_or(self.bytes);
        let mut inner = Self { bytes: window, position: self.position };
        let value = read(&mut inner)?;
        self.position = inner.position;
        Ok(value)
    }

    /// Reads `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn take(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], DecodeError> {
        let end_of_data = DecodeError::EndOfData { field, offset: self.position, needed: count, left: self.left() };
        let end = self.position.checked_add(count).ok_or(end_of_data.clone())?;
        let taken = self.bytes.get(self.position..end).ok_or(end_of_data)?;
        self.position = end;
        Ok(taken)
    }

    /// Reads `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(field, N)?);
        Ok(array)
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] at the end.
    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// Reads two bytes, big endian.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Reads four bytes, big endian.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// Reads eight bytes, big endian.
    ///
    /// # Errors
    /// [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn u64(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        self.array(field).map(u64::from_be_bytes)
    }

    /// Reads a u32 count of items that have at least `item_bytes_min` bytes each.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] above `max`, [`DecodeError::EndOfData`] when that many items cannot be left.
    pub(crate) fn count(
        &mut self,
        field: &'static str,
        item_bytes_min: usize,
        max: usize,
    ) -> Result<usize, DecodeError> {
        let offset = self.position;
        let count = usize::try_from(self.u32(field)?).unwrap_or(usize::MAX);
        if count > max {
            return Err(DecodeError::TooLarge { field, offset, count, max });
        }
        let needed = count.saturating_mul(item_bytes_min);
        if needed > self.left() {
            return Err(DecodeError::EndOfData { field, offset, needed, left: self.left() });
        }
        Ok(count)
    }

    /// Reads a u32 length and that many bytes.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] above `max`, [`DecodeError::EndOfData`] when fewer are left.
    pub(crate) fn bytes_u32(&mut self, field: &'static str, max: usize) -> Result<&'a [u8], DecodeError> {
        let length = self.count(field, 1, max)?;
        self.take(field, length)
    }

    /// Checks that no bytes follow the end of `what`.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] when bytes are left.
    pub(crate) const fn finish(&self, what: &'static str) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes { what, offset: self.position, left }),
        }
    }
}

/// Appends a count or length as u32, big endian. A larger one is written as `u32::MAX`, which every decoder here refuses:
/// such a message could not be sent in any case.
pub(crate) fn write_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends a u32 length and the bytes.
pub(crate) fn write_bytes_u32(out: &mut Vec<u8>, bytes: &[u8]) {
    write_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a length byte and the name. A longer name is cut to 255 bytes, which every decoder here refuses.
pub(crate) fn write_name(out: &mut Vec<u8>, name: &str) {
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    out.push(length);
    out.extend(name.bytes().take(usize::from(length)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_cannot_fit_is_refused_before_anything_is_read() {
        let mut reader = Reader::new(&[0xff, 0xff, 0xff, 0xff, 1, 2]);
        let error = reader.count("things", 3, usize::MAX).expect_err("four thousand million things");
        assert!(matches!(error, DecodeError::EndOfData { left: 2, .. }));
    }

    #[test]
    fn a_bounded_reader_sees_the_end_and_keeps_absolute_offsets() {
        let mut reader = Reader::new(&[0, 1, 2, 3, 4]);
        reader.take("start", 1).expect("one byte");
        let error = reader.bounded(2, |inner| inner.u32("number")).expect_err("two bytes");
        assert_eq!(error, DecodeError::EndOfData { field: "number", offset: 1, needed: 4, left: 2 });
        assert_eq!(reader.bounded(2, |inner| inner.u16("number")), Ok(0x0102));
        assert_eq!(reader.position(), 3);
        assert!(reader.finish("message").is_err());
    }
}
