//! The machine, and the evaluation of one expression.

use std::sync::Arc;

use super::assets::Movement;
use super::events::{Event, MAX_PRINTED_BYTES};
use crate::costs::{CostFn, Meter};
use crate::error::{CheckError, InternalError, RuntimeError, Stop};
use crate::keys;
use crate::keywords::Keyword;
use crate::lower::program::{Apply, At, Form, Many, Op, Program};
use crate::names::ClarityName;
use crate::principal::{ContractId, Principal};
use crate::rules::Rules;
use crate::state::{Contract, Datum, Journal, Mark, View, World};
use crate::value::Value;

/// What an expression gives, or why the evaluation stops.
pub type Outcome = Result<Value, Stop>;

/// Who runs a transaction.
#[derive(Debug, Clone)]
pub struct Context {
    /// The account that sent it: `tx-sender` of the first function.
    pub sender: Principal,
    /// Who pays for it, if that is somebody else.
    pub sponsor: Option<Principal>,
}

/// What a transaction has written, moved, said and spent.
pub struct Machine<'w> {
    pub(crate) rules: &'static Rules,
    /// What it has spent.
    pub meter: Meter<'w>,
    pub(crate) world: &'w mut dyn World,
    /// What it has written.
    pub journal: Journal,
    /// What it has said.
    pub events: Vec<Event>,
    /// What it has moved.
    pub movements: Vec<Movement>,
    /// Variables of the functions that are running, and arguments that are evaluated for the next: those of a function lie behind
    /// those of its caller, and its arguments are where its parameters will be.
    pub(crate) slots: Vec<Value>,
    /// User functions that are running, outermost first: of which of the contracts that were entered, and which of its functions.
    pub(super) running: Vec<(usize, u32)>,
    /// Contracts whose code is running, outermost first; one that is called back is in it twice.
    entered: Vec<Arc<ContractId>>,
    /// While a contract is deployed: how many of its functions are defined so far.
    pub(super) defined: Option<u32>,
    pub(super) view: View,
    pub(crate) sponsor: Option<Value>,
    /// Keys of entries are made here.
    pub(super) key: String,
    printed: u64,
}

/// A function that runs: whose code, where its variables lie, on whose behalf.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) contract: &'a Arc<Contract>,
    /// The contract's number among those that were entered; called back, it has the number that it has already.
    pub(crate) entered: usize,
    pub(crate) base: usize,
    /// Functions and applications around the function.
    pub(crate) level: usize,
    pub(crate) sender: &'a Value,
    pub(crate) caller: &'a Value,
    /// Nothing may be written.
    pub(crate) read_only: bool,
}

impl<'a> Frame<'a> {
    pub(crate) fn program(&self) -> &'a Program {
        &self.contract.program
    }
}

/// Where journal, events and movements stood when a level began.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    journal: Mark,
    events: usize,
    pub(crate) movements: usize,
}

impl<'w> Machine<'w> {
    /// A machine that has done nothing.
    pub fn new(rules: &'static Rules, meter: Meter<'w>, world: &'w mut dyn World) -> Self {
        Self {
            rules,
            meter,
            world,
            journal: Journal::default(),
            events: Vec::new(),
            movements: Vec::new(),
            slots: Vec::new(),
            running: Vec::new(),
            entered: Vec::new(),
            defined: None,
            view: View::Tip,
            sponsor: None,
            key: String::new(),
            printed: 0,
        }
    }

    /// Enters a contract. Gives its number; [`Machine::leave`] ends it.
    pub(crate) fn enter(&mut self, id: &Arc<ContractId>) -> usize {
        let known = self.entered.iter().position(|entered| Arc::ptr_eq(entered, id) || entered == id);
        self.entered.push(Arc::clone(id));
        known.unwrap_or(self.entered.len() - 1)
    }

    /// Leaves the contract that was entered last.
    pub(crate) fn leave(&mut self) {
        self.entered.pop();
    }

    /// Whether a function of the contract that runs is defined. In a deployment those that come later are not; other contracts, which
    /// it calls, are whole.
    pub(super) fn is_defined(&self, frame: &Frame<'_>, function: u32) -> bool {
        frame.entered > 0 || self.defined.is_none_or(|defined| function < defined)
    }

    /// Begins a level: what is written, said and moved from here on can be rolled back.
    #[must_use]
    pub fn begin(&self) -> Level {
        Level { journal: self.journal.mark(), events: self.events.len(), movements: self.movements.len() }
    }

    /// Forgets what a level has written, said and moved.
    pub fn roll_back(&mut self, level: Level) {
        self.journal.roll_back(level.journal);
        self.events.truncate(level.events);
        self.movements.truncate(level.movements);
    }

