//! The reads of the shim: each in the file of its subject.

use std::time::Duration;

use bytes::Bytes;
use stacks_types::keys::PublicKey;

use super::{LiveChain, estimate, sortitions, stacking, state, tenures};
use crate::chain::lookups::{
    ChainRules, CycleStackers, FeeEstimate, ForkTenure, Lookups, NonceStand, Sortition, SortitionAt, Stacking, Tenure,
    TenureStand,
};
use crate::chain::{ApiError, ContractRef, ValueAnswer};

impl Lookups for LiveChain {
    fn constant(&self, contract: &ContractRef, name: &str) -> Result<Vec<u8>, ApiError> {
        state::constant(self, contract, name)
    }

    fn implements_trait(&self, contract: &ContractRef, definer: &str, name: &str) -> Result<bool, ApiError> {
        state::implements_trait(self, contract, definer, name)
    }

    fn state_value(&self, path: [u8; 32], at: Option<[u8; 32]>, proof: bool) -> Result<ValueAnswer, ApiError> {
        state::by_path(self, path, at, proof)
    }

    fn contract_metadata(&self, contract: &ContractRef, key: &str) -> Result<String, ApiError> {
        state::metadata(self, contract, key)
    }

    fn tenure_stand(&self) -> Result<TenureStand, ApiError> {
        tenures::stand(self)
    }

    fn tenure(&self, at: SortitionAt, limit: usize) -> Result<Tenure, ApiError> {
        tenures::tenure(self, at, limit)
    }

    fn tenure_blocks(
        &self,
        block_id: [u8; 32],
        stop: Option<[u8; 32]>,
        max_bytes: usize,
    ) -> Result<Vec<Bytes>, ApiError> {
        tenures::blocks_back(self, block_id, stop, max_bytes)
    }

    fn fork(
        &self,
        start: [u8; 20],
        stop: [u8; 20],
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<ForkTenure>, ApiError> {
        tenures::fork(self, start, stop, limit, max_bytes)
    }

    fn sortitions(&self, at: SortitionAt, with_last: bool) -> Result<Vec<Sortition>, ApiError> {
        sortitions::sortitions(self, at, with_last)
    }

    fn stacking(&self) -> Result<Stacking, ApiError> {
        stacking::stacking(self)
    }

    fn rules(&self) -> ChainRules {
        stacking::rules(self)
    }

    fn stackers_of_cycle(&self, cycle: u64) -> Result<Option<CycleStackers>, ApiError> {
        stacking::stackers(self, cycle)
    }

    fn blocks_signed(&self, key: &PublicKey, cycle: u64) -> Result<u64, ApiError> {
        stacking::blocks_signed(self, key, cycle)
    }

    fn estimate_fee(&self, payload: &[u8], time: Duration) -> Result<FeeEstimate, ApiError> {
        estimate::estimate(self, payload, time)
    }

    fn nonces(&self, address: &str) -> Result<NonceStand, ApiError> {
        estimate::nonces(self, address)
    }
}
