//! `get-bitcoin-tx-output?`: reads a transaction of bitcoin, with or without witnesses (BIP 144).

use super::hash::double_sha256;

/// Longest script that the function returns, in bytes.
pub(crate) const MAX_SCRIPT_BYTES: usize = 1024;

/// An output with the id of its transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output<'a> {
    /// The output's value, in satoshis.
    pub amount: u64,
    /// The script that locks it.
    pub script: &'a [u8],
    /// The transaction's id, in bitcoin's internal order, without the witnesses.
    pub txid: [u8; 32],
}

/// Why there is no output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputError {
    /// The bytes are no transaction, or go on after it.
    NoTransaction,
    /// It has no output with this index.
    NoOutput,
    /// The script is above [`MAX_SCRIPT_BYTES`].
    ScriptTooLong,
}

/// The output with this index.
pub(crate) fn output(bytes: &[u8], index: u128) -> Result<Output<'_>, OutputError> {
    // An index above 64 bits is refused before the bytes are read.
    let index = u64::try_from(index).map_err(|_| OutputError::NoOutput)?;
    let transaction = transaction(bytes).ok_or(OutputError::NoTransaction)?;
    let found = usize::try_from(index).ok().and_then(|index| transaction.outputs.get(index));
    let (amount, script) = *found.ok_or(OutputError::NoOutput)?;
    if script.len() > MAX_SCRIPT_BYTES {
        return Err(OutputError::ScriptTooLong);
    }
    Ok(Output { amount, script, txid: transaction.txid })
}

struct Transaction<'a> {
    outputs: Vec<(u64, &'a [u8])>,
    txid: [u8; 32],
}

fn transaction(bytes: &[u8]) -> Option<Transaction<'_>> {
    let mut reader = Reader(bytes);
    let version = reader.take(4)?;
    // An input count of 0 marks the form with witnesses; its flag must be 1.
    let with_witnesses = matches!(reader.0, [0, ..]);
    if with_witnesses && reader.take(2)? != [0, 1] {
        return None;
    }
    let body = reader.0;
    let inputs = reader.count()?;
    for _ in 0..inputs {
        reader.take(36)?;
        reader.bytes()?;
        reader.take(4)?;
    }
    let count = reader.count()?;
    // No memory is reserved for the claimed count. Each output takes at least nine of the bytes.
    let mut outputs = Vec::new();
    for _ in 0..count {
        outputs.push((u64::from_le_bytes(reader.take(8)?.try_into().ok()?), reader.bytes()?));
    }
    let body = body.get(..body.len() - reader.0.len())?;
    if with_witnesses && !witnesses(&mut reader, inputs)? {
        return None;
    }
    let lock_time = reader.take(4)?;
    reader.0.is_empty().then(|| Transaction { outputs, txid: double_sha256(&[version, body, lock_time].concat()) })
}

/// Reads the witnesses of all inputs. Returns whether there is any: a transaction with inputs but no witness must not use
/// this form.
fn witnesses(reader: &mut Reader<'_>, inputs: u64) -> Option<bool> {
    let mut any = inputs == 0;
    for _ in 0..inputs {
        for _ in 0..reader.count()? {
            reader.bytes()?;
            any = true;
        }
    }
    Some(any)
}

/// The bytes that are not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number in bitcoin's compact form, which must be the shortest.
    fn count(&mut self) -> Option<u64> {
        let [first] = self.take(1)? else { return None };
        let (length, least) = match first {
            0xfd => (2, 0xfd),
            0xfe => (4, 0x1_0000),
            0xff => (8, 0x1_0000_0000),
            small => return Some(u64::from(*small)),
        };
        let mut wide = [0; 8];
        wide.get_mut(..length)?.copy_from_slice(self.take(length)?);
        Some(u64::from_le_bytes(wide)).filter(|number| *number >= least)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(usize::try_from(length).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "0200000001147bbc6a828148ce28f599172cd4ddae7de0e5f4d099d0dd26e605626f7819930000000003515253ffffffff01\
        88130000000000001976a914111111111111111111111111111111111111111188ac00000000";

    #[test]
    fn an_output_has_amount_script_and_the_txid_in_internal_order() {
        let bytes = hex::decode(PLAIN).unwrap();
        let found = output(&bytes, 0).unwrap();
        assert_eq!(found.amount, 5000);
        assert_eq!(found.script.len(), 25);
        assert_eq!(found.txid, double_sha256(&bytes));
        assert_eq!(output(&bytes, 1), Err(OutputError::NoOutput));
    }

    #[test]
    fn witnesses_do_not_change_the_txid_and_must_be_there_when_announced() {
        let plain = hex::decode(PLAIN).unwrap();
        let with = |witness: &[u8]| {
            let (version, rest) = plain.split_at(4);
            let (body, lock_time) = rest.split_at(rest.len() - 4);
            [version, &[0, 1], body, witness, lock_time].concat()
        };
        assert_eq!(output(&with(&[2, 1, 7, 0]), 0).unwrap().txid, double_sha256(&plain));
        assert_eq!(output(&with(&[0]), 0), Err(OutputError::NoTransaction));
    }

    #[test]
    fn an_index_beyond_all_machines_is_refused_first() {
        assert_eq!(output(&[0x66], u128::from(u64::MAX)), Err(OutputError::NoTransaction));
        assert_eq!(output(&[0x66], u128::from(u64::MAX) + 1), Err(OutputError::NoOutput));
    }

    /// A transaction without inputs, with one output whose script's length is written as `length`.
    fn with_script(length: &[u8], script: usize) -> Vec<u8> {
        let (version, witness_form, amount) = ([2, 0, 0, 0], [0, 1, 0], 5_u64.to_le_bytes());
        [&version[..], &witness_form, &[1], &amount, length, &vec![7; script], &[0; 4]].concat()
    }

    #[test]
    fn the_longest_script_has_1024_bytes() {
        let longest = with_script(&[0xfd, 0, 4], 1024);
        assert_eq!(output(&longest, 0).unwrap().script.len(), 1024);
        assert_eq!(output(&with_script(&[0xfd, 1, 4], 1025), 0), Err(OutputError::ScriptTooLong));
    }

    #[test]
    fn a_length_that_could_be_shorter_is_no_length() {
        let script = |length: &[u8], script| output(&with_script(length, script), 0).map(|found| found.script.len());
        assert_eq!(script(&[0xfc], 0xfc), Ok(0xfc));
        assert_eq!(script(&[0xfd, 0xfd, 0], 0xfd), Ok(0xfd));
        for (length, bytes) in [
            (&[0xfd, 0xfc, 0][..], 0xfc),
            (&[0xfd, 0, 0], 0),
            (&[0xfe, 0xfd, 0, 0, 0], 0xfd),
            (&[0xfe, 0, 4, 0, 0], 1024),
            (&[0xff, 0xfd, 0, 0, 0, 0, 0, 0, 0], 0xfd),
        ] {
            assert_eq!(script(length, bytes), Err(OutputError::NoTransaction), "{length:x?}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_or_longer_transaction_is_none(cut in 1usize..40, more in 1usize..9) {
            let bytes = hex::decode(PLAIN).unwrap();
            prop_assert_eq!(output(&bytes[..bytes.len() - cut], 0), Err(OutputError::NoTransaction));
            let longer = [&bytes[..], &vec![0; more]].concat();
            prop_assert_eq!(output(&longer, 0), Err(OutputError::NoTransaction));
        }

        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), index: u128) {
            let _ = output(&bytes, index);
        }
    }
}
