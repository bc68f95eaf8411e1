//! A folder keeps the boot contracts that it was made with.

use std::path::Path;

use chainstate::chain::NakamotoChainState;
use chainstate::params::{BootContract, BootContracts, BootRelease, ChainParams, boot_address};
use clarity::Rules;
use clarity::principal::ContractId;
use sqlite::Durability;
use stacks_types::block::SigningMode;

use crate::support::clock;
use chainstate::test_support::{on_a_large_stack, params};

fn contract(name: &str, source: &str) -> BootContract {
    let file = format!("{name}.clar");
    let id = ContractId::parse(&format!("{}.{name}", boot_address(false))).expect("a contract");
    BootContract { id, source: source.into(), clarity_version: 3, file }
}

fn with(brought: &[(&str, &str)]) -> ChainParams {
    let brought = brought.iter().map(|(name, source)| contract(name, source)).collect();
    ChainParams { boot_contracts: BootContracts { brought, ..BootContracts::default() }, ..params(1, 3) }
}

/// Opens a folder; returns the release of the chain's own contracts, or why the folder is refused.
fn open(folder: &Path, params: ChainParams) -> Result<BootRelease, String> {
    let (chain, writer) =
        NakamotoChainState::open(folder, params, Durability::Unsynced, clock).map_err(|error| error.to_string())?;
    let release = chain.params().boot_contracts.release;
    drop(chain);
    writer.join().expect("the writer ends");
    Ok(release)
}

#[test]
fn a_folder_of_an_earlier_release_goes_on_as_it_was_made() {
    on_a_large_stack(|| {
        for release in BootRelease::ALL {
            let folder = tempfile::tempdir().unwrap();
            let mut first = params(1, 3);
            first.boot_contracts.release = release;
            assert_eq!(open(folder.path(), first), Ok(release));
            assert_eq!(open(folder.path(), params(1, 3)), Ok(release), "whatever a new chain would have");
            let refused = open(folder.path(), with(&[("bns", "(+ 1 2)")])).unwrap_err();
            assert!(refused.contains("it has no boot contract ST000000000000000000002AMW42H.bns. Start"), "{refused}");
        }
    });
}

#[test]
fn a_folder_made_with_other_boot_contracts_is_refused_by_their_names() {
    on_a_large_stack(|| {
        let folder = tempfile::tempdir().unwrap();
        let pox = "(define-read-only (mine) true)";
        let made = [("bns", "(define-constant a 1)"), ("pox-4", pox)];
        assert_eq!(open(folder.path(), with(&made)), Ok(BootRelease::default()));
        assert_eq!(open(folder.path(), with(&made)), Ok(BootRelease::default()));
        let differs = |given: &[(&str, &str)], says: &[&str]| {
            let refused = open(folder.path(), with(given)).unwrap_err();
            let list = says.iter().map(|what| what.replace('.', "ST000000000000000000002AMW42H."));
            let list = list.collect::<Vec<_>>().join("; ");
            assert!(refused.contains(&format!("with other parameters: {list}. Start")), "{refused}");
        };
        differs(&[("bns", "(define-constant a 2)"), made[1]], &["its boot contract .bns has another text"]);
        differs(&[made[1]], &["it has a boot contract .bns, which is not given"]);
        differs(&[made[0]], &["its boot contract .pox-4 has another text"]);
        let more = ("sip-031", "(define-constant a 1)");
        differs(&[made[0], made[1], more], &["it has no boot contract .sip-031"]);
    });
}

#[test]
fn a_folder_of_another_epoch_is_refused_by_its_epoch() {
    on_a_large_stack(|| {
        let folder = tempfile::tempdir().unwrap();
        let of_epoch = |rules| ChainParams { rules, ..params(1, 3) };
        open(folder.path(), of_epoch(&Rules::EPOCH_3_4)).unwrap();
        let refused = open(folder.path(), of_epoch(&Rules::EPOCH_4_0)).unwrap_err();
        assert!(refused.contains("it was made with epoch 3.4, 4.0 is asked for. Start"), "{refused}");
        assert!(open(folder.path(), of_epoch(&Rules::EPOCH_3_4)).is_ok());
    });
}

