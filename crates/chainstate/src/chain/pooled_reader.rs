//! A reader that goes back into the chain's pool when it is dropped.

use std::ops::Deref;
use std::sync::Arc;

use super::{ChainReader, Inner, NakamotoChainState, lock};
use crate::db::{OpenError, StoreError};

/// Readers kept open between uses. When all are busy more are opened; those are closed after use.
const IDLE_READERS: usize = 32;

/// A reader that one user has at a time.
pub(crate) struct PooledReader {
    chain: NakamotoChainState,
    /// `None` only during the drop.
    reader: Option<ChainReader>,
}

impl NakamotoChainState {
    /// A reader of the pool, or a new one when all are busy.
    ///
    /// # Errors
    /// [`StoreError`] when no connection can be opened.
    pub(crate) fn take_reader(&self) -> Result<PooledReader, StoreError> {
        let idle = lock(&self.inner.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.open_reader().map_err(|error| StoreError::Database(error.to_string()))?,
        };
        Ok(PooledReader { chain: self.clone(), reader: Some(reader) })
    }

    fn open_reader(&self) -> Result<ChainReader, OpenError> {
        let Inner { folder, params, marf, verified, contracts, .. } = &*self.inner;
        ChainReader::open(folder, params.clone(), marf.clone(), Arc::clone(verified), Arc::clone(contracts))
    }
}

impl Deref for PooledReader {
    type Target = ChainReader;

    fn deref(&self) -> &ChainReader {
        match &self.reader {
            Some(reader) => reader,
            None => unreachable!("only the drop takes it"),
        }
    }
}

impl Drop for PooledReader {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        // A reader that cannot end its snapshot would show the next user an old state.
        if !reader.end() {
            return;
        }
        let mut readers = lock(&self.chain.inner.readers);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
    }
}
