//! The three cost tables of the epochs from 3.0 on; the earlier ones are in `old_tables`. A row is a cost function: its
//! runtime in `costs-3`, `costs-4`, `costs-5` (one figure when they agree), and what it reads and writes, which is the
//! same in all.

use super::formula::{Figures, Formula, Length, Storage};
use super::{Cost, CostError, old_tables};

use Formula::Missing as NA;
use Length::Fixed;

const N1: Length = Length::Input;
const NONE: Option<Storage> = None;

const fn flat(b: u64) -> Formula {
    Formula::Flat(b)
}

const fn line(a: u64, b: u64) -> Formula {
    Formula::Line(a, b)
}

const fn log(a: u64, b: u64) -> Formula {
    Formula::Log(a, b)
}

const fn n_log(a: u64, b: u64) -> Formula {
    Formula::NLog(a, b)
}

const fn shift(a: u64, s: u32, b: u64) -> Formula {
    Formula::Shift(a, s, b)
}

/// Read count, read length, write count, write length.
const fn io(read_count: u64, read_length: Length, write_count: u64, write_length: Length) -> Option<Storage> {
    Some(Storage { read_count, read_length, write_count, write_length })
}

macro_rules! costs {
    ($($id:ident $name:literal $runtime:expr, $storage:expr;)*) => {
        /// A cost function. Its network name is [`CostFn::name`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the rows are their documentation")]
        pub enum CostFn { $($id,)* }

        impl CostFn {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// The name that receipts, traces and the network's tables use.
            #[must_use]
            pub const fn name(self) -> &'static str {
                const NAMES: &[&str] = &[$($name,)*];
                NAMES[self as usize]
            }
        }

        const ROWS: [([Formula; 3], Option<Storage>); CostFn::ALL.len()] = [$(($runtime, $storage),)*];
    };
}

