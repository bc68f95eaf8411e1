//! Post-conditions (docs/COMPATIBILITY.md#post-conditions) of calls that really move assets, in every epoch, against a
//! model that tracks every balance: which steps of a call succeed, and what the conditions say of the movements. Undone
//! steps are really undone, as later transactions find the balances of the model.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use clarity::Rules;
use clarity::principal::Principal;
use clarity::value::Value;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stacks_types::address::StacksAddress;
use stacks_types::ids::StacksBlockId;
use stacks_types::transaction::{
    AssetInfo, FungibleCode, NonFungibleCode, PostCondition, PostConditionMode, PostConditionPrincipal, PoxCode,
};

use super::support::{Account, TestChain, id};
use crate::params::HELIUM_20;
use crate::test_support::on_a_large_stack;
use crate::transactions::{ReceiptStatus, TransactionError};

/// Does steps in order, each undone by itself if it fails or has `undo` set; `fail` fails the whole call after them.
const BANK: &str = "
(define-fungible-token gold)
(define-fungible-token silver)
(define-non-fungible-token deed uint)
(define-private (stx (amount uint) (from principal) (to principal))
  (if (is-eq from tx-sender) (stx-transfer? amount from to) (as-contract (stx-transfer? amount tx-sender to))))
(define-private (burn (amount uint) (from principal))
  (if (is-eq from tx-sender) (stx-burn? amount from) (as-contract (stx-burn? amount tx-sender))))
(define-private (moved (kind uint) (n uint) (from principal) (to principal))
  (if (is-eq kind u0) (stx n from to)
  (if (is-eq kind u1) (burn n from)
  (if (is-eq kind u2) (ft-transfer? gold n from to)
  (if (is-eq kind u3) (ft-transfer? silver n from to)
  (if (is-eq kind u4) (ft-burn? gold n from)
  (if (is-eq kind u5) (nft-transfer? deed n from to)
  (nft-burn? deed n from))))))))
(define-public (step (it { kind: uint, n: uint, from: principal, to: principal, undo: bool }))
  (begin
    (try! (moved (get kind it) (get n it) (get from it) (get to it)))
    (if (get undo it) (err u99) (ok true))))
(define-private (tried (it { kind: uint, n: uint, from: principal, to: principal, undo: bool }))
  (is-ok (step it)))
(define-public (move (steps (list 5 { kind: uint, n: uint, from: principal, to: principal, undo: bool })) (fail bool))
  (let ((done (map tried steps)))
    (if fail (err done) (ok done))))
(define-private (give (who principal))
  (begin (is-ok (ft-mint? gold u4 who)) (is-ok (ft-mint? silver u4 who))))
