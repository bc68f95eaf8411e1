//! What a version of the language decides. A contract's version is set when it is deployed and never changes.
//! Which functions and keywords a version has is in `natives.rs` and `keywords.rs`.

/// The rules of a version of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Dialect {
    /// The version of the language, 1 to 6.
    pub version: u8,
    /// Traits are values that may be bound, put into tuples and passed on; arguments are cast to their parameters'
    /// types (2).
    pub(crate) traits_are_values: bool,
    /// `<`, `<=`, `>` and `>=` also compare texts and buffers, charged by size (2).
    pub(crate) compares_text: bool,
    /// `principal-of?` returns an address of this network; in Clarity 1 always one of the test network (2).
    pub(crate) principal_of_own_network: bool,
    /// Names of traits must differ from all other names; the names of older keywords are reserved (3).
    pub(crate) strict_names: bool,
    /// `secp256r1-verify` hashes the given hash once more (until 4).
    pub(crate) hashes_p256_twice: bool,
    /// `from-consensus-buff?` takes an empty buffer, also where its cost is the logarithm of the length (5).
    pub(crate) decodes_empty_buffer: bool,
    /// `concat` takes two or more (6).
    pub(crate) concatenates_many: bool,
}

impl Dialect {
    const V1: Self = Self {
        version: 1,
        traits_are_values: false,
        compares_text: false,
        principal_of_own_network: false,
        strict_names: false,
        hashes_p256_twice: true,
        decodes_empty_buffer: false,
        concatenates_many: false,
    };
    const V2: Self =
        Self { version: 2, traits_are_values: true, compares_text: true, principal_of_own_network: true, ..Self::V1 };
    const V3: Self = Self { version: 3, strict_names: true, ..Self::V2 };
    const V4: Self = Self { version: 4, ..Self::V3 };
    const V5: Self = Self { version: 5, hashes_p256_twice: false, decodes_empty_buffer: true, ..Self::V4 };
    const V6: Self = Self { version: 6, concatenates_many: true, ..Self::V5 };

    /// Clarity 1 to 6.
    pub const ALL: [&'static Self; 6] = [&Self::V1, &Self::V2, &Self::V3, &Self::V4, &Self::V5, &Self::V6];

    /// The dialect of a version.
    #[must_use]
    pub fn of_version(version: u8) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|dialect| dialect.version == version)
    }
}
