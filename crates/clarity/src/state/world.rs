//! What the engine asks of the chain that it runs in.

use std::sync::Arc;

use super::contract::Contract;
use crate::error::InternalError;
use crate::principal::{ContractId, Principal};

/// Which state is read: the one that is being built, or that of an older block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The block that is being built.
    Tip,
    /// The state at the end of the block of this height.
    Block(u64),
}

/// A contract that is there.
#[derive(Debug, Clone)]
pub enum Found {
    /// Ready to run.
    Loaded(Arc<Contract>),
    /// Still to be decoded, by [`World::contract`], once its load is paid.
    Stored {
        /// The contract's size: [`Contract::size`].
        size: u64,
    },
}

impl Found {
    /// By which loading the contract is charged.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Loaded(contract) => contract.size,
            Self::Stored { size } => *size,
        }
    }
}

/// What is known of a block.
#[derive(Debug, Clone)]
pub struct BlockFacts {
    /// The block's id: the hash of its header's hash and its tenure's consensus hash.
    pub id: [u8; 32],
    /// Hash of its header.
    pub header_hash: [u8; 32],
    /// The block's own time; `None` in epochs whose blocks have none.
    pub time: Option<u64>,
    /// The burn block of its tenure.
    pub burn_header_hash: [u8; 32],
    /// The time of that burn block.
    pub burn_time: u64,
    /// The VRF seed of its tenure.
    pub vrf_seed: [u8; 32],
    /// Who mined its tenure.
    pub miner: Principal,
    /// What the winner of the tenure's sortition spent.
    pub spend_winner: u128,
    /// What all of its competitors spent.
    pub spend_total: u128,
    /// The miner's reward, once it is decided.
    pub reward: Option<u128>,
}

/// The recipients that a burn block pays, as versions with hashes, and how much each gets.
#[derive(Debug, Clone)]
pub struct PoxAddresses {
    /// Version and hash of each.
    pub addresses: Vec<(u8, Vec<u8>)>,
    /// Satoshis that each of them gets.
    pub payout: u128,
}

/// The chain around an execution.
pub trait World {
    /// The text under a key.
    ///
    /// # Errors
    /// The state cannot be read.
    fn read(&mut self, view: View, key: &str) -> Result<Option<String>, InternalError>;

    /// A contract that was deployed.
    ///
    /// # Errors
    /// The state cannot be read.
    fn contract(&mut self, view: View, id: &ContractId) -> Result<Option<Arc<Contract>>, InternalError>;

    /// Finds a contract that was deployed, without the work of decoding it.
    ///
    /// # Errors
    /// The state cannot be read.
    fn find_contract(&mut self, view: View, id: &ContractId) -> Result<Option<Found>, InternalError> {
        Ok(self.contract(view, id)?.map(Found::Loaded))
    }

    /// Why a function cannot be called on this chain: the network does more than run it.
    fn not_done_here(&self, _contract: &ContractId, _function: &str) -> Option<String> {
        None
    }

    /// The state at the end of the block of this id, if it is an ancestor.
    ///
    /// # Errors
    /// The state cannot be read.
    fn view_of(&mut self, block: &[u8; 32]) -> Result<Option<View>, InternalError>;

    /// Whether this is the main network.
    fn is_mainnet(&self) -> bool;

    /// The number that transactions of this network carry.
    fn chain_id(&self) -> u32;

    /// The height of the block.
    fn block_height(&self, view: View) -> u64;

    /// The height of the burn chain's tip as the block being built sees it, also when an older block is read.
    fn burn_height(&self) -> u64;

    /// The number of the tenure at the view.
    ///
    /// # Errors
    /// The state cannot be read.
    fn tenure_height(&mut self, view: View) -> Result<u64, InternalError>;

    /// The first block of a tenure.
    ///
    /// # Errors
    /// The state cannot be read.
    fn first_block_of_tenure(&mut self, view: View, tenure: u64) -> Result<Option<u64>, InternalError>;

    /// What is known of the block of this height, below the view.
    ///
    /// # Errors
    /// The state cannot be read.
    fn block(&mut self, view: View, height: u64) -> Result<Option<BlockFacts>, InternalError>;

    /// Hash of the burn block of this height.
    ///
    /// # Errors
    /// The state cannot be read.
    fn burn_header_hash(&mut self, height: u64) -> Result<Option<[u8; 32]>, InternalError>;

    /// The recipients that the burn block of this height pays.
    ///
    /// # Errors
    /// The state cannot be read.
    fn pox_addresses(&mut self, height: u64) -> Result<Option<PoxAddresses>, InternalError>;
}