(map give (list tx-sender 'SECOND (as-contract tx-sender)))
(nft-mint? deed u1 tx-sender)
(nft-mint? deed u2 'SECOND)
(nft-mint? deed u3 (as-contract tx-sender))
(stx-transfer? u4 tx-sender (as-contract tx-sender))
";

/// The parties: the origin, another account, the contract.
const PARTIES: usize = 3;
const ORIGIN: usize = 0;
const CONTRACT: usize = 2;

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asset {
    Stx,
    Gold,
    Silver,
    Deed(u64),
}

/// A step of a call. `kind` as in [`BANK`].
#[derive(Debug, Clone)]
struct Step {
    kind: u64,
    n: u64,
    from: usize,
    to: usize,
    undo: bool,
}

impl Step {
    const fn asset(&self) -> Asset {
        match self.kind {
            0 | 1 => Asset::Stx,
            2 | 4 => Asset::Gold,
            3 => Asset::Silver,
            _ => Asset::Deed(self.n),
        }
    }

    /// A deed counts as one.
    const fn amount(&self) -> u64 {
        if self.kind < 5 { self.n } else { 1 }
    }

    const fn destroys(&self) -> bool {
        matches!(self.kind, 1 | 4 | 6)
    }
}

/// A post-condition about a party; party 3 is the origin, named as such.
#[derive(Debug, Clone)]
enum Promise {
    Fungible(usize, Asset, FungibleCode, u64),
    Deed(usize, u64, NonFungibleCode),
    Staking(usize, FungibleCode, u64),
    Pox(usize, PoxCode),
}

#[derive(Debug, Clone)]
struct Call {
    steps: Vec<Step>,
    fail: bool,
    mode: PostConditionMode,
    promises: Vec<Promise>,
}

/// The balance of each party in each asset.
#[derive(Clone)]
struct Book(BTreeMap<(usize, Asset), u64>);

impl Book {
    fn new() -> Self {
        let each = (0..PARTIES).flat_map(|who| [((who, Asset::Gold), 4), ((who, Asset::Silver), 4)]);
        let deeds = (0..PARTIES).zip(1..).map(|(who, id)| ((who, Asset::Deed(id)), 1));
        // The origin has more STX than it can spend.
        Self(each.chain(deeds).chain([((ORIGIN, Asset::Stx), u64::MAX / 2), ((CONTRACT, Asset::Stx), 4)]).collect())
    }

    /// Does the step if it can succeed. Returns whether it does.
    fn try_step(&mut self, step: &Step) -> bool {
        let (from, asset, amount) = (step.from, step.asset(), step.amount());
        let has = self.0.get(&(from, asset)).copied().unwrap_or(0);
        if amount == 0 || has < amount || (!step.destroys() && from == step.to) || step.undo {
            return false;
        }
        self.0.insert((from, asset), has - amount);
        if !step.destroys() {
            *self.0.entry((step.to, asset)).or_default() += amount;
        }
        true
    }
}

/// The rules for a call, one sentence after the other.
fn holds(call: &Call, moved: &[&Step]) -> bool {
    let sum = |who: usize, asset: Asset| -> u64 {
        let of_it = moved.iter().filter(|step| step.from == who % PARTIES && step.asset() == asset);
        of_it.map(|step| step.amount()).sum()
    };
    let compare = |sum: u64, code: FungibleCode, amount: u64| match code {
        FungibleCode::Equal => sum == amount,
        FungibleCode::Greater => sum > amount,
        FungibleCode::GreaterOrEqual => sum >= amount,
        FungibleCode::Less => sum < amount,
        FungibleCode::LessOrEqual => sum <= amount,
    };
    let all_hold = call.promises.iter().all(|promise| match *promise {
        Promise::Fungible(who, asset, code, amount) => compare(sum(who, asset), code, amount),
        Promise::Deed(who, id, NonFungibleCode::Sent) => sum(who, Asset::Deed(id)) > 0,
        Promise::Deed(who, id, NonFungibleCode::NotSent) => sum(who, Asset::Deed(id)) == 0,
        Promise::Deed(_, _, NonFungibleCode::MaybeSent) => true,
        // Nobody stakes here.
        Promise::Staking(_, code, amount) => compare(0, code, amount),
        Promise::Pox(_, code) => code != PoxCode::Performed,
    });
    let is_covered = |step: &Step| {
        call.promises.iter().any(|promise| match *promise {
            Promise::Fungible(who, asset, ..) => who % PARTIES == step.from && asset == step.asset(),
            Promise::Deed(who, id, _) => who % PARTIES == step.from && Asset::Deed(id) == step.asset(),
            Promise::Staking(..) | Promise::Pox(..) => false,
        })
    };
    all_hold
        && moved.iter().all(|step| match call.mode {
            PostConditionMode::Allow => true,
            PostConditionMode::Deny => is_covered(step),
            PostConditionMode::Originator => step.from != ORIGIN || is_covered(step),
        })
}

/// Whether an epoch knows all conditions of the call.
fn is_known(call: &Call, rules: &Rules) -> bool {
    let of_3_4 = call.mode == PostConditionMode::Originator
        || call.promises.iter().any(|promise| matches!(promise, Promise::Deed(_, _, NonFungibleCode::MaybeSent)));
    let of_4_0 = call.promises.iter().any(|promise| matches!(promise, Promise::Staking(..) | Promise::Pox(..)));
    match rules.epoch {
        "3.0" | "3.1" | "3.2" | "3.3" => !of_3_4 && !of_4_0,
        "3.4" => !of_4_0,
        _ => true,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let parts = (0..7_u64, 0..4_u64, 0..PARTIES, 0..PARTIES, prop::bool::weighted(0.15));
    parts.prop_map(|(kind, n, from, to, undo)| {
        // Nobody else's STX can be moved.
        let from = if kind < 2 && from == 1 { CONTRACT } else { from };
        Step { kind, n, from, to, undo }
    })
}

fn code() -> impl Strategy<Value = FungibleCode> {
    prop::sample::select(vec![
        FungibleCode::Equal,
        FungibleCode::Greater,
        FungibleCode::GreaterOrEqual,
        FungibleCode::Less,
        FungibleCode::LessOrEqual,
    ])
}

fn promise() -> impl Strategy<Value = Promise> {
    let asset = prop::sample::select(vec![Asset::Stx, Asset::Gold, Asset::Silver]);
    let deed = prop::sample::select(vec![NonFungibleCode::Sent, NonFungibleCode::NotSent, NonFungibleCode::MaybeSent]);
    let pox = prop::sample::select(vec![PoxCode::NotPerformed, PoxCode::MaybePerformed, PoxCode::Performed]);
    let who = || 0..=PARTIES;
    prop_oneof![
        4 => (who(), asset, code(), 0..6_u64).prop_map(|(who, asset, code, n)| Promise::Fungible(who, asset, code, n)),
        3 => (who(), 1..4_u64, deed).prop_map(|(who, id, code)| Promise::Deed(who, id, code)),
        1 => (who(), code(), 0..2_u64).prop_map(|(who, code, n)| Promise::Staking(who, code, n)),
        1 => (who(), pox).prop_map(|(who, code)| Promise::Pox(who, code)),
    ]
}

/// A call whose post-conditions are about what it moves, every other time, so that they often hold; now and then one is
/// left out.
fn call() -> impl Strategy<Value = Call> {
    let mode = prop::sample::select(vec![
        PostConditionMode::Allow,
        PostConditionMode::Deny,
        PostConditionMode::Deny,
        PostConditionMode::Originator,
    ]);
    let parts = (
        prop::collection::vec(step(), 0..=5),
        prop::bool::weighted(0.15),
        mode,
        prop::collection::vec(promise(), 0..3),
        prop::option::weighted(0.6, prop::collection::vec(prop::bool::weighted(0.9), 5)),
    );
    parts.prop_map(|(steps, fail, mode, mut promises, covers)| {
        if let Some(covers) = covers {
            promises.truncate(1);
            let covered = steps.iter().zip(covers).filter(|(_, is_covered)| *is_covered);
            promises.extend(covered.map(|(step, _)| match step.asset() {
                Asset::Deed(id) if step.undo => Promise::Deed(step.from, id, NonFungibleCode::NotSent),
                Asset::Deed(id) => Promise::Deed(step.from, id, NonFungibleCode::Sent),
                asset => Promise::Fungible(step.from, asset, FungibleCode::LessOrEqual, 15),
            }));
        }
        Call { steps, fail, mode, promises }
    })
}

/// A chain with the contract.
struct Bank {
    rules: &'static Rules,
    chain: TestChain,
    parties: [StacksAddress; PARTIES],
}

/// The block that deploys the contract.
const BEGUN: u8 = 1;

impl Bank {
    fn new(rules: &'static Rules) -> Self {
        let (origin, second) = (Account::new(1), Account::new(2));
        let chain = TestChain::of_epoch(rules, HELIUM_20);
        let boot = chain.boot();
        chain.commit(&boot.executed, StacksBlockId::BOOT, 0);
        let code = BANK.replace("SECOND", &second.address().to_string());
        let executed = chain.block(StacksBlockId::BOOT, id(BEGUN), 1, &[origin.deploy(0, "bank", &code)]);
        assert_eq!(executed.receipts[0].status, ReceiptStatus::Success, "{:?}", executed.receipts[0].vm_error);
        Self { rules, chain, parties: [origin.address(), second.address(), origin.address()] }
    }

    /// The principal as Clarity writes it.
    fn principal(&self, who: usize) -> String {
        let name = if who == CONTRACT { ".bank" } else { "" };
        format!("{}{name}", self.parties[who])
    }

    fn promised(&self, promise: &Promise) -> PostCondition {
        let principal = |who: usize| match who {
            PARTIES => PostConditionPrincipal::Origin,
            CONTRACT => PostConditionPrincipal::Contract(self.parties[who], "bank".parse().unwrap()),
            who => PostConditionPrincipal::Standard(self.parties[who]),
        };
        let asset = |name: &str| AssetInfo {
            address: self.parties[ORIGIN],
            contract_name: "bank".parse().unwrap(),
            asset_name: name.parse().unwrap(),
        };
        match *promise {
            Promise::Fungible(who, Asset::Stx, code, amount) => {
                PostCondition::Stx { principal: principal(who), code, amount }
            }
            Promise::Fungible(who, of, code, amount) => {
                let asset = asset(if of == Asset::Gold { "gold" } else { "silver" });
                PostCondition::Fungible { principal: principal(who), asset, code, amount }
            }
            Promise::Deed(who, id, code) => PostCondition::NonFungible {
                principal: principal(who),
                asset: asset("deed"),
                id: Value::UInt(id.into()),
                code,
            },
            Promise::Staking(who, code, amount) => PostCondition::Staking { principal: principal(who), code, amount },
            Promise::Pox(who, code) => PostCondition::Pox { principal: principal(who), code },
        }
    }

    /// The arguments of `move`.
    fn arguments(&self, call: &Call) -> Vec<Value> {
        let principal = |who| Value::Principal(Principal::parse(&self.principal(who)).unwrap().into());
        let steps = call.steps.iter().map(|step| {
            let fields = [
                ("kind", Value::UInt(step.kind.into())),
                ("n", Value::UInt(step.n.into())),
                ("from", principal(step.from)),
                ("to", principal(step.to)),
                ("undo", Value::Bool(step.undo)),
            ];
            Value::tuple(fields.map(|(name, value)| (name.parse().unwrap(), value)).to_vec()).unwrap()
        });
        vec![Value::list(steps.collect()).unwrap(), Value::Bool(call.fail)]
    }

    /// Runs calls one after the other in one block that is dropped.
    fn compare(&self, calls: &[Call], seen: &mut BTreeSet<String>) -> Result<(), TestCaseError> {
        let (origin, mut book, mut nonce) = (Account::new(1), Book::new(), 1);
        let mut session = self.chain.begin(id(BEGUN), 2);
        for call in calls {
            let promises = call.promises.iter().map(|promise| self.promised(promise)).collect();
            let transaction =
                origin.call_under(nonce, &origin.contract("bank"), "move", self.arguments(call), (call.mode, promises));
            let done = session.process_transaction(&transaction);
            if !is_known(call, self.rules) {
                prop_assert!(matches!(done, Err(TransactionError::NotInEpoch { .. })), "{done:?}");
                continue;
            }
            let receipt = done.unwrap();
            nonce += 1;
            let mut after = book.clone();
            let done: Vec<_> = call.steps.iter().map(|step| after.try_step(step)).collect();
            let moved: Vec<_> =
                call.steps.iter().zip(&done).filter(|(_, done)| **done && !call.fail).map(|(step, _)| step).collect();
            let texts: Vec<_> = done.iter().map(ToString::to_string).collect();
            let result = format!("({} ({}))", if call.fail { "err" } else { "ok" }, texts.join(" "));
            let status = match (holds(call, &moved), call.fail) {
                (false, _) => ReceiptStatus::AbortByPostCondition,
                (true, true) => ReceiptStatus::AbortByResponse,
                (true, false) => ReceiptStatus::Success,
            };
            prop_assert_eq!(
                (receipt.status, Value::decode(&receipt.raw_result).unwrap().to_string()),
                (status, result),
                "{:?}",
                receipt.vm_error
            );
            let kept = if status == ReceiptStatus::Success { moved.len() } else { 0 };
            prop_assert_eq!(receipt.events.len(), kept);
            if status == ReceiptStatus::Success {
                book = after;
            }
            seen.insert(format!("{} {:?} {status:?}", self.rules.epoch, call.mode));
        }
        Ok(())
    }
}

#[test]
fn calls_are_judged_by_what_they_moved_in_every_epoch() {
    on_a_large_stack(|| {
        let banks = Rules::ALL.map(Bank::new);
        let seen = RefCell::new(BTreeSet::new());
        let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        let calls = prop::collection::vec(call(), 1..5);
        runner
            .run(&calls, |calls| banks.iter().try_for_each(|bank| bank.compare(&calls, &mut seen.borrow_mut())))
            .unwrap();
        // Every kind of end occurred: otherwise nothing was shown of it.
        let seen = seen.into_inner();
        for rules in Rules::ALL {
            for status in ["Success", "AbortByPostCondition", "AbortByResponse"] {
                let end = format!("{} Deny {status}", rules.epoch);
                assert!(seen.contains(&end), "{end} is not in {seen:?}");
            }
        }
    });
}