    /// Says something; values that are printed count against the limit.
    pub(crate) fn say(&mut self, event: Event) -> Result<(), Stop> {
        if let Event::Print(_, value) = &event {
            self.printed = self.printed.saturating_add(value.serialized_size());
            if self.printed > MAX_PRINTED_BYTES {
                return Err(InternalError::TooManyEvents.into());
            }
        }
        self.events.push(event);
        Ok(())
    }

    /// What one expression gives. A variable's value is not charged by its size here, but by who copies it.
    pub(crate) fn eval(&mut self, frame: &Frame<'_>, at: At) -> Outcome {
        match frame.program().op(at) {
            Op::Literal(value) => Ok(value.clone()),
            Op::Keyword(keyword) => self.keyword(frame, *keyword),
            Op::Local { slot, depth, last } => {
                self.meter.charge(CostFn::LookupVariableDepth, u64::from(*depth))?;
                let value = self.local(frame, *slot, *last);
                self.looked_up(&value)?;
                Ok(value)
            }
            Op::Constant { index, depth } => {
                self.meter.charge(CostFn::LookupVariableDepth, u64::from(*depth))?;
                let value = self.constant(frame, *index)?;
                self.looked_up(&value)?;
                Ok(value)
            }
            Op::TraitLocal { slot, depth } => {
                self.meter.charge(CostFn::LookupVariableDepth, u64::from(*depth))?;
                match &self.slots[frame.base + *slot as usize] {
                    Value::Callable(callable) => Ok(Value::principal(Principal::Contract(callable.contract.clone()))),
                    other => Ok(other.clone()),
                }
            }
            Op::UndefinedVariable(name) => {
                self.meter.charge(CostFn::LookupVariableDepth, 0)?;
                Err(undefined(name))
            }
            Op::Malformed(error) => Err(error.as_ref().clone().into()),
            Op::Apply(apply) => self.apply(frame, apply),
        }
    }

    /// The value of a variable; the last use of it takes it.
    pub(super) fn local(&mut self, frame: &Frame<'_>, slot: u32, last: bool) -> Value {
        let value = &mut self.slots[frame.base + slot as usize];
        if last { std::mem::replace(value, Value::NONE) } else { value.clone() }
    }

    /// Until variables are borrowed, looking one up costs by its size.
    fn looked_up(&mut self, value: &Value) -> Result<(), Stop> {
        if self.rules.borrows_variables {
            return Ok(());
        }
        Ok(self.meter.charge(CostFn::LookupVariableSize, u64::from(value.size()))?)
    }

    pub(crate) fn constant(&self, frame: &Frame<'_>, index: u32) -> Outcome {
        let index = index as usize;
        let value = frame.contract.constants.get(index).and_then(|place| place.get());
        let value = value.ok_or_else(|| undefined(&frame.program().constants[index]))?;
        if frame.contract.is_damaged() && !self.rules.sanitizes_constants_once && !value.is_of_its_type() {
            return Err(CheckError::CouldNotDetermineType.into());
        }
        Ok(value.clone())
    }

    /// Copies what an expression gave: that costs when it was a variable's value.
    pub(crate) fn copy(&mut self, frame: &Frame<'_>, at: At, value: &Value) -> Result<(), Stop> {
        if self.rules.borrows_variables && frame.program().is_variable(at) {
            self.meter.charge(CostFn::LookupVariableSize, u64::from(value.size()))?;
        }
        Ok(())
    }

    /// What an expression gives, copied.
    pub(crate) fn eval_copied(&mut self, frame: &Frame<'_>, at: At) -> Outcome {
        if !frame.program().is_variable(at) {
            // Handed on as it is: moving results about is a good part of what an expression takes.
            return self.eval(frame, at);
        }
        let value = self.eval(frame, at)?;
        self.copy(frame, at, &value)?;
        Ok(value)
    }

    /// Several expressions; only what the last gives is copied and returned.
    pub(crate) fn eval_body(&mut self, frame: &Frame<'_>, body: Many) -> Outcome {
        let Some((last, before)) = frame.program().many(body).split_last() else { return Ok(Value::NONE) };
        for expression in before {
            self.eval(frame, *expression)?;
        }
        self.eval_copied(frame, *last)
    }

