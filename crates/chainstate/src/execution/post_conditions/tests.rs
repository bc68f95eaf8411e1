//! Compares post-conditions with a model that lists movements and applies the rules
//! (docs/COMPATIBILITY.md#post-conditions) one by one.

use clarity::names::{ClarityName, ContractName};
use clarity::run::{AssetKey, Movement as Moved};
use proptest::prelude::*;
use stacks_types::address::StacksAddress;
use stacks_types::transaction::{FungibleCode, PostConditionPrincipal};

use super::{
    AssetInfo, Assets, NonFungibleCode, PostCondition, PostConditionMode, PoxCode, Principal, Value,
    check_post_conditions, identifier,
};

/// Few principals, assets and ids, so that conditions and movements meet.
const PRINCIPALS: u8 = 3;

fn address(who: u8) -> StacksAddress {
    StacksAddress::of_key_hash(stacks_types::ids::Hash160([who; 20]), false)
}

fn asset(which: u8) -> AssetInfo {
    AssetInfo {
        address: address(9),
        contract_name: ContractName::new("tokens").unwrap(),
        asset_name: ClarityName::new(if which == 0 { "gold" } else { "silver" }).unwrap(),
    }
}

/// Non-fungible classes are of another contract: no contract can give one name to both kinds.
fn token(class: u8) -> AssetInfo {
    AssetInfo { contract_name: ContractName::new("tokens-each").unwrap(), ..asset(class) }
}

#[derive(Debug, Clone)]
enum Movement {
    Stx(u8, u64),
    Burn(u8, u64),
    Fungible(u8, u8, u64),
    NonFungible(u8, u8, u8),
}

fn movement() -> impl Strategy<Value = Movement> {
    prop_oneof![
        (0..PRINCIPALS, 1..4_u64).prop_map(|(who, amount)| Movement::Stx(who, amount)),
        (0..PRINCIPALS, 1..4_u64).prop_map(|(who, amount)| Movement::Burn(who, amount)),
        (0..PRINCIPALS, 0..2_u8, 1..4_u64).prop_map(|(who, class, amount)| Movement::Fungible(who, class, amount)),
        (0..PRINCIPALS, 0..2_u8, 0..3_u8).prop_map(|(who, class, id)| Movement::NonFungible(who, class, id)),
    ]
}

fn principal() -> impl Strategy<Value = PostConditionPrincipal> {
    (0..=PRINCIPALS).prop_map(|who| match who {
        PRINCIPALS => PostConditionPrincipal::Origin,
        who => PostConditionPrincipal::Standard(address(who)),
    })
}

fn fungible_code() -> impl Strategy<Value = FungibleCode> {
    prop_oneof![
        Just(FungibleCode::Equal),
        Just(FungibleCode::Greater),
        Just(FungibleCode::GreaterOrEqual),
        Just(FungibleCode::Less),
        Just(FungibleCode::LessOrEqual),
    ]
}

fn condition() -> impl Strategy<Value = PostCondition> {
    prop_oneof![
        (principal(), fungible_code(), 0..5_u64).prop_map(|(principal, code, amount)| PostCondition::Stx {
            principal,
            code,
            amount
        }),
        (principal(), 0..2_u8, fungible_code(), 0..5_u64).prop_map(|(principal, class, code, amount)| {
            PostCondition::Fungible { principal, asset: asset(class), code, amount }
        }),
        (principal(), 0..2_u8, 0..3_u8, 0..3_u8).prop_map(|(principal, class, id, code)| {
            let code = match code {
                0 => NonFungibleCode::Sent,
                1 => NonFungibleCode::NotSent,
                _ => NonFungibleCode::MaybeSent,
            };
            PostCondition::NonFungible { principal, asset: token(class), id: Value::UInt(id.into()), code }
        }),
    ]
}

fn principal_of(who: u8) -> Principal {
    address(who).to_principal()
}

fn assets_of(movements: &[Movement]) -> Assets {
    let moved = movements.iter().map(|movement| {
        let (who, what) = match movement {
            Movement::Stx(who, amount) => (who, AssetKey::Stx((*amount).into())),
            Movement::Burn(who, amount) => (who, AssetKey::StxBurn((*amount).into())),
            Movement::Fungible(who, class, amount) => {
                (who, AssetKey::Token(identifier(&asset(*class)).into(), (*amount).into()))
            }
            Movement::NonFungible(who, class, id) => {
                let class = identifier(&token(*class));
                (who, AssetKey::Asset(class.into(), Value::UInt((*id).into())))
            }
        };
        Moved { owner: principal_of(*who), what }
    });
    Assets::of(&moved.collect::<Vec<_>>())
}