#[test]
fn the_epoch_is_named_beside_all_else_that_differs() {
    on_a_large_stack(|| {
        let folder = tempfile::tempdir().unwrap();
        let with_bns = |rules: &'static Rules| {
            let mut params = ChainParams { rules, ..with(&[("bns", "(define-constant a 1)")]) };
            params.boot_contracts.brought[0].clarity_version = rules.newest_version;
            params
        };
        open(folder.path(), with_bns(&Rules::EPOCH_4_0)).unwrap();
        let mut other = with_bns(&Rules::EPOCH_3_0);
        let epochs = "with other parameters: it was made with epoch 4.0, 3.0 is asked for";
        let refused = open(folder.path(), other.clone()).unwrap_err();
        assert!(refused.contains(&format!("{epochs}. Start")), "{refused}");
        other.burn.satoshis_per_block = 7;
        let refused = open(folder.path(), other.clone()).unwrap_err();
        let more = "it was made with satoshis_per_burn_block 5000, 7 is asked for";
        assert!(refused.contains(&format!("{epochs}; {more}. Start")), "{refused}");
        other.boot_contracts = BootContracts::default();
        let refused = open(folder.path(), other).unwrap_err();
        let contract = "it has a boot contract ST000000000000000000002AMW42H.bns, which is not given";
        assert!(refused.contains(&format!("{epochs}; {more}; {contract}. Start")), "{refused}");
    });
}

#[test]
fn a_key_of_the_genesis_that_differs_is_named() {
    type Change = fn(&mut ChainParams);
    let changes: [(Change, &str); 14] = [
        (|params| params.boot_balances[1].1 = 7, "other balances: entry 2 is ST"),
        (|params| params.boot_balances.truncate(3), "none is asked for"),
        (|params| params.boot_balances.push(params.boot_balances[0].clone()), "other balances: entry 5 is none, ST"),
        (|params| params.burn.producers.clear(), "other producers: entry 1 is ST"),
        (|params| params.burn.stackers[2].weight = 9, "other stackers: entry 3 is ST"),
        (|params| params.burn.first_height = 9, "first_burn_height 100, 9 is asked for"),
        (|params| params.burn.first_time_s = 9, "first_burn_time_s 1700000000, 9 is asked for"),
        (|params| params.burn.reward_cycle_length = 9, "reward_cycle_length 10, 9 is asked for"),
        (|params| params.signing = SigningMode::WellKnown, "signing ecdsa, well-known is asked for"),
        (|params| params.tenure_cost_limit = params.rules.block_limit, "cost_limit helium-20, mainnet is asked for"),
        (|params| params.reward_maturity = 100, "reward_maturity 2, 100 is asked for"),
        (|params| params.chain_id = 1, "chain_id 0x80000000, 0x1 is asked for"),
        (|params| params.mainnet = true, "network testnet, mainnet is asked for"),
        (|params| params.boot_contracts.brought[0].clarity_version = 2, "clarity_version 3, 2 is asked for"),
    ];
    on_a_large_stack(move || {
        let folder = tempfile::tempdir().unwrap();
        let made = with(&[("bns", "(define-constant a 1)")]);
        open(folder.path(), made.clone()).unwrap();
        for (change, says) in changes {
            let mut other = made.clone();
            change(&mut other);
            let refused = open(folder.path(), other).unwrap_err();
            assert!(refused.contains(says) && !refused.contains(';'), "{says}: {refused}");
        }
        let mut other = made.clone();
        (other.reward_maturity, other.signing, other.burn.first_height) = (9, SigningMode::WellKnown, 9);
        let refused = open(folder.path(), other).unwrap_err();
        for key in ["signing ecdsa", "reward_maturity 2", "first_burn_height 100"] {
            assert!(refused.contains(&format!("it was made with {key}, ")), "{refused}");
        }
        assert!(open(folder.path(), made).is_ok());
    });
}
