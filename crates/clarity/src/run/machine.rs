//! The machine, and the evaluation of one expression.

use std::sync::Arc;

use super::assets::Movement;
use super::events::{Event, MAX_HELD_EVENTS, MAX_PRINTED_BYTES};
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

/// The value of an expression, or why the evaluation stops.
pub type Outcome = Result<Value, Stop>;

/// The accounts of a transaction.
#[derive(Debug, Clone)]
pub struct Context {
    /// The account that sent the transaction: `tx-sender` of the first function.
    pub sender: Principal,
    /// The account that pays the fee, if it is another one.
    pub sponsor: Option<Principal>,
}

/// Runs one transaction, and holds its writes, movements, events and costs.
pub struct Machine<'w> {
    pub(crate) rules: &'static Rules,
    /// The costs so far, and their limits.
    pub meter: Meter<'w>,
    pub(crate) world: &'w mut dyn World,
    /// The writes, and remembered reads.
    pub journal: Journal,
    /// The events, of more than [`MAX_HELD_EVENTS`] the first.
    pub events: Vec<Event>,
    /// How many events there were, those that are not held among them.
    said: usize,
    /// Most events to hold.
    held_most: usize,
    /// The assets that left an owner.
    pub movements: Vec<Movement>,
    /// Variables of the running functions, and arguments for the next call. A function's slots follow its caller's, and
    /// its arguments become its parameters in place.
    pub(crate) slots: Vec<Value>,
    /// User functions that are running, outermost first: the contract's number ([`Frame::entered`]) and the function's
    /// index.
    pub(super) running: Vec<(usize, u32)>,
    /// Contracts whose code is running, outermost first; a contract that is called back occurs twice.
    entered: Vec<Arc<ContractId>>,
    /// During a deployment: how many of the contract's functions are defined so far.
    pub(super) defined: Option<u32>,
    pub(super) view: View,
    pub(crate) sponsor: Option<Value>,
    /// Buffer in which keys of entries are made.
    pub(super) key: String,
    printed: u64,
}

/// A running function: its contract, its variables' first slot, its sender and caller.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) contract: &'a Arc<Contract>,
    /// The contract's number among those that were entered; a contract that is called back keeps its number.
    pub(crate) entered: usize,
    pub(crate) base: usize,
    /// How many functions and applications enclose the function.
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

/// The lengths of journal, events and movements at the beginning of a level.
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
            said: 0,
            held_most: MAX_HELD_EVENTS,
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

    /// The same machine, which holds no events: for calls of whose events nobody asks.
    #[must_use]
    pub const fn without_events(mut self) -> Self {
        self.held_most = 0;
        self
    }

    /// Enters a contract and returns its number. [`Machine::leave`] leaves it.
    pub(crate) fn enter(&mut self, id: &Arc<ContractId>) -> usize {
        let known = self.entered.iter().position(|entered| Arc::ptr_eq(entered, id) || entered == id);
        self.entered.push(Arc::clone(id));
        known.unwrap_or(self.entered.len() - 1)
    }

    /// Leaves the contract that was entered last.
    pub(crate) fn leave(&mut self) {
        self.entered.pop();
    }

    /// Whether a function of the frame's contract is defined. During a deployment the contract's later functions are
    /// not; contracts that it calls are complete.
    pub(super) fn is_defined(&self, frame: &Frame<'_>, function: u32) -> bool {
        frame.entered > 0 || self.defined.is_none_or(|defined| function < defined)
    }

    /// Begins a level: writes, events and movements from here on can be rolled back.
    #[must_use]
    pub fn begin(&self) -> Level {
        Level { journal: self.journal.mark(), events: self.said, movements: self.movements.len() }
    }

    /// Drops the writes, events and movements of a level.
    pub fn roll_back(&mut self, level: Level) {
        self.journal.roll_back(level.journal);
        self.events.truncate(level.events);
        self.said = level.events;
        self.movements.truncate(level.movements);
    }

    /// Adds an event; printed values count towards [`MAX_PRINTED_BYTES`].
    pub(crate) fn say(&mut self, event: Event) -> Result<(), Stop> {
        if let Event::Print(_, value) = &event {
            self.printed = self.printed.saturating_add(value.serialized_size());
            if self.printed > MAX_PRINTED_BYTES {
                return Err(InternalError::TooManyEvents.into());
            }
        }
        self.said += 1;
        if self.said <= self.held_most {
            self.events.push(event);
        }
        Ok(())
    }

    /// Evaluates one expression. From 3.4 on, a variable's size is not charged here but by [`Machine::copy`].
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

    /// The value of a variable; its last use takes the value.
    pub(super) fn local(&mut self, frame: &Frame<'_>, slot: u32, last: bool) -> Value {
        let value = &mut self.slots[frame.base + slot as usize];
        if last { std::mem::replace(value, Value::NONE) } else { value.clone() }
    }

    /// Before 3.4, looking up a variable is charged by its size.
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

    /// Charges for copying an expression's value: from 3.4 on that costs if the expression is a variable.
    pub(crate) fn copy(&mut self, frame: &Frame<'_>, at: At, value: &Value) -> Result<(), Stop> {
        if self.rules.borrows_variables && frame.program().is_variable(at) {
            self.meter.charge(CostFn::LookupVariableSize, u64::from(value.size()))?;
        }
        Ok(())
    }

    /// Evaluates an expression and copies its value.
    pub(crate) fn eval_copied(&mut self, frame: &Frame<'_>, at: At) -> Outcome {
        if !frame.program().is_variable(at) {
            // Returned directly: moving results takes a good part of an expression's time.
            return self.eval(frame, at);
        }
        let value = self.eval(frame, at)?;
        self.copy(frame, at, &value)?;
        Ok(value)
    }

    /// Evaluates several expressions; only the last one's value is copied and returned.
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

    /// The number of micro-STX in existence.
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

    /// Reads a text from the state below the journal.
    pub(crate) fn read(&mut self, key: &str) -> Result<Option<String>, Stop> {
        self.watch_read(key);
        Ok(self.world.read(self.view, key)?)
    }

    /// Shows the watcher a read of the state below the journal, whether or not the journal remembers it.
    pub(super) fn watch_read(&mut self, key: &str) {
        if self.meter.is_watched() {
            self.meter.watch(&crate::costs::Step::Read(key));
        }
    }

    /// What the transaction itself wrote under a key; `None` while an older block is read.
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
