//! The one table of native functions: the name of each, which versions of the language have it, how its arguments are
//! evaluated, its cost function, how many arguments it takes. Sorting, checker, lowering and machine all read this table.

use crate::costs::CostFn;

/// How a native function is evaluated and charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Evaluates the arguments from left to right, charges by their count, then runs.
    ByCount,
    /// The same; the cost's input is the sum of the arguments' sizes.
    BySize,
    /// The same; the cost's input is the length of the first argument's bytes.
    ByBytes,
    /// The same; the cost's input is the length of the last argument's list.
    BySiblings,
    /// Evaluates its arguments itself, in an order of its own.
    Special,
    /// No function that can be called: an allowance in `restrict-assets?` or `as-contract?`.
    Allowance,
}

/// How many arguments a native function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arity {
    /// Exactly this many.
    Exactly(usize),
    /// This many or more.
    AtLeast(usize),
    /// From the first to the second, both included.
    Between(usize, usize),
}

impl Arity {
    /// The fewest arguments.
    pub(crate) const fn least(self) -> usize {
        match self {
            Self::Exactly(least) | Self::AtLeast(least) | Self::Between(least, _) => least,
        }
    }
}

use Arity::{AtLeast, Between, Exactly};
use Kind::{Allowance, ByBytes, ByCount, BySiblings, BySize, Special};

struct Row {
    name: &'static str,
    since: u8,
    until: u8,
    kind: Kind,
    cost: Option<CostFn>,
    arity: Arity,
}

macro_rules! natives {
    ($($id:ident $name:literal $since:literal..=$until:literal, $kind:expr, $cost:expr, $arity:expr;)*) => {
        /// A function of the language itself: a row of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the rows are their documentation")]
        pub enum Native { $($id,)* }

        impl Native {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            const fn row(self) -> &'static Row {
                const ROWS: &[Row] =
                    &[$(Row { name: $name, since: $since, until: $until, kind: $kind, cost: $cost, arity: $arity },)*];
                &ROWS[self as usize]
            }

            /// The function of this name in any version.
            #[must_use]
            pub(crate) fn of_any_version(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$id),)*
                    _ => None,
                }
            }
        }
    };
}

