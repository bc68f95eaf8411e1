//! Names that stand for a value, and the forms that define something.

/// A name that stands for a value without being bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// `tx-sender`
    TxSender,
    /// `contract-caller`
    ContractCaller,
    /// `block-height`: counts tenures.
    BlockHeight,
    /// `burn-block-height`
    BurnBlockHeight,
    /// `none`
    None,
    /// `true`
    True,
    /// `false`
    False,
    /// `stx-liquid-supply`
    StxLiquidSupply,
    /// `is-in-regtest`: false wherever contracts run.
    IsInRegtest,
    /// `tx-sponsor?`
    TxSponsor,
    /// `is-in-mainnet`
    IsInMainnet,
    /// `chain-id`
    ChainId,
    /// `stacks-block-height`
    StacksBlockHeight,
    /// `tenure-height`
    TenureHeight,
    /// `stacks-block-time`
    StacksBlockTime,
    /// `current-contract`
    CurrentContract,
}

/// Keyword, name, first version, last version.
const KEYWORDS: [(Keyword, &str, u8, u8); 16] = [
    (Keyword::TxSender, "tx-sender", 1, 6),
    (Keyword::ContractCaller, "contract-caller", 1, 6),
    (Keyword::BlockHeight, "block-height", 1, 2),
    (Keyword::BurnBlockHeight, "burn-block-height", 1, 6),
    (Keyword::None, "none", 1, 6),
    (Keyword::True, "true", 1, 6),
    (Keyword::False, "false", 1, 6),
    (Keyword::StxLiquidSupply, "stx-liquid-supply", 1, 6),
    (Keyword::IsInRegtest, "is-in-regtest", 1, 6),
    (Keyword::TxSponsor, "tx-sponsor?", 2, 6),
    (Keyword::IsInMainnet, "is-in-mainnet", 2, 6),
    (Keyword::ChainId, "chain-id", 2, 6),
    (Keyword::StacksBlockHeight, "stacks-block-height", 3, 6),
    (Keyword::TenureHeight, "tenure-height", 3, 6),
    (Keyword::StacksBlockTime, "stacks-block-time", 4, 6),
    (Keyword::CurrentContract, "current-contract", 4, 6),
];

impl Keyword {
    /// The keyword of this name in a version of the language.
    #[must_use]
    pub fn lookup(name: &str, version: u8) -> Option<Self> {
        KEYWORDS.iter().find(|(_, n, since, until)| *n == name && (*since..=*until).contains(&version)).map(|row| row.0)
    }
}

/// A form that defines something; allowed at the top level only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Define {
    /// `define-constant`
    Constant,
    /// `define-private`
    Private,
    /// `define-public`
    Public,
    /// `define-read-only`
    ReadOnly,
    /// `define-data-var`
    DataVar,
    /// `define-map`
    Map,
    /// `define-fungible-token`
    FungibleToken,
    /// `define-non-fungible-token`
    NonFungibleToken,
    /// `define-trait`
    Trait,
    /// `use-trait`
    UseTrait,
    /// `impl-trait`
    ImplTrait,
}

const DEFINES: [(Define, &str); 11] = [
    (Define::Constant, "define-constant"),
    (Define::Private, "define-private"),
    (Define::Public, "define-public"),
    (Define::ReadOnly, "define-read-only"),
    (Define::DataVar, "define-data-var"),
    (Define::Map, "define-map"),
    (Define::FungibleToken, "define-fungible-token"),
    (Define::NonFungibleToken, "define-non-fungible-token"),
    (Define::Trait, "define-trait"),
    (Define::UseTrait, "use-trait"),
    (Define::ImplTrait, "impl-trait"),
];

impl Define {
    /// The form of this name. All versions have all of them.
    #[must_use]
    pub fn lookup(name: &str) -> Option<Self> {
        DEFINES.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// The properties of `get-block-info?` and its successors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named as in the language")]
pub enum BlockProperty {
    Time,
    VrfSeed,
    HeaderHash,
    IdHeaderHash,
    BurnchainHeaderHash,
    MinerAddress,
    MinerSpendWinner,
    MinerSpendTotal,
    BlockReward,
}

impl BlockProperty {
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "time" => Self::Time,
            "vrf-seed" => Self::VrfSeed,
            "header-hash" => Self::HeaderHash,
            "id-header-hash" => Self::IdHeaderHash,
            "burnchain-header-hash" => Self::BurnchainHeaderHash,
            "miner-address" => Self::MinerAddress,
            "miner-spend-winner" => Self::MinerSpendWinner,
            "miner-spend-total" => Self::MinerSpendTotal,
            "block-reward" => Self::BlockReward,
            _ => return None,
        })
    }

    const fn is_of_reward(self) -> bool {
        matches!(self, Self::MinerSpendWinner | Self::MinerSpendTotal | Self::BlockReward)
    }

    /// A property of `get-block-info?`.
    #[must_use]
    pub fn of_block(name: &str, version: u8) -> Option<Self> {
        Self::of_name(name).filter(|property| version >= 2 || !property.is_of_reward())
    }

    /// A property of `get-stacks-block-info?`.
    #[must_use]
    pub fn of_stacks_block(name: &str) -> Option<Self> {
        Self::of_name(name).filter(|property| matches!(property, Self::IdHeaderHash | Self::HeaderHash | Self::Time))
    }

    /// A property of `get-tenure-info?`.
    #[must_use]
    pub fn of_tenure(name: &str) -> Option<Self> {
        Self::of_name(name).filter(|property| !matches!(property, Self::IdHeaderHash | Self::HeaderHash))
    }
}

/// The properties of `get-burn-block-info?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BurnProperty {
    /// `header-hash`
    HeaderHash,
    /// `pox-addrs`
    PoxAddrs,
}

impl BurnProperty {
    /// The property of this name.
    #[must_use]
    pub fn lookup(name: &str) -> Option<Self> {
        match name {
            "header-hash" => Some(Self::HeaderHash),
            "pox-addrs" => Some(Self::PoxAddrs),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_number_of_keywords() {
        let counts = [1, 2, 3, 4, 5, 6]
            .map(|version| KEYWORDS.iter().filter(|row| Keyword::lookup(row.1, version).is_some()).count());
        assert_eq!(counts, [9, 12, 13, 15, 15, 15]);
    }
}
