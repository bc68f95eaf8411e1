//! Calls of the network's PoX contracts that this chain refuses. The network locks and unlocks STX outside of the
//! contract, by the name of the called function. Stacking is mocked on this chain, so such a call is refused by that
//! name: otherwise the contract would report STX as locked that are not. Our own mocked PoX contracts refuse by
//! themselves.

use clarity::principal::ContractId;

use crate::params::{BootContracts, boot_address};

/// In `pox` to `pox-4`.
const STACKING: [&str; 6] = [
    "stack-stx",
    "stack-extend",
    "stack-increase",
    "delegate-stack-stx",
    "delegate-stack-extend",
    "delegate-stack-increase",
];

/// In `pox-5`.
const STAKING: [&str; 7] = [
    "stake",
    "stake-update",
    "unstake",
    "unstake-sbtc",
    "register-for-bond",
    "update-bond-registration",
    "announce-l1-early-exit",
];

/// Whether the network locks or unlocks STX when this function is called, and the contract is one that the genesis brings.
pub(super) fn locks(boot: &BootContracts, mainnet: bool, contract: &ContractId, function: &str) -> bool {
    let functions: &[&str] = match contract.name.as_str() {
        "pox" | "pox-2" | "pox-3" | "pox-4" => &STACKING,
        "pox-5" => &STAKING,
        _ => return false,
    };
    functions.contains(&function)
        && contract.issuer == boot_address(mainnet).standard()
        && boot.brought.iter().any(|brought| brought.id == *contract)
}