/// The principal of a condition, as one of the model's numbers. The origin is number 0.
fn who(principal: &PostConditionPrincipal) -> u8 {
    match principal {
        PostConditionPrincipal::Origin => 0,
        PostConditionPrincipal::Standard(address) => address.hash160().0[0],
        PostConditionPrincipal::Contract(..) => panic!("the model has no contracts"),
    }
}

fn class(info: &AssetInfo) -> u8 {
    u8::from(info.asset_name.as_str() != "gold")
}

/// True if `condition` is about the thing that moved.
fn names(condition: &PostCondition, movement: &Movement) -> bool {
    match (condition, movement) {
        (PostCondition::Stx { principal, .. }, Movement::Stx(mover, _) | Movement::Burn(mover, _)) => {
            who(principal) == *mover
        }
        (PostCondition::Fungible { principal, asset, .. }, Movement::Fungible(mover, moved, _)) => {
            who(principal) == *mover && class(asset) == *moved
        }
        (PostCondition::NonFungible { principal, asset, id, .. }, Movement::NonFungible(mover, moved, token)) => {
            who(principal) == *mover && class(asset) == *moved && *id == Value::UInt((*token).into())
        }
        _ => false,
    }
}

fn model(conditions: &[PostCondition], mode: PostConditionMode, movements: &[Movement]) -> bool {
    let all_hold = conditions.iter().all(|condition| {
        let named = movements.iter().filter(|movement| names(condition, movement));
        let amounts = named.map(|movement| match movement {
            Movement::Stx(_, amount) | Movement::Burn(_, amount) | Movement::Fungible(_, _, amount) => *amount,
            Movement::NonFungible(..) => 1,
        });
        let sum: u64 = amounts.sum();
        match condition {
            PostCondition::Stx { code, amount, .. } | PostCondition::Fungible { code, amount, .. } => match code {
                FungibleCode::Equal => sum == *amount,
                FungibleCode::Greater => sum > *amount,
                FungibleCode::GreaterOrEqual => sum >= *amount,
                FungibleCode::Less => sum < *amount,
                FungibleCode::LessOrEqual => sum <= *amount,
            },
            PostCondition::NonFungible { code, .. } => match code {
                NonFungibleCode::Sent => sum > 0,
                NonFungibleCode::NotSent => sum == 0,
                NonFungibleCode::MaybeSent => true,
            },
            PostCondition::Staking { .. } | PostCondition::Pox { .. } => panic!("the model has no such conditions"),
        }
    });
    let mover = |movement: &Movement| match movement {
        Movement::Stx(who, _) | Movement::Burn(who, _) | Movement::Fungible(who, ..) => *who,
        Movement::NonFungible(who, ..) => *who,
    };
    let covered = movements
        .iter()
        .filter(|movement| match mode {
            PostConditionMode::Allow => false,
            PostConditionMode::Deny => true,
            PostConditionMode::Originator => mover(movement) == 0,
        })
        .all(|movement| conditions.iter().any(|condition| names(condition, movement)));
    all_hold && covered
}

proptest! {
    #[test]
    fn verdicts_agree_with_the_model(
        conditions in prop::collection::vec(condition(), 0..6),
        movements in prop::collection::vec(movement(), 0..6),
        mode in prop_oneof![
            Just(PostConditionMode::Allow), Just(PostConditionMode::Deny), Just(PostConditionMode::Originator)
        ],
    ) {
        let origin = principal_of(0);
        let verdict = check_post_conditions(&conditions, mode, &origin, &assets_of(&movements));
        prop_assert_eq!(verdict.is_ok(), model(&conditions, mode, &movements), "{:?}", verdict);
    }
}

#[test]
fn nobody_stakes_here() {
    let verdict = |condition| {
        let verdict =
            check_post_conditions(&[condition], PostConditionMode::Deny, &principal_of(0), &Assets::default());
        verdict.is_ok()
    };
    let staking = |code, amount| PostCondition::Staking { principal: PostConditionPrincipal::Origin, code, amount };
    assert!(verdict(staking(FungibleCode::Equal, 0)) && verdict(staking(FungibleCode::LessOrEqual, 5)));
    assert!(!verdict(staking(FungibleCode::GreaterOrEqual, 1)));
    let pox = |code| PostCondition::Pox { principal: PostConditionPrincipal::Origin, code };
    assert!(verdict(pox(PoxCode::NotPerformed)) && verdict(pox(PoxCode::MaybePerformed)));
    assert!(!verdict(pox(PoxCode::Performed)));
}