natives! {
    Add "+" 1..=6, ByCount, Some(CostFn::Add), AtLeast(1);
    Subtract "-" 1..=6, ByCount, Some(CostFn::Sub), AtLeast(1);
    Multiply "*" 1..=6, ByCount, Some(CostFn::Mul), AtLeast(1);
    Divide "/" 1..=6, ByCount, Some(CostFn::Div), AtLeast(1);
    GreaterOrEqual ">=" 1..=6, Special, Some(CostFn::Geq), Exactly(2);
    LessOrEqual "<=" 1..=6, Special, Some(CostFn::Leq), Exactly(2);
    Less "<" 1..=6, Special, Some(CostFn::Le), Exactly(2);
    Greater ">" 1..=6, Special, Some(CostFn::Ge), Exactly(2);
    ToInt "to-int" 1..=6, ByCount, Some(CostFn::IntCast), Exactly(1);
    ToUint "to-uint" 1..=6, ByCount, Some(CostFn::IntCast), Exactly(1);
    Modulo "mod" 1..=6, ByCount, Some(CostFn::Mod), Exactly(2);
    Power "pow" 1..=6, ByCount, Some(CostFn::Pow), Exactly(2);
    Sqrti "sqrti" 1..=6, ByCount, Some(CostFn::Sqrti), Exactly(1);
    Log2 "log2" 1..=6, ByCount, Some(CostFn::Log2), Exactly(1);
    Xor "xor" 1..=6, ByCount, Some(CostFn::Xor), Exactly(2);
    And "and" 1..=6, Special, Some(CostFn::And), AtLeast(1);
    Or "or" 1..=6, Special, Some(CostFn::Or), AtLeast(1);
    Not "not" 1..=6, ByCount, Some(CostFn::Not), Exactly(1);
    Equals "is-eq" 1..=6, BySize, Some(CostFn::Eq), AtLeast(1);
    If "if" 1..=6, Special, Some(CostFn::If), Exactly(3);
    Let "let" 1..=6, Special, Some(CostFn::Let), AtLeast(2);
    Map "map" 1..=6, Special, Some(CostFn::Map), AtLeast(2);
    Fold "fold" 1..=6, Special, Some(CostFn::Fold), Exactly(3);
    Append "append" 1..=6, Special, Some(CostFn::Append), Exactly(2);
    Concat "concat" 1..=6, Special, Some(CostFn::Concat), AtLeast(2);
    AsMaxLen "as-max-len?" 1..=6, Special, Some(CostFn::AsMaxLen), Exactly(2);
    Len "len" 1..=6, ByCount, Some(CostFn::Len), Exactly(1);
    ElementAt "element-at" 1..=6, ByCount, Some(CostFn::ElementAt), Exactly(2);
    ElementAtSafe "element-at?" 2..=6, ByCount, Some(CostFn::ElementAt), Exactly(2);
    IndexOf "index-of" 1..=6, BySize, Some(CostFn::IndexOf), Exactly(2);
    IndexOfSafe "index-of?" 2..=6, BySize, Some(CostFn::IndexOf), Exactly(2);
    BuffToIntLe "buff-to-int-le" 2..=6, ByCount, Some(CostFn::BuffToIntLe), Exactly(1);
    BuffToUintLe "buff-to-uint-le" 2..=6, ByCount, Some(CostFn::BuffToUintLe), Exactly(1);
    BuffToIntBe "buff-to-int-be" 2..=6, ByCount, Some(CostFn::BuffToIntBe), Exactly(1);
    BuffToUintBe "buff-to-uint-be" 2..=6, ByCount, Some(CostFn::BuffToUintBe), Exactly(1);
    IsStandard "is-standard" 2..=6, Special, Some(CostFn::IsStandard), Exactly(1);
    PrincipalDestruct "principal-destruct?" 2..=6, Special, Some(CostFn::PrincipalDestruct), Exactly(1);
    PrincipalConstruct "principal-construct?" 2..=6, Special, Some(CostFn::PrincipalConstruct), Between(2, 3);
    StringToInt "string-to-int?" 2..=6, ByCount, Some(CostFn::StringToInt), Exactly(1);
    StringToUint "string-to-uint?" 2..=6, ByCount, Some(CostFn::StringToUint), Exactly(1);
    IntToAscii "int-to-ascii" 2..=6, ByCount, Some(CostFn::IntToAscii), Exactly(1);
    IntToUtf8 "int-to-utf8" 2..=6, ByCount, Some(CostFn::IntToUtf8), Exactly(1);
    ListCons "list" 1..=6, Special, Some(CostFn::ListCons), AtLeast(0);
    VarGet "var-get" 1..=6, Special, Some(CostFn::FetchVar), Exactly(1);
    VarSet "var-set" 1..=6, Special, Some(CostFn::SetVar), Exactly(2);
    MapGet "map-get?" 1..=6, Special, Some(CostFn::FetchEntry), Exactly(2);
    MapSet "map-set" 1..=6, Special, Some(CostFn::SetEntry), Exactly(3);
    MapInsert "map-insert" 1..=6, Special, Some(CostFn::SetEntry), Exactly(3);
    MapDelete "map-delete" 1..=6, Special, Some(CostFn::SetEntry), Exactly(2);
    TupleCons "tuple" 1..=6, Special, Some(CostFn::TupleCons), AtLeast(1);
    TupleGet "get" 1..=6, Special, Some(CostFn::TupleGet), Exactly(2);
    TupleMerge "merge" 1..=6, BySize, Some(CostFn::TupleMerge), Exactly(2);
    Begin "begin" 1..=6, ByCount, Some(CostFn::Begin), AtLeast(1);
    Hash160 "hash160" 1..=6, BySize, Some(CostFn::Hash160), Exactly(1);
    Sha256 "sha256" 1..=6, BySize, Some(CostFn::Sha256), Exactly(1);
    Sha512 "sha512" 1..=6, BySize, Some(CostFn::Sha512), Exactly(1);
    Sha512T256 "sha512/256" 1..=6, BySize, Some(CostFn::Sha512t256), Exactly(1);
    Keccak256 "keccak256" 1..=6, BySize, Some(CostFn::Keccak256), Exactly(1);
    Secp256k1Recover "secp256k1-recover?" 1..=6, Special, Some(CostFn::Secp256k1recover), Exactly(2);
    Secp256k1Verify "secp256k1-verify" 1..=6, Special, Some(CostFn::Secp256k1verify), Exactly(3);
    Print "print" 1..=6, Special, Some(CostFn::Print), Exactly(1);
    ContractCall "contract-call?" 1..=6, Special, Some(CostFn::ContractCall), AtLeast(2);
    AsContract "as-contract" 1..=3, Special, Some(CostFn::AsContract), Exactly(1);
    ContractOf "contract-of" 1..=6, Special, Some(CostFn::ContractOf), Exactly(1);
    PrincipalOf "principal-of?" 1..=6, Special, Some(CostFn::PrincipalOf), Exactly(1);
    AtBlock "at-block" 1..=4, Special, Some(CostFn::AtBlock), Exactly(2);
    GetBlockInfo "get-block-info?" 1..=2, Special, Some(CostFn::BlockInfo), Exactly(2);
    GetBurnBlockInfo "get-burn-block-info?" 2..=6, Special, Some(CostFn::BurnBlockInfo), Exactly(2);
    ConsError "err" 1..=6, ByCount, Some(CostFn::ErrCons), Exactly(1);
    ConsOkay "ok" 1..=6, ByCount, Some(CostFn::OkCons), Exactly(1);
    ConsSome "some" 1..=6, ByCount, Some(CostFn::SomeCons), Exactly(1);
    DefaultTo "default-to" 1..=6, ByCount, Some(CostFn::DefaultTo), Exactly(2);
    Asserts "asserts!" 1..=6, Special, Some(CostFn::Asserts), Exactly(2);
    UnwrapRet "unwrap!" 1..=6, ByCount, Some(CostFn::UnwrapRet), Exactly(2);
    UnwrapErrRet "unwrap-err!" 1..=6, ByCount, Some(CostFn::UnwrapErrOrRet), Exactly(2);
    Unwrap "unwrap-panic" 1..=6, ByCount, Some(CostFn::Unwrap), Exactly(1);
    UnwrapErr "unwrap-err-panic" 1..=6, ByCount, Some(CostFn::UnwrapErr), Exactly(1);
    Match "match" 1..=6, Special, Some(CostFn::Match), Between(4, 5);
    TryRet "try!" 1..=6, ByCount, Some(CostFn::TryRet), Exactly(1);
    IsOk "is-ok" 1..=6, ByCount, Some(CostFn::IsOkay), Exactly(1);
    IsNone "is-none" 1..=6, ByCount, Some(CostFn::IsNone), Exactly(1);
    IsErr "is-err" 1..=6, ByCount, Some(CostFn::IsErr), Exactly(1);
    IsSome "is-some" 1..=6, ByCount, Some(CostFn::IsSome), Exactly(1);
    Filter "filter" 1..=6, Special, Some(CostFn::Filter), Exactly(2);
    FtGetBalance "ft-get-balance" 1..=6, Special, Some(CostFn::FtBalance), Exactly(2);
    NftGetOwner "nft-get-owner?" 1..=6, Special, Some(CostFn::NftOwner), Exactly(2);
    FtTransfer "ft-transfer?" 1..=6, Special, Some(CostFn::FtTransfer), Exactly(4);
    NftTransfer "nft-transfer?" 1..=6, Special, Some(CostFn::NftTransfer), Exactly(4);
    NftMint "nft-mint?" 1..=6, Special, Some(CostFn::NftMint), Exactly(3);
    FtMint "ft-mint?" 1..=6, Special, Some(CostFn::FtMint), Exactly(3);
    FtGetSupply "ft-get-supply" 1..=6, Special, Some(CostFn::FtGetSupply), Exactly(1);
    FtBurn "ft-burn?" 1..=6, Special, Some(CostFn::FtBurn), Exactly(3);
    NftBurn "nft-burn?" 1..=6, Special, Some(CostFn::NftBurn), Exactly(3);
    StxGetBalance "stx-get-balance" 1..=6, Special, Some(CostFn::StxBalance), Exactly(1);
    StxTransfer "stx-transfer?" 1..=6, Special, Some(CostFn::StxTransfer), Exactly(3);
    StxTransferMemo "stx-transfer-memo?" 2..=6, Special, Some(CostFn::StxTransferMemo), Exactly(4);
    StxBurn "stx-burn?" 1..=6, Special, Some(CostFn::StxTransfer), Exactly(2);
    StxAccount "stx-account" 2..=6, Special, Some(CostFn::StxAccount), Exactly(1);
    BitAnd "bit-and" 2..=6, ByCount, Some(CostFn::BitwiseAnd), AtLeast(1);
    BitOr "bit-or" 2..=6, ByCount, Some(CostFn::BitwiseOr), AtLeast(1);
    BitNot "bit-not" 2..=6, ByCount, Some(CostFn::BitwiseNot), Exactly(1);
    BitShiftLeft "bit-shift-left" 2..=6, ByCount, Some(CostFn::BitwiseLeftShift), Exactly(2);
    BitShiftRight "bit-shift-right" 2..=6, ByCount, Some(CostFn::BitwiseRightShift), Exactly(2);
    BitXor "bit-xor" 2..=6, ByCount, Some(CostFn::Xor), AtLeast(1);
    Slice "slice?" 2..=6, Special, Some(CostFn::Slice), Exactly(3);
    ToConsensusBuff "to-consensus-buff?" 2..=6, BySize, Some(CostFn::ToConsensusBuff), Exactly(1);
    FromConsensusBuff "from-consensus-buff?" 2..=6, Special, Some(CostFn::FromConsensusBuff), Exactly(2);
    ReplaceAt "replace-at?" 2..=6, Special, Some(CostFn::ReplaceAt), Exactly(3);
    GetStacksBlockInfo "get-stacks-block-info?" 3..=6, Special, Some(CostFn::BlockInfo), Exactly(2);
    GetTenureInfo "get-tenure-info?" 3..=6, Special, Some(CostFn::BlockInfo), Exactly(2);
    ContractHash "contract-hash?" 4..=6, Special, Some(CostFn::ContractHash), Exactly(1);
    ToAscii "to-ascii?" 4..=6, Special, Some(CostFn::ToAscii), Exactly(1);
    RestrictAssets "restrict-assets?" 4..=6, Special, Some(CostFn::RestrictAssets), AtLeast(3);
    AsContractSafe "as-contract?" 4..=6, Special, Some(CostFn::AsContractSafe), AtLeast(2);
    WithStx "with-stx" 4..=6, Allowance, None, Exactly(1);
    WithFt "with-ft" 4..=6, Allowance, None, Exactly(3);
    WithNft "with-nft" 4..=6, Allowance, None, Exactly(3);
    WithStacking "with-stacking" 4..=5, Allowance, None, Exactly(1);
    WithStaking "with-staking" 6..=6, Allowance, None, Exactly(1);
    WithPox "with-pox" 6..=6, Allowance, None, Exactly(0);
    WithAllAssetsUnsafe "with-all-assets-unsafe" 4..=6, Allowance, None, Exactly(0);
    Secp256r1Verify "secp256r1-verify" 4..=6, Special, Some(CostFn::Secp256r1verify), Exactly(3);
    VerifyMerkleProof "verify-merkle-proof" 6..=6, BySiblings, Some(CostFn::VerifyMerkleProof), Exactly(5);
    GetBitcoinTxOutput "get-bitcoin-tx-output?" 6..=6, ByBytes, Some(CostFn::GetBitcoinTxOutput), Exactly(2);
    Ed25519Verify "ed25519-verify" 6..=6, ByBytes, Some(CostFn::Ed25519verify), Exactly(3);
    Secp256k1Decompress "secp256k1-decompress?" 6..=6, ByCount, Some(CostFn::Secp256k1decompress), Exactly(1);
}

