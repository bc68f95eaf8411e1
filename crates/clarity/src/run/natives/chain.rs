//! Facts about blocks, tenures and burn blocks, and running as the contract or at an older block.

use super::super::machine::{Frame, Machine, Outcome};
use super::{Arguments, uint, unexpected};
use crate::costs::CostFn;
use crate::error::{CheckError, RuntimeError, Stop};
use crate::keywords::{BlockProperty, BurnProperty};
use crate::lower::program::At;
use crate::names::ClarityName;
use crate::natives::Native;
use crate::principal::Principal;
use crate::state::BlockFacts;
use crate::types::Type;
use crate::value::Value;

impl Machine<'_> {
    /// `get-block-info?` takes a tenure's number and answers for its first block; `get-stacks-block-info?` and
    /// `get-tenure-info?` take a block's height.
    pub(super) fn block_info(
        &mut self,
        frame: &Frame<'_>,
        native: Native,
        property: BlockProperty,
        height: At,
    ) -> Outcome {
        self.meter.charge(CostFn::BlockInfo, 0)?;
        let height = uint(self.eval(frame, height)?)?;
        let Ok(height) = u64::try_from(height) else { return Ok(Value::NONE) };
        let block = if native == Native::GetBlockInfo {
            let Some(first) = self.world.first_block_of_tenure(self.view, height)? else { return Ok(Value::NONE) };
            first
        } else {
            height
        };
        if block >= self.world.block_height(self.view) {
            return Ok(Value::NONE);
        }
        let Some(facts) = self.world.block(self.view, block)? else { return Ok(Value::NONE) };
        match property_of(&facts, native, property) {
            Some(value) => Value::some(value).map_err(Stop::from),
            None => Ok(Value::NONE),
        }
    }

    pub(super) fn burn_info(&mut self, frame: &Frame<'_>, property: BurnProperty, height: At) -> Outcome {
        self.meter.charge(CostFn::BurnBlockInfo, 0)?;
        let height = uint(self.eval(frame, height)?)?;
        let Ok(height) = u32::try_from(height) else { return Ok(Value::NONE) };
        let height = u64::from(height);
        if property == BurnProperty::HeaderHash {
            return match self.world.burn_header_hash(height)? {
                Some(hash) => Value::some(Value::buffer(hash.to_vec())).map_err(Stop::from),
                None => Ok(Value::NONE),
            };
        }
        let Some(paid) = self.world.pox_addresses(height)? else { return Ok(Value::NONE) };
        let name = |text| {
            ClarityName::new(text).ok_or_else(|| -> Stop { CheckError::Unreachable("a name".to_owned()).into() })
        };
        let mut addresses = Vec::with_capacity(paid.addresses.len());
        for (version, hash) in paid.addresses {
            let fields =
                vec![(name("hashbytes")?, Value::buffer(hash)), (name("version")?, Value::buffer(vec![version]))];
            addresses.push(Value::tuple(fields)?);
        }
        let addresses = pox_list(addresses)?;
        let fields = vec![(name("addrs")?, addresses), (name("payout")?, Value::UInt(paid.payout))];
        Value::some(Value::tuple(fields)?).map_err(Stop::from)
    }

    /// `as-contract` and `at-block`.
    pub(super) fn change_context(&mut self, frame: &Frame<'_>, native: Native, arguments: &Arguments<'_>) -> Outcome {
        if native == Native::AsContract {
            self.meter.charge(CostFn::AsContract, 0)?;
            self.meter.take(1)?;
            let own = Self::own_principal(frame);
            let outcome = self.argument_copied(&Frame { sender: &own, caller: &own, ..*frame }, arguments, 0);
            self.meter.give(1);
            return outcome;
        }
        if !self.rules.has_at_block {
            return Err(CheckError::AtBlockUnavailable.into());
        }
        self.meter.charge(CostFn::AtBlock, 0)?;
        let hash = self.argument(frame, arguments, 0)?;
        let Value::Buffer(bytes) = &hash else { return Err(unexpected(Type::Buffer(32), hash)) };
        let id =
            <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| RuntimeError::BadBlockHash(bytes.as_ref().clone()))?;
        self.meter.take(1)?;
        let outcome = self.at_view(frame, arguments, &id);
        self.meter.give(1);
        outcome
    }

    fn at_view(&mut self, frame: &Frame<'_>, arguments: &Arguments<'_>, id: &[u8; 32]) -> Outcome {
        let view = self.world.view_of(id)?.ok_or(RuntimeError::UnknownBlockHeaderHash(*id))?;
        let (before, level) = (std::mem::replace(&mut self.view, view), self.begin());
        let outcome = self.argument_copied(&Frame { read_only: true, ..*frame }, arguments, 1);
        // Prints inside it are dropped.
        self.roll_back(level);
        self.view = before;
        outcome
    }
}

/// The list of recipients; an empty one has no type of entries.
fn pox_list(addresses: Vec<Value>) -> Outcome {
    Value::list(addresses).map_err(Stop::from)
}

fn property_of(facts: &BlockFacts, native: Native, property: BlockProperty) -> Option<Value> {
    let bytes = |bytes: &[u8]| Value::buffer(bytes.to_vec());
    Some(match property {
        BlockProperty::Time => Value::UInt(match (native, facts.time) {
            (Native::GetStacksBlockInfo, Some(time)) => time.into(),
            _ => facts.burn_time.into(),
        }),
        BlockProperty::VrfSeed => bytes(&facts.vrf_seed),
        BlockProperty::HeaderHash => bytes(&facts.header_hash),
        BlockProperty::IdHeaderHash => bytes(&facts.id),
        BlockProperty::BurnchainHeaderHash => bytes(&facts.burn_header_hash),
        BlockProperty::MinerAddress => match &facts.miner {
            Principal::Standard(account) => Value::principal(Principal::Standard(*account)),
            contract @ Principal::Contract(_) => Value::principal(contract.clone()),
        },
        BlockProperty::MinerSpendWinner => Value::UInt(facts.spend_winner),
        BlockProperty::MinerSpendTotal => Value::UInt(facts.spend_total),
        BlockProperty::BlockReward => Value::UInt(facts.reward?),
    })
}
