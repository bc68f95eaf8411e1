//! The network's epochs, and the newest Clarity version of each (docs/CONSENSUS.md#payloads).

use super::payload::ContractVersion;

/// An epoch of the network: a set of consensus rules. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum Epoch {
    Epoch20,
    Epoch2_05,
    Epoch21,
    Epoch22,
    Epoch23,
    Epoch24,
    Epoch25,
    Epoch30,
    Epoch31,
    Epoch32,
    Epoch33,
    Epoch34,
    Epoch40,
    Epoch41,
}

impl Epoch {
    /// All epochs, oldest first.
    pub const ALL: [Self; 14] = [
        Self::Epoch20,
        Self::Epoch2_05,
        Self::Epoch21,
        Self::Epoch22,
        Self::Epoch23,
        Self::Epoch24,
        Self::Epoch25,
        Self::Epoch30,
        Self::Epoch31,
        Self::Epoch32,
        Self::Epoch33,
        Self::Epoch34,
        Self::Epoch40,
        Self::Epoch41,
    ];
    /// The newest known epoch.
    pub const NEWEST: Self = Self::Epoch41;

    /// Usual name, such as "2.05" or "3.0".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoch20 => "2.0",
            Self::Epoch2_05 => "2.05",
            Self::Epoch21 => "2.1",
            Self::Epoch22 => "2.2",
            Self::Epoch23 => "2.3",
            Self::Epoch24 => "2.4",
            Self::Epoch25 => "2.5",
            Self::Epoch30 => "3.0",
            Self::Epoch31 => "3.1",
            Self::Epoch32 => "3.2",
            Self::Epoch33 => "3.3",
            Self::Epoch34 => "3.4",
            Self::Epoch40 => "4.0",
            Self::Epoch41 => "4.1",
        }
    }

    /// The epoch with this usual name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|epoch| epoch.name() == name)
    }

    /// The newest Clarity version that a versioned contract may ask for; `None` in epochs without versioned contracts.
    #[must_use]
    pub const fn newest_clarity(self) -> Option<ContractVersion> {
        match self {
            Self::Epoch20 | Self::Epoch2_05 => None,
            Self::Epoch21 | Self::Epoch22 | Self::Epoch23 | Self::Epoch24 | Self::Epoch25 => {
                Some(ContractVersion::Clarity2)
            }
            Self::Epoch30 | Self::Epoch31 | Self::Epoch32 => Some(ContractVersion::Clarity3),
            Self::Epoch33 => Some(ContractVersion::Clarity4),
            Self::Epoch34 => Some(ContractVersion::Clarity5),
            Self::Epoch40 | Self::Epoch41 => Some(ContractVersion::Clarity6),
        }
    }
}
