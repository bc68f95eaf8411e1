//! What an epoch decides. A chain keeps one epoch for its whole life. Code asks a field of [`Rules`] and never compares
//! epochs, so a new epoch is one more constant here.

use crate::costs::{Cost, CostTable};

/// The rules of an epoch of the network, as far as the language sees them.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub struct Rules {
    /// The epoch's name, as in `3.4`.
    pub epoch: &'static str,
    /// The epoch as the interface of a contract names it, as in `Epoch34`.
    pub interface_name: &'static str,
    /// The epoch's number in the state.
    pub number: u32,
    /// The newest version of the language that can be deployed.
    pub newest_version: u8,
    /// The cost table: what each kind of work costs.
    pub costs: &'static CostTable,
    /// What a block may cost.
    pub block_limit: Cost,
    /// Calls and natives that may be open at once. Source text may nest by five more.
    pub call_depth: usize,
    /// The block's time is in the state and can be asked for (3.3).
    pub has_block_time: bool,
    /// Checking an argument is charged by the argument's size, not by that of the parameter's type (3.3).
    pub(crate) arguments_cost_by_size: bool,
    /// At most 256 parameters, and 256 methods in a trait (3.3).
    pub(crate) counts_parameters: bool,
    /// A variable's size is charged when it is copied, not whenever it is looked up (3.4).
    pub(crate) borrows_variables: bool,
    /// A constant may name the contract that is called (3.4).
    pub(crate) constants_are_callable: bool,
    /// Constants are sanitized when their contract is called, not whenever one is looked up (3.4).
    pub(crate) sanitizes_constants_once: bool,
    /// `at-block` works (until 3.3).
    pub(crate) has_at_block: bool,
    /// Texts that nest too deep and supertypes that grow too large are ordinary failures (3.4).
    pub(crate) depth_is_ordinary: bool,
    /// `from-consensus-buff?` returns `none` for a principal with a version that no address has; before, a transaction
    /// that decoded one could not be in a block (3.4).
    pub(crate) address_versions_are_ordinary: bool,
    /// A `with-stx` allowance bounds the sum of STX moved and burnt, not each alone (3.4).
    pub(crate) combines_stx_allowances: bool,
    /// Arguments are sanitized at each user function (4.0, Clarity 2 and later).
    pub(crate) sanitizes_arguments: bool,
    /// `map` stops at the end of its shortest sequence (4.0).
    pub map_stops_at_shortest: bool,
    /// A `merge` whose result is too large fails there, not where the result is used (4.0).
    pub(crate) merge_checks_size: bool,
    /// Looking up a trait of the checked contract itself costs, and running out of budget inside a trait check is
    /// reported as such (4.0).
    pub(crate) own_traits_cost: bool,
    /// A tuple that is decoded with a type must have exactly that type's fields (4.1).
    pub(crate) tuples_decode_exactly: bool,
    /// The type check comes before the search for writes in read-only functions (4.1).
    pub(crate) checks_types_first: bool,
}

const BLOCK_LIMIT: Cost = Cost {
    runtime: 5_000_000_000,
    read_count: 15_000,
    read_length: 100_000_000,
    write_count: 15_000,
    write_length: 15_000_000,
};

impl Rules {
    /// Epoch 3.0: Clarity 1 to 3. Later epochs list only their changes.
    pub const EPOCH_3_0: Self = Self {
        epoch: "3.0",
        interface_name: "Epoch30",
        number: 0x3000,
        newest_version: 3,
        costs: CostTable::COSTS_3,
        block_limit: BLOCK_LIMIT,
        call_depth: 64,
        has_block_time: false,
        arguments_cost_by_size: false,
        counts_parameters: false,
        borrows_variables: false,
        constants_are_callable: false,
        sanitizes_constants_once: false,
        has_at_block: true,
        depth_is_ordinary: false,
        address_versions_are_ordinary: false,
        combines_stx_allowances: false,
        sanitizes_arguments: false,
        map_stops_at_shortest: false,
        merge_checks_size: false,
        own_traits_cost: false,
        tuples_decode_exactly: false,
        checks_types_first: false,
    };

    /// Epoch 3.1: no change to the language.
    pub(crate) const EPOCH_3_1: Self =
        Self { epoch: "3.1", interface_name: "Epoch31", number: 0x3001, ..Self::EPOCH_3_0 };

    /// Epoch 3.2: no change to the language.
    pub(crate) const EPOCH_3_2: Self =
        Self { epoch: "3.2", interface_name: "Epoch32", number: 0x3002, ..Self::EPOCH_3_1 };

    /// Epoch 3.3: Clarity 4.
    pub const EPOCH_3_3: Self = Self {
        epoch: "3.3",
        interface_name: "Epoch33",
        number: 0x3003,
        newest_version: 4,
        costs: CostTable::COSTS_4,
        has_block_time: true,
        arguments_cost_by_size: true,
        counts_parameters: true,
        ..Self::EPOCH_3_2
    };

    /// Epoch 3.4: Clarity 5.
    pub const EPOCH_3_4: Self = Self {
        epoch: "3.4",
        interface_name: "Epoch34",
        number: 0x3004,
        newest_version: 5,
        call_depth: 128,
        borrows_variables: true,
        constants_are_callable: true,
        sanitizes_constants_once: true,
        has_at_block: false,
        depth_is_ordinary: true,
        address_versions_are_ordinary: true,
        combines_stx_allowances: true,
        ..Self::EPOCH_3_3
    };

    /// Epoch 4.0: Clarity 6.
    pub const EPOCH_4_0: Self = Self {
        epoch: "4.0",
        interface_name: "Epoch40",
        number: 0x4000,
        newest_version: 6,
        costs: CostTable::COSTS_5,
        block_limit: Cost { read_count: 30_000, read_length: 200_000_000, ..BLOCK_LIMIT },
        sanitizes_arguments: true,
        map_stops_at_shortest: true,
        merge_checks_size: true,
        own_traits_cost: true,
        ..Self::EPOCH_3_4
    };

    /// Epoch 4.1: exact tuples, and the type check first.
    pub(crate) const EPOCH_4_1: Self = Self {
        epoch: "4.1",
        interface_name: "Epoch41",
        number: 0x4001,
        tuples_decode_exactly: true,
        checks_types_first: true,
        ..Self::EPOCH_4_0
    };

    /// All of them, oldest first.
    pub const ALL: [&'static Self; 7] = [
        &Self::EPOCH_3_0,
        &Self::EPOCH_3_1,
        &Self::EPOCH_3_2,
        &Self::EPOCH_3_3,
        &Self::EPOCH_3_4,
        &Self::EPOCH_4_0,
        &Self::EPOCH_4_1,
    ];

    /// The rules of the epoch of this name.
    #[must_use]
    pub fn of_epoch(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|rules| rules.epoch == name)
    }
}
