//! A folder keeps the boot contracts that it was made with.

use std::path::Path;

use chainstate::chain::Chain;
use chainstate::params::{BootContract, BootContracts, BootRelease, ChainParams, boot_address};
use clarity::Rules;
use clarity::principal::ContractId;
use sqlite::Durability;

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

/// Opens a folder; gives which of our contracts the chain has, or why it is refused.
fn open(folder: &Path, params: ChainParams) -> Result<BootRelease, String> {
    let (chain, writer) =
        Chain::open(folder, params, Durability::Unsynced, clock).map_err(|error| error.to_string())?;
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
        assert_eq!(open(folder.path(), with(&made)), Ok(BootRelease::WithAllCosts));
        assert_eq!(open(folder.path(), with(&made)), Ok(BootRelease::WithAllCosts));
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
