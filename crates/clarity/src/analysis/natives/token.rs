//! Tokens and STX, and other functions whose arguments are checked one by one against expected types.

use super::Checked;
use super::simple::{optional, response, tuple};
use crate::analysis::checker::Checker;
use crate::analysis::definitions::count;
use crate::analysis::errors::{AnalysisError, Fault};
use crate::analysis::signature::MAX_BUFFER;
use crate::costs::CostFn;
use crate::natives::Native;
use crate::syntax::NodeId;
use crate::types::Type;

const UINT: Type = Type::UInt;
const PRINCIPAL: Type = Type::Principal;

impl Checker<'_, '_> {
    /// The type of an application; `None` for functions that are not of this group.
    pub(super) fn token(&mut self, native: Native, arguments: &[NodeId]) -> Result<Option<Type>, Box<Fault>> {
        let moved = || response(Type::Bool, Type::UInt);
        Ok(Some(match native {
            Native::FtGetSupply => self.fungible(arguments, &[], UINT)?,
            Native::FtGetBalance => self.fungible(arguments, &[PRINCIPAL], UINT)?,
            Native::FtMint | Native::FtBurn => self.fungible(arguments, &[UINT, PRINCIPAL], moved())?,
            Native::FtTransfer => self.fungible(arguments, &[UINT, PRINCIPAL, PRINCIPAL], moved())?,
            Native::NftGetOwner => self.asset(arguments, &[], optional(PRINCIPAL))?,
            Native::NftMint | Native::NftBurn => self.asset(arguments, &[PRINCIPAL], moved())?,
            Native::NftTransfer => self.asset(arguments, &[PRINCIPAL, PRINCIPAL], moved())?,
            Native::StxTransfer => self.stx(arguments, &[UINT, PRINCIPAL, PRINCIPAL])?,
            Native::StxTransferMemo => self.stx(arguments, &[UINT, PRINCIPAL, PRINCIPAL, Type::Buffer(34)])?,
            _ => return self.expected(native, arguments),
        }))
    }

    fn expected(&mut self, native: Native, arguments: &[NodeId]) -> Result<Option<Type>, Box<Fault>> {
        let bytes = Type::Buffer;
        let (types, result) = match native {
            Native::PrincipalOf => (vec![bytes(33)], response(PRINCIPAL, UINT)),
            Native::Secp256k1Recover => (vec![bytes(32), bytes(65)], response(bytes(33), UINT)),
            Native::Secp256k1Verify => (vec![bytes(32), bytes(65), bytes(33)], Type::Bool),
            Native::Secp256r1Verify => (vec![bytes(32), bytes(64), bytes(33)], Type::Bool),
            Native::Ed25519Verify => (vec![MAX_BUFFER, bytes(64), bytes(32)], Type::Bool),
            Native::Secp256k1Decompress => (vec![bytes(33)], response(bytes(65), UINT)),
            Native::VerifyMerkleProof => {
                (vec![bytes(32), bytes(32), UINT, UINT, Type::list(bytes(32), 24)?], Type::Bool)
            }
            Native::GetBitcoinTxOutput => {
                let output = tuple([("amount", UINT), ("script", bytes(1024)), ("txid", bytes(32))]);
                (vec![MAX_BUFFER, UINT], response(output, UINT))
            }
            Native::PrincipalConstruct => return self.principal_construct(arguments).map(Some),
            _ => return Ok(None),
        };
        self.expect_all(arguments, &types)?;
        Ok(Some(result))
    }

    fn principal_construct(&mut self, arguments: &[NodeId]) -> Checked {
        let types = [Type::Buffer(1), Type::Buffer(20), Type::Ascii(40)];
        if arguments.len() < 2 {
            return Err(AnalysisError::RequiresAtLeastArguments(2, arguments.len()).into());
        }
        if arguments.len() > 3 {
            return Err(AnalysisError::RequiresAtMostArguments(3, arguments.len()).into());
        }
        self.expect_all(arguments, &types[..arguments.len()])?;
        Ok(response(PRINCIPAL, tuple([("error_code", UINT), ("value", optional(PRINCIPAL))])))
    }

    fn stx(&mut self, arguments: &[NodeId], types: &[Type]) -> Checked {
        if arguments.len() != types.len() {
            return Err(AnalysisError::IncorrectArgumentCount(types.len(), arguments.len()).into());
        }
        self.charge(CostFn::AnalysisTypeLookup, 0)?;
        self.expect_all(arguments, types)?;
        Ok(response(Type::Bool, Type::UInt))
    }

    fn fungible(&mut self, arguments: &[NodeId], types: &[Type], result: Type) -> Checked {
        let (token, rest) = named(arguments, types.len() + 1)?;
        let name = self.tree.atom(token).ok_or(AnalysisError::BadTokenName)?;
        let is_known = self.known.interface.tokens.contains(name);
        // Queries (supply, balance) of an unknown token fail before anything is charged or checked.
        if is_known || types.len() > 1 {
            self.charge(CostFn::AnalysisTypeLookup, 1)?;
            self.expect_all(rest, types)?;
        }
        if is_known { Ok(result) } else { Err(AnalysisError::NoSuchFT(name.to_string()).into()) }
    }

    fn asset(&mut self, arguments: &[NodeId], types: &[Type], result: Type) -> Checked {
        let (token, rest) = named(arguments, types.len() + 2)?;
        let name = self.tree.atom(token).ok_or(AnalysisError::BadTokenName)?;
        let of = self.known.interface.assets.get(name).cloned();
        let of = of.ok_or_else(|| AnalysisError::NoSuchNFT(name.to_string()))?;
        self.charge(CostFn::AnalysisTypeLookup, u64::from(of.type_size()))?;
        self.expect(rest[0], &of)?;
        self.expect_all(&rest[1..], types)?;
        Ok(result)
    }

    /// Fails unless there is one argument, of this type.
    pub(super) fn expect_one(&mut self, arguments: &[NodeId], of: &Type) -> Result<(), Box<Fault>> {
        let [argument] = count(arguments)?;
        self.expect(argument, of)?;
        Ok(())
    }
}

/// The first argument, a name, and the other ones.
fn named(arguments: &[NodeId], length: usize) -> Result<(NodeId, &[NodeId]), AnalysisError> {
    match arguments.split_first() {
        Some((name, rest)) if arguments.len() == length => Ok((*name, rest)),
        _ => Err(AnalysisError::IncorrectArgumentCount(length, arguments.len())),
    }
}
