//! StackerDB: writes of slots with their events, and the two mocked instances.

use nakamoto_proto::ids::BurnBlockHash;
use nakamoto_proto::stackerdb::StackerDbChunk;
use nakamoto_proto::v1;

use super::{Chain, wire};
use crate::db::{StoreError, WriteTx};
use crate::stackerdb::{
    ConfigureError, PRODUCERS_CONFIG, PutOutcome, SIGNERS_CONFIG, check_signature, configure, producers_contract,
    put_chunk, signers_contract,
};

/// What became of a chunk.
pub type ChunkOutcome = PutOutcome;

impl Chain {
    /// Writes a slot of `contract`, if the rules allow it, and raises the event.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored.
    pub fn put_chunk(&self, contract: String, chunk: StackerDbChunk) -> Result<ChunkOutcome, StoreError> {
        // The recovery of the signer is the slow part, and needs no database.
        let chunk = check_signature(chunk);
        self.inner.store.write_all(move |tx| {
            let outcome = put_chunk(tx.sql(), &contract, &chunk)?;
            if matches!(outcome, PutOutcome::Accepted(_)) {
                let body = v1::StackerDbChunks { contract_id: contract, chunks: vec![wire::chunk(chunk.chunk())] };
                tx.emit(v1::EventKind::StackerdbChunks, v1::event::Body::StackerdbChunks(body), None)?;
                durable::crash_point("chunk:inserted");
                tx.after_commit(|| durable::crash_point("chunk:committed"));
            }
            Ok(outcome)
        })
    }

    /// Makes `.producers` and `.signers` follow the sets at a burn block.
    pub(super) fn configure_stackerdbs(&self, tx: &WriteTx<'_>, at: &BurnBlockHash) -> Result<(), StoreError> {
        let reader = self.take_reader()?;
        let mainnet = self.params().mainnet;
        let producers = reader.burn().get_producer_set(at)?;
        let producers: Vec<_> = producers.iter().map(|producer| (producer.address, 1)).collect();
        configure(tx.sql(), &producers_contract(mainnet), &producers, &PRODUCERS_CONFIG).map_err(configure_error)?;
        let stackers = reader.burn().get_stacker_set(at)?;
        let stackers: Vec<_> = stackers.stackers.iter().map(|stacker| (stacker.address, 1)).collect();
        configure(tx.sql(), &signers_contract(mainnet), &stackers, &SIGNERS_CONFIG).map_err(configure_error)?;
        self.put_back(reader);
        Ok(())
    }
}

fn configure_error(error: ConfigureError) -> StoreError {
    match error {
        ConfigureError::Store(error) => error.into(),
        // The sets were checked against these limits when they were set.
        other => StoreError::Corrupt(other.to_string()),
    }
}
