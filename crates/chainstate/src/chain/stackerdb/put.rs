//! StackerDB: writes of slots with their events, and the two mocked instances.

use std::collections::BTreeSet;

use nakamoto_proto::v1;
use stacks_types::address::StacksAddress;
use stacks_types::ids::Hash160;
use stacks_types::stackerdb::StackerDbChunk;

use crate::burn::ProcessedBurnDb;
use crate::chain::NakamotoChainState;
use crate::db::StoreError;
use crate::stackerdb::{
    AuthenticatedChunk, ConfigureError, MAX_SLOTS, PRODUCERS_CONFIG, PutOutcome, SIGNERS_CONFIG, check_signature,
    configure, producers_contract, put_chunk, signers_contract,
};
use crate::store::WriteTx;
use crate::wire;

/// Most reward cycles before the burn tip's whose members keep a slot while the Stacks tip is that old. If the chain
/// stood still for longer, its members are in later cycles too, or nobody is left to finish what they began.
const EARLIER_CYCLES_MAX: u64 = 8;

/// The result of writing a chunk.
pub type ChunkOutcome = PutOutcome;

impl NakamotoChainState {
    /// Writes a slot of `contract`, if the rules allow it, and emits the event.
    ///
    /// # Errors
    /// [`StoreError`]: nothing was stored.
    pub fn put_chunk(&self, contract: String, chunk: StackerDbChunk) -> Result<ChunkOutcome, StoreError> {
        // The recovery of the signer is the slow part, and needs no database.
        let chunk = check_signature(chunk);
        let mainnet = self.params().mainnet;
        self.inner.store.write(move |tx| put(tx, &contract, &chunk, mainnet))
    }

    /// The same for several chunks in one commit, in their order.
    ///
    /// # Errors
    /// As [`Self::put_chunk`]: none was stored.
    pub fn put_chunks(&self, contract: String, chunks: Vec<StackerDbChunk>) -> Result<Vec<ChunkOutcome>, StoreError> {
        let chunks: Vec<_> = chunks.into_iter().map(check_signature).collect();
        let mainnet = self.params().mainnet;
        self.inner.store.write(move |tx| chunks.iter().map(|chunk| put(tx, &contract, chunk, mainnet)).collect())
    }

    /// Makes `.producers` and `.signers` follow the sets at the burn tip.
    ///
    /// The members of the burn tip's cycle have the first slots, in their order. Members of the cycles since the Stacks
    /// tip's burn view who have left follow: a block proposed in an earlier cycle needs signatures of that cycle's
    /// stackers, who must be able to publish them until a block of the new cycle follows the tip.
    pub(in crate::chain) fn configure_stackerdbs(
        &self,
        tx: &WriteTx<'_>,
        burn: &ProcessedBurnDb,
        burn_tip_height: u64,
        tip_view_height: u64,
    ) -> Result<(), StoreError> {
        let (newest, oldest) = (burn.cycle_of(burn_tip_height), burn.cycle_of(tip_view_height));
        let oldest = oldest.max(newest.saturating_sub(EARLIER_CYCLES_MAX));
        let (mut producers, mut stackers) = (Owners::default(), Owners::default());
        for cycle in (oldest..=newest).rev() {
            producers.add(burn.producers_of_cycle(cycle)?.into_iter().map(|producer| producer.address));
            stackers.add(burn.stackers_of_cycle(cycle)?.stackers.into_iter().map(|stacker| stacker.address));
        }
        let mainnet = self.params().mainnet;
        // However many slots contracts have taken: without these two the chain stands still.
        configure(tx.sql(), &producers_contract(mainnet), &producers.slots, &PRODUCERS_CONFIG, usize::MAX)
            .map_err(configure_error)?;
        configure(tx.sql(), &signers_contract(mainnet), &stackers.slots, &SIGNERS_CONFIG, usize::MAX)
            .map_err(configure_error)?;
        Ok(())
    }
}

fn put(
    tx: &mut WriteTx<'_>,
    contract: &str,
    chunk: &AuthenticatedChunk,
    mainnet: bool,
) -> Result<ChunkOutcome, StoreError> {
    let outcome = put_chunk(tx.sql(), contract, chunk, tx.next_sequence(), mainnet)?;
    if matches!(outcome, PutOutcome::Accepted(_)) {
        let chunks = vec![wire::chunk(chunk.chunk().clone())];
        let body = v1::StackerDbChunks { contract_id: contract.to_owned(), chunks };
        tx.emit(v1::EventKind::StackerdbChunks, v1::event::Body::StackerdbChunks(body), None)?;
        sqlite::crash_point("chunk:inserted");
        tx.after_commit(|| sqlite::crash_point("chunk:committed"));
    }
    Ok(outcome)
}

/// Owners of slots, each once.
#[derive(Default)]
struct Owners {
    slots: Vec<(StacksAddress, u32)>,
    known: BTreeSet<Hash160>,
}

impl Owners {
    /// Adds those that are not in the list yet, while there is room.
    fn add(&mut self, addresses: impl Iterator<Item = StacksAddress>) {
        for address in addresses {
            if self.slots.len() < MAX_SLOTS && self.known.insert(address.hash160()) {
                self.slots.push((address, 1));
            }
        }
    }
}

fn configure_error(error: ConfigureError) -> StoreError {
    match error {
        ConfigureError::Store(error) => error,
        // The sets were checked against these limits when they were set.
        other => StoreError::Corrupt(other.to_string()),
    }
}