    fn apply(&mut self, frame: &Frame<'_>, apply: &Apply) -> Outcome {
        self.meter.charge(CostFn::LookupFunction, 0)?;
        let level = frame.level + apply.level as usize;
        if level >= self.rules.call_depth {
            return Err(RuntimeError::MaxStackDepthReached.into());
        }
        match &apply.form {
            Form::Plain(native, arguments) => {
                self.with_arguments(frame, *arguments, |machine, first| machine.apply_plain(*native, first))
            }
            Form::User(index, arguments) => self.with_arguments(frame, *arguments, |machine, first| {
                machine.apply_user(&Frame { level: level + 1, ..*frame }, *index, first)
            }),
            Form::UndefinedFunction(name) => Err(CheckError::UndefinedFunction(name.to_string()).into()),
            Form::WrongCount { charged, needed, given } => {
                if let Some(cost) = charged {
                    self.meter.charge(*cost, 0)?;
                }
                Err(CheckError::IncorrectArgumentCount(*needed, *given).into())
            }
            form => self.special(frame, form, level),
        }
    }

    fn keyword(&mut self, frame: &Frame<'_>, keyword: Keyword) -> Outcome {
        Ok(match keyword {
            Keyword::TxSender => frame.sender.clone(),
            Keyword::ContractCaller => frame.caller.clone(),
            Keyword::None => Value::NONE,
            Keyword::True => Value::Bool(true),
            Keyword::False => Value::Bool(false),
            Keyword::IsInMainnet => Value::Bool(self.world.is_mainnet()),
            // Only the reference's own tests run on such a network.
            Keyword::IsInRegtest => Value::Bool(false),
            Keyword::ChainId => Value::UInt(u128::from(self.world.chain_id())),
            Keyword::TxSponsor => match self.sponsor.clone() {
                Some(sponsor) => Value::some(sponsor)?,
                None => Value::NONE,
            },
            Keyword::CurrentContract => Value::principal(Principal::Contract(frame.program().id.as_ref().clone())),
            Keyword::BlockHeight | Keyword::TenureHeight => {
                self.meter.charge(CostFn::FetchVar, 1)?;
                Value::UInt(u128::from(self.world.tenure_height(self.view)?))
            }
            Keyword::StacksBlockHeight => {
                self.meter.charge(CostFn::FetchVar, 1)?;
                Value::UInt(u128::from(self.world.block_height(self.view)))
            }
            Keyword::BurnBlockHeight => {
                self.meter.charge(CostFn::FetchVar, 1)?;
                Value::UInt(u128::from(self.world.burn_height()))
            }
            Keyword::StacksBlockTime => {
                self.meter.charge(CostFn::FetchVar, 1)?;
                Value::UInt(self.block_time()?)
            }
            Keyword::StxLiquidSupply => {
                self.meter.charge(CostFn::FetchVar, 1)?;
                Value::UInt(self.liquid_supply()?)
            }
        })
    }

    fn block_time(&mut self) -> Result<u128, Stop> {
        let text = self.world.read(self.view, keys::BLOCK_TIME)?.ok_or(RuntimeError::BlockTimeNotAvailable)?;
        text.parse().map_err(|_| InternalError::State(format!("{text} is no time")).into())
    }

    /// How many micro-STX there are.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn liquid_supply(&mut self) -> Result<u128, Stop> {
        if self.view == View::Tip
            && let Some(Datum::Value(Value::UInt(supply))) = self.journal.written(keys::LIQUID_SUPPLY)
        {
            return Ok(*supply);
        }
        let Some(text) = self.read(keys::LIQUID_SUPPLY)? else { return Ok(0) };
        match hex::decode(&text).ok().and_then(|bytes| Value::decode(&bytes).ok()) {
            Some(Value::UInt(supply)) => Ok(supply),
            _ => Err(InternalError::State(format!("{text} is no liquid supply")).into()),
        }
    }

    /// A text of the state below the journal.
    pub(crate) fn read(&mut self, key: &str) -> Result<Option<String>, Stop> {
        self.watch_read(key);
        Ok(self.world.read(self.view, key)?)
    }

    /// Shows the watcher a read of the state below the journal, remembered or not.
    pub(super) fn watch_read(&mut self, key: &str) {
        if self.meter.is_watched() {
            self.meter.watch(&crate::costs::Step::Read(key));
        }
    }

    /// What the transaction itself wrote under a key; an older state knows nothing of it.
    pub(crate) fn written(&self, key: &str) -> Option<&Datum> {
        if self.view == View::Tip { self.journal.written(key) } else { None }
    }

    /// Writes to the state.
    pub(crate) fn write(&mut self, key: Arc<str>, datum: Datum) {
        if self.meter.is_watched() {
            self.meter.watch(&crate::costs::Step::Write(&key));
        }
        self.journal.put(key, datum);
    }
}

fn undefined(name: &ClarityName) -> Stop {
    CheckError::Unreachable(format!("Undefined variable: {name}")).into()
}