costs! {
    AnalysisTypeAnnotate "analysis_type_annotate" [line(1, 9); 3], NONE;
    AnalysisTypeCheck "analysis_type_check" [line(113, 1); 3], NONE;
    AnalysisTypeLookup "analysis_type_lookup" [line(1, 4); 3], NONE;
    AnalysisVisit "analysis_visit" [flat(1); 3], NONE;
    AnalysisIterableFunc "analysis_iterable_func" [line(2, 14); 3], NONE;
    AnalysisOptionCons "analysis_option_cons" [flat(5); 3], NONE;
    AnalysisOptionCheck "analysis_option_check" [flat(4); 3], NONE;
    AnalysisBindName "analysis_bind_name" [line(1, 59); 3], NONE;
    AnalysisListItemsCheck "analysis_list_items_check" [line(2, 4); 3], NONE;
    AnalysisCheckTupleGet "analysis_check_tuple_get" [log(1, 2); 3], NONE;
    AnalysisCheckTupleMerge "analysis_check_tuple_merge" [n_log(45, 49); 3], NONE;
    AnalysisCheckTupleCons "analysis_check_tuple_cons" [n_log(3, 5); 3], NONE;
    AnalysisTupleItemsCheck "analysis_tuple_items_check" [line(1, 28); 3], NONE;
    AnalysisCheckLet "analysis_check_let" [line(1, 10); 3], NONE;
    AnalysisLookupFunction "analysis_lookup_function" [flat(18); 3], NONE;
    AnalysisLookupFunctionTypes "analysis_lookup_function_types" [line(1, 26); 3], NONE;
    AnalysisLookupVariableConst "analysis_lookup_variable_const" [flat(15); 3], NONE;
    AnalysisLookupVariableDepth "analysis_lookup_variable_depth" [n_log(1, 12); 3], NONE;
    AstParse "ast_parse" [line(27, 81); 3], NONE;
    AstCycleDetection "ast_cycle_detection" [line(141, 72); 3], NONE;
    AnalysisStorage "analysis_storage" [line(2, 94); 3], io(1, Fixed(1), 1, N1);
    AnalysisUseTraitEntry "analysis_use_trait_entry" [line(9, 698); 3], io(1, N1, 0, N1);
    AnalysisGetFunctionEntry "analysis_get_function_entry" [line(78, 1307); 3], io(1, N1, 0, Fixed(0));
    AnalysisFetchContractEntry "analysis_fetch_contract_entry" [line(1, 1516); 3], io(1, N1, 0, Fixed(0));
    LookupVariableDepth "lookup_variable_depth" [line(1, 1); 3], NONE;
    LookupVariableSize "lookup_variable_size" [line(2, 1); 3], NONE;
    LookupFunction "lookup_function" [flat(16); 3], NONE;
    BindName "bind_name" [flat(216); 3], NONE;
    InnerTypeCheckCost "inner_type_check_cost" [line(2, 5); 3], NONE;
    UserFunctionApplication "user_function_application" [line(26, 5); 3], NONE;
    Let "let" [line(117, 178), line(117, 178), shift(1, 3, 32)], NONE;
    If "if" [flat(168); 3], NONE;
    Asserts "asserts" [flat(128); 3], NONE;
    Map "map" [line(1198, 3067), line(1198, 3067), shift(1, 2, 32)], NONE;
    Filter "filter" [flat(407), flat(407), shift(1, 2, 32)], NONE;
    Len "len" [flat(429), flat(429), flat(31)], NONE;
    ElementAt "element_at" [flat(498), flat(498), flat(31)], NONE;
    IndexOf "index_of" [line(1, 211), line(1, 211), shift(1, 9, 38)], NONE;
    Fold "fold" [flat(460), flat(460), shift(1, 3, 32)], NONE;
    ListCons "list_cons" [line(14, 164), line(14, 164), shift(1, 4, 31)], NONE;
    TypeParseStep "type_parse_step" [flat(4); 3], NONE;
    TupleGet "tuple_get" [n_log(4, 1736), n_log(4, 1736), shift(1, 2, 32)], NONE;
    TupleMerge "tuple_merge" [line(4, 408), line(4, 408), shift(1, 2, 32)], NONE;
    TupleCons "tuple_cons" [n_log(10, 1876), n_log(10, 1876), shift(1, 2, 31)], NONE;
    Add "add" [line(11, 125), line(11, 125), shift(1, 4, 31)], NONE;
    Sub "sub" [line(11, 125), line(11, 125), shift(1, 5, 32)], NONE;
    Mul "mul" [line(13, 125), line(13, 125), shift(1, 4, 31)], NONE;
    Div "div" [line(13, 125), line(13, 125), shift(1, 5, 32)], NONE;
    Geq "geq" [line(7, 128), line(7, 128), shift(1, 8, 38)], NONE;
    Leq "leq" [line(7, 128), line(7, 128), shift(1, 8, 38)], NONE;
    Le "le" [line(7, 128), line(7, 128), shift(1, 8, 38)], NONE;
    Ge "ge" [line(7, 128), line(7, 128), shift(1, 8, 38)], NONE;
    IntCast "int_cast" [flat(135), flat(135), flat(31)], NONE;
    Mod "mod" [flat(141), flat(141), flat(31)], NONE;
    Pow "pow" [flat(143), flat(143), flat(31)], NONE;
    Sqrti "sqrti" [flat(142), flat(142), flat(31)], NONE;
    Log2 "log2" [flat(133), flat(133), flat(31)], NONE;
    Xor "xor" [line(15, 129), line(15, 129), shift(1, 4, 31)], NONE;
    Not "not" [flat(138), flat(138), flat(31)], NONE;
    Eq "eq" [line(7, 151), line(7, 151), shift(1, 9, 38)], NONE;
    Begin "begin" [flat(151), flat(151), shift(1, 4, 31)], NONE;
    Hash160 "hash160" [line(1, 188), line(1, 188), shift(1, 9, 38)], NONE;
    Sha256 "sha256" [line(1, 100), line(1, 100), shift(1, 9, 38)], NONE;
    Sha512 "sha512" [line(1, 176), line(1, 176), shift(1, 9, 38)], NONE;
    Sha512t256 "sha512t256" [line(1, 56), line(1, 56), shift(1, 9, 38)], NONE;
    Keccak256 "keccak256" [line(1, 127), line(1, 127), shift(1, 9, 38)], NONE;
    Secp256k1recover "secp256k1recover" [flat(8655), flat(8655), flat(38)], NONE;
    Secp256k1verify "secp256k1verify" [flat(8349), flat(8349), flat(38)], NONE;
    Print "print" [line(15, 1458), line(15, 1458), shift(1, 9, 31)], NONE;
    SomeCons "some_cons" [flat(199), flat(199), flat(31)], NONE;
    OkCons "ok_cons" [flat(199), flat(199), flat(31)], NONE;
    ErrCons "err_cons" [flat(199), flat(199), flat(31)], NONE;
    DefaultTo "default_to" [flat(268), flat(268), flat(31)], NONE;
    UnwrapRet "unwrap_ret" [flat(274), flat(274), flat(31)], NONE;
    UnwrapErrOrRet "unwrap_err_or_ret" [flat(302), flat(302), flat(31)], NONE;
    IsOkay "is_okay" [flat(258), flat(258), flat(31)], NONE;
    IsNone "is_none" [flat(214), flat(214), flat(31)], NONE;
    IsErr "is_err" [flat(245), flat(245), flat(31)], NONE;
    IsSome "is_some" [flat(195), flat(195), flat(31)], NONE;
    Unwrap "unwrap" [flat(252), flat(252), flat(31)], NONE;
    UnwrapErr "unwrap_err" [flat(248), flat(248), flat(31)], NONE;
    TryRet "try_ret" [flat(240), flat(240), flat(31)], NONE;
    Match "match" [flat(264), flat(264), flat(31)], NONE;
    Or "or" [line(3, 120), line(3, 120), shift(1, 4, 31)], NONE;
    And "and" [line(3, 120), line(3, 120), shift(1, 4, 31)], NONE;
    Append "append" [line(73, 285), line(73, 285), shift(1, 4, 31)], NONE;
    Concat "concat" [line(37, 220), line(37, 220), shift(1, 10, 31)], NONE;
    AsMaxLen "as_max_len" [flat(475), flat(475), flat(31)], NONE;
    ContractCall "contract_call" [flat(134); 3], NONE;
    ContractOf "contract_of" [flat(13400); 3], NONE;
    PrincipalOf "principal_of" [flat(984); 3], NONE;
    AtBlock "at_block" [flat(1327); 3], io(1, Fixed(1), 0, Fixed(0));
    LoadContract "load_contract" [line(1, 80); 3], io(3, N1, 0, Fixed(0));
    CreateMap "create_map" [line(1, 1564); 3], io(0, Fixed(0), 1, N1);
    CreateVar "create_var" [line(7, 2025); 3], io(0, Fixed(0), 2, N1);
    CreateNft "create_nft" [line(1, 1570); 3], io(0, Fixed(0), 1, N1);
    CreateFt "create_ft" [flat(1831); 3], io(0, Fixed(0), 2, Fixed(1));
    FetchEntry "fetch_entry" [line(1, 1025), line(1, 1025), flat(44)], io(1, N1, 0, Fixed(0));
    SetEntry "set_entry" [line(4, 1899), line(4, 1899), shift(3, 9, 45)], io(1, Fixed(0), 1, N1);
    FetchVar "fetch_var" [line(1, 468), line(1, 468), shift(2, 9, 44)], io(1, N1, 0, Fixed(0));
    SetVar "set_var" [line(5, 655), line(5, 655), shift(4, 9, 45)], io(1, Fixed(0), 1, N1);
    ContractStorage "contract_storage" [line(11, 7165); 3], io(0, Fixed(0), 1, N1);
    BlockInfo "block_info" [flat(6321); 3], io(1, Fixed(1), 0, Fixed(0));
    StxBalance "stx_balance" [flat(4294); 3], io(1, Fixed(1), 0, Fixed(0));
    StxTransfer "stx_transfer" [flat(4640); 3], io(1, Fixed(1), 1, Fixed(1));
    FtMint "ft_mint" [flat(1479); 3], io(2, Fixed(1), 2, Fixed(1));
    FtTransfer "ft_transfer" [flat(549); 3], io(2, Fixed(1), 2, Fixed(1));
    FtBalance "ft_balance" [flat(479); 3], io(1, Fixed(1), 0, Fixed(0));
    NftMint "nft_mint" [line(9, 575); 3], io(1, Fixed(1), 1, Fixed(1));
    NftTransfer "nft_transfer" [line(9, 572); 3], io(1, Fixed(1), 1, Fixed(1));
    NftOwner "nft_owner" [line(9, 795); 3], io(1, Fixed(1), 0, Fixed(0));
    FtGetSupply "ft_get_supply" [flat(420); 3], io(1, Fixed(1), 0, Fixed(0));
    FtBurn "ft_burn" [flat(549); 3], io(2, Fixed(1), 2, Fixed(1));
    NftBurn "nft_burn" [line(9, 572); 3], io(1, Fixed(1), 1, Fixed(1));
    BuffToIntLe "buff_to_int_le" [flat(141), flat(141), flat(31)], NONE;
    BuffToUintLe "buff_to_uint_le" [flat(141), flat(141), flat(31)], NONE;
    BuffToIntBe "buff_to_int_be" [flat(141), flat(141), flat(31)], NONE;
    BuffToUintBe "buff_to_uint_be" [flat(141), flat(141), flat(31)], NONE;
    IsStandard "is_standard" [flat(127), flat(127), flat(31)], NONE;
    PrincipalDestruct "principal_destruct" [flat(314), flat(314), flat(32)], NONE;
    PrincipalConstruct "principal_construct" [flat(398), flat(398), flat(32)], NONE;
    StringToInt "string_to_int" [flat(168), flat(168), shift(1, 4, 31)], NONE;
    StringToUint "string_to_uint" [flat(168), flat(168), shift(1, 4, 31)], NONE;
    IntToAscii "int_to_ascii" [flat(147), flat(147), flat(31)], NONE;
    IntToUtf8 "int_to_utf8" [flat(181), flat(181), flat(31)], NONE;
    BurnBlockInfo "burn_block_info" [flat(96479); 3], io(1, Fixed(1), 0, Fixed(0));
    StxAccount "stx_account" [flat(4654); 3], io(1, Fixed(1), 0, Fixed(0));
    Slice "slice" [flat(448), flat(448), shift(1, 9, 38)], NONE;
    ToConsensusBuff "to_consensus_buff" [line(1, 233), line(1, 233), shift(1, 9, 38)], NONE;
    FromConsensusBuff "from_consensus_buff" [n_log(3, 185), n_log(3, 185), shift(1, 9, 38)], NONE;
    StxTransferMemo "stx_transfer_memo" [flat(4709); 3], io(1, Fixed(1), 1, Fixed(1));
    ReplaceAt "replace_at" [line(1, 561), line(1, 561), shift(1, 9, 31)], NONE;
    AsContract "as_contract" [flat(138); 3], NONE;
    BitwiseAnd "bitwise_and" [line(15, 129), line(15, 129), shift(1, 4, 31)], NONE;
    BitwiseOr "bitwise_or" [line(15, 129), line(15, 129), shift(1, 4, 31)], NONE;
    BitwiseNot "bitwise_not" [flat(147), flat(147), flat(31)], NONE;
    BitwiseLeftShift "bitwise_left_shift" [flat(167), flat(167), flat(31)], NONE;
    BitwiseRightShift "bitwise_right_shift" [flat(167), flat(167), flat(31)], NONE;
    ContractHash "contract_hash" [NA, flat(188), flat(188)], io(1, Fixed(32), 0, Fixed(0));
    ToAscii "to_ascii" [NA, line(16, 150), shift(1, 6, 32)], NONE;
    RestrictAssets "restrict_assets" [NA, line(125, 750), line(125, 750)], NONE;
    AsContractSafe "as_contract_safe" [NA, line(125, 888), line(125, 888)], NONE;
    Secp256r1verify "secp256r1verify" [NA, flat(51750), flat(38)], NONE;
    VerifyMerkleProof "verify_merkle_proof" [NA, NA, shift(1, 2, 38)], NONE;
    GetBitcoinTxOutput "get_bitcoin_tx_output" [NA, NA, shift(1, 9, 38)], NONE;
    Secp256k1decompress "secp256k1decompress" [NA, NA, flat(39)], NONE;
    Ed25519verify "ed25519verify" [NA, NA, shift(1, 9, 39)], NONE;
}