impl Native {
    /// The function of this name in a version of the language.
    #[must_use]
    pub fn lookup(name: &str, version: u8) -> Option<Self> {
        Self::of_any_version(name).filter(|native| native.is_in(version))
    }

    /// Whether a version of the language has it.
    #[must_use]
    pub const fn is_in(self, version: u8) -> bool {
        self.row().since <= version && version <= self.row().until
    }

    /// The word in source texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// How it is evaluated.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.row().kind
    }

    /// Its cost function. Allowances have none: the form that they stand in is charged.
    #[must_use]
    pub const fn cost(self) -> Option<CostFn> {
        self.row().cost
    }

    /// How many arguments it takes. `concat` takes exactly two before Clarity 6.
    #[must_use]
    pub(crate) const fn arity(self) -> Arity {
        self.row().arity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_number_of_functions() {
        let counts =
            [1, 2, 3, 4, 5, 6].map(|version| Native::ALL.iter().filter(|native| native.is_in(version)).count());
        assert_eq!(counts, [82, 108, 109, 118, 117, 122]);
    }

    #[test]
    fn a_name_finds_its_function_in_its_versions_only() {
        for native in Native::ALL {
            assert_eq!(Native::of_any_version(native.name()), Some(*native));
        }
        assert_eq!(Native::lookup("as-contract", 3), Some(Native::AsContract));
        assert_eq!(Native::lookup("as-contract", 4), None);
        assert_eq!(Native::lookup("no-such", 6), None);
    }
}
