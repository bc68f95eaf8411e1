//! Changes of the mocked bitcoin, of mining and of the sets, for the admin service.

use chainstate::burn::BurnBlock;
use chainstate::chain::{BLOCKS_WANTED_MAX, BlockOrder, OnBlock, TooManyRequested};
use chainstate::db::StoreError;
use chainstate::params::{Producer, Stacker};
use chainstate::wire;
use nakamoto_proto::v1;
use stacks_types::ids::BurnBlockHash;

use super::NodeChain;
use crate::error::ApiError;

impl NodeChain {
    /// Mines consecutive burn blocks on a known burn block or on the canonical tip; returns them oldest first. Their time is
    /// `wanted`, or `now` and no earlier than their parent's.
    pub fn mine_burn_blocks(
        &self,
        on: Option<BurnBlockHash>,
        count: u32,
        wanted: Option<u64>,
        now: u64,
    ) -> Result<Vec<v1::BurnBlock>, ApiError> {
        if let Some(wanted) = wanted {
            let least = self.chain.read(|reader| match &on {
                Some(hash) if reader.burn().is_known(hash)? => Ok(reader.burn_view(hash)?.time_s),
                Some(_) => Ok(0), // Mining on it fails.
                None => Ok::<_, StoreError>(reader.burn_tip()?.time_s),
            })?;
            if wanted < least {
                let detail = format!("{wanted} is before {least}, the time of the block to mine on");
                return Err(ApiError::invalid("timestamp_s", detail));
            }
        }
        let time_s = wanted.unwrap_or(now);
        let blocks = self.chain.mine_burn_blocks(on.as_ref(), count, time_s)?;
        messages(self, &blocks)
    }

    /// Forks the burn chain `depth` below its tip and mines `length` blocks there.
    pub fn reorganize_burn_chain(
        &self,
        depth: u32,
        length: u32,
        time_s: u64,
    ) -> Result<v1::ReorganizeBurnchainResponse, ApiError> {
        let reorg = self.chain.reorganize_burn_chain(depth.into(), length, time_s)?;
        let reorg = reorg.ok_or_else(|| ApiError::Precondition {
            reason: "CHAIN_TOO_SHORT",
            detail: format!("the burn chain has no block {depth} below its tip"),
            values: vec![("depth", depth.into())],
        })?;
        tracing::info!(old_tip = %reorg.old_tip.hash, fork_point = reorg.fork_point.height, "burn chain reorganized");
        let mut ends = messages(self, &[reorg.fork_point, reorg.old_tip])?;
        let (old_tip, fork_point) = (ends.pop(), ends.pop());
        let burn_blocks = messages(self, &reorg.blocks)?;
        Ok(v1::ReorganizeBurnchainResponse { fork_point, old_tip, burn_blocks, ..Default::default() })
    }

    /// Sets the mining mode and the interval (milliseconds).
    pub fn set_mining(&self, mode: v1::MiningMode, interval_ms: Option<u64>) -> Result<v1::MiningPolicy, ApiError> {
        Ok(self.chain.set_mining(mode, interval_ms)?.into())
    }

    /// Asks for `count` more blocks; `on_block` is called with each of them.
    pub fn request_blocks(&self, count: u32, on_block: OnBlock) -> Result<BlockOrder, ApiError> {
        let order = self.chain.request_blocks(count, on_block)?;
        tracing::debug!(most = BLOCKS_WANTED_MAX, count, "blocks asked for");
        order.map_err(|TooManyRequested { wanted }| ApiError::TooManyBlocksWanted {
            wanted,
            count,
            max: BLOCKS_WANTED_MAX,
        })
    }

    /// Takes back the blocks of an order that have not come.
    pub fn withdraw_blocks(&self, order: BlockOrder) -> Result<(), ApiError> {
        Ok(self.chain.withdraw_blocks(order)?)
    }

    /// Sets the stackers of a reward cycle; `None` means the next one.
    pub fn set_stacker_set(
        &self,
        cycle: Option<u64>,
        stackers: &[Stacker],
    ) -> Result<v1::SetStackerSetResponse, ApiError> {
        let reward_cycle = self.chain.set_stackers(cycle, stackers)?;
        let first_burn_height = self.chain.params().burn.cycle_start(reward_cycle).unwrap_or(u64::MAX);
        Ok(v1::SetStackerSetResponse { reward_cycle, first_burn_height })
    }

    /// Sets the producers of a reward cycle; `None` means the next one.
    pub fn set_producer_set(
        &self,
        cycle: Option<u64>,
        producers: &[Producer],
    ) -> Result<v1::SetProducerSetResponse, ApiError> {
        let reward_cycle = self.chain.set_producers(cycle, producers)?;
        let first_burn_height = self.chain.params().burn.cycle_start(reward_cycle).unwrap_or(u64::MAX);
        Ok(v1::SetProducerSetResponse { reward_cycle, first_burn_height })
    }
}

fn messages(node: &NodeChain, blocks: &[BurnBlock]) -> Result<Vec<v1::BurnBlock>, ApiError> {
    node.chain.read(|snapshot| {
        let message = |block| Ok(wire::burn_block(&snapshot.burn().describe(block)?));
        blocks.iter().map(message).collect()
    })
}