/// One of the tables.
#[derive(Debug)]
pub struct CostTable {
    name: &'static str,
    rows: [Figures; CostFn::ALL.len()],
}

impl CostTable {
    /// Epoch 2.0: shown by a boot contract, never charged.
    pub const COSTS: &'static Self = &Self::old("costs", 0);
    /// Epoch 2.05: shown by a boot contract, never charged.
    pub const COSTS_2: &'static Self = &Self::old("costs-2", 1);
    /// Epoch 2.05 on test networks, where the contract has the same name.
    pub const COSTS_2_TESTNET: &'static Self = &Self::old("costs-2", 2);
    /// Epochs 3.0 to 3.2.
    pub const COSTS_3: &'static Self = &Self::column("costs-3", 0);
    /// Epochs 3.3 and 3.4.
    pub const COSTS_4: &'static Self = &Self::column("costs-4", 1);
    /// Epochs from 4.0 on.
    pub const COSTS_5: &'static Self = &Self::column("costs-5", 2);

    const fn column(name: &'static str, column: usize) -> Self {
        let mut rows = [Figures { runtime: NA, storage: None }; CostFn::ALL.len()];
        let mut at = 0;
        while at < rows.len() {
            rows[at] = Figures { runtime: ROWS[at].0[column], storage: ROWS[at].1 };
            at += 1;
        }
        Self { name, rows }
    }

    const fn old(name: &'static str, column: usize) -> Self {
        let mut rows = [Figures { runtime: NA, storage: None }; CostFn::ALL.len()];
        let mut at = 0;
        while at < old_tables::ROWS.len() {
            let (function, runtime) = &old_tables::ROWS[at];
            let function = *function as usize;
            rows[function] = Figures { runtime: runtime[column], storage: ROWS[function].1 };
            at += 1;
        }
        Self { name, rows }
    }

    /// The table's name, as the network has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn figures(&self, function: CostFn) -> &Figures {
        &self.rows[function as usize]
    }

    /// The cost for this input, without charging it.
    ///
    /// # Errors
    /// The function fails for this input (the logarithm of zero), or is not in this table.
    pub fn cost(&self, function: CostFn, n: u64) -> Result<Cost, CostError> {
        self.figures(function).cost(n, self.name, function.name())
    }
}
