//! The contracts of `--boot-contracts DIR`: found by their file names, ordered so that each finds those it needs
//! (`order`), and copied to the devnet's folder, which does not need DIR afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use mockamoto_node::config::{BootContractEntry, read_boot_contracts};

use super::write_whole;

mod order;

/// Subfolder with the copies, where the genesis finds them.
const FOLDER: &str = "boot-contracts";

/// Reads every `[ADDRESS.]NAME[.clarityN].clar` of a folder, in the order in which they can be deployed.
///
/// # Errors
/// Files that cannot be read or have other names, and contracts that need each other.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<BootContractEntry>> {
    let context = || format!("--boot-contracts {}", folder.display());
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).with_context(context)? {
        let path = file.with_context(context)?.path();
        if path.extension().is_some_and(|extension| extension == "clar") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("{}: there is no NAME.clar", context());
    }
    let mut entries = files.into_iter().map(entry).collect::<anyhow::Result<Vec<_>>>()?;
    read_boot_contracts(&mut entries, Path::new("")).with_context(context)?;
    order::in_order(entries).with_context(context)
}

/// Takes address, name and Clarity version from a file's name.
fn entry(source: PathBuf) -> anyhow::Result<BootContractEntry> {
    let stem = source.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (rest, clarity_version) = match stem.rsplit_once(".clarity") {
        Some((rest, version)) => {
            let version = version.parse().with_context(|| format!("{}: a version of Clarity", source.display()))?;
            (rest, Some(version))
        }
        None => (stem, None),
    };
    let (address, name) = match rest.split_once('.') {
        Some((address, name)) => (Some(address.to_owned()), name.to_owned()),
        None => (None, rest.to_owned()),
    };
    Ok(BootContractEntry { name, address, source, clarity_version, text: String::new() })
}

/// The id `ADDRESS.NAME`; a devnet is always of the test network.
fn id(entry: &BootContractEntry) -> String {
    format!("{}.{}", entry.address(false), entry.name)
}

/// Copies them to the devnet's folder, where its genesis finds them.
pub(super) fn keep(folder: &Path, entries: Vec<BootContractEntry>) -> anyhow::Result<Vec<BootContractEntry>> {
    let kept = folder.join(FOLDER);
    if entries.is_empty() {
        return Ok(entries);
    }
    // Does not make the parent folders: a temporary folder is removed when the devnet was stopped meanwhile, and must
    // stay so.
    match std::fs::create_dir(&kept) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("{} cannot be made", kept.display()));
        }
        Ok(()) | Err(_) => {}
    }
    let keep_one = |entry: BootContractEntry| -> anyhow::Result<BootContractEntry> {
        let source = Path::new(FOLDER).join(entry.source.file_name().unwrap_or_default());
        let path = folder.join(&source);
        write_whole(&path, &entry.text)?;
        Ok(BootContractEntry { source, ..entry })
    };
    entries.into_iter().map(keep_one).collect()
}

/// Differences between the contracts asked for and those of the folder, by id.
pub(super) fn differences(asked: &[BootContractEntry], found: &[BootContractEntry]) -> Vec<String> {
    let of = |entries: &[BootContractEntry]| -> BTreeMap<String, (String, Option<u8>)> {
        entries.iter().map(|entry| (id(entry), (entry.text.clone(), entry.clarity_version))).collect()
    };
    let (asked, found) = (of(asked), of(found));
    let changed = asked.iter().filter_map(|(id, contract)| match found.get(id) {
        Some(other) if other == contract => None,
        Some(_) => Some(format!("boot contract {id} has another text or version than the one it was made with")),
        None => Some(format!("boot contract {id} is asked for, it was made without")),
    });
    let missing = found.keys().filter(|id| !asked.contains_key(*id));
    let missing = missing.map(|id| format!("boot contract {id} is not in the folder that is asked for"));
    changed.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn names(files: &[(&str, &str)]) -> Vec<String> {
        read(folder(files).path()).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn the_order_is_by_name_but_for_what_is_mentioned() {
        let files = [("b.clar", "(+ 1 2)"), ("a.clar", "(+ 1 2)"), ("readme.md", "no contract")];
        assert_eq!(names(&files), ["a", "b"]);
        let files = [
            ("deposit.clar", "(contract-call? .registry get)(use-trait t .token.sip-010)"),
            ("registry.clar", ";; called by .deposit\n(print \"see .deposit, or \\\" .token\")"),
            ("token.clar", "(contract-call? 'ST000000000000000000002AMW42H.registry get)"),
        ];
        assert_eq!(names(&files), ["registry", "token", "deposit"]);
    }

    #[test]
    fn a_contract_is_found_at_the_address_of_its_file() {
        let mine = format!("{ALICE}.registry.clarity2.clar");
        let files = [("registry.clar", "1"), (&mine, "2"), ("a.clar", "3")];
        let found = read(folder(&files).path()).unwrap();
        let said: Vec<_> = found.iter().map(|entry| (id(entry), entry.clarity_version, &entry.text[..])).collect();
        let boot = |name: &str| format!("ST000000000000000000002AMW42H.{name}");
        let expected =
            [(boot("a"), None, "3"), (boot("registry"), None, "1"), (format!("{ALICE}.registry"), Some(2), "2")];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_cannot_be_put_in_order_is_named() {
        let files = [("a.clar", "(contract-call? .b f)"), ("b.clar", "(contract-call? .a f)"), ("c.clar", "1")];
        let error = format!("{:#}", read(folder(&files).path()).unwrap_err());
        assert!(error.contains(".a, ") && error.contains(".b") && !error.contains(".c"), "{error}");
        let error = format!("{:#}", read(folder(&[]).path()).unwrap_err());
        assert!(error.contains("NAME.clar"), "{error}");
        let error = format!("{:#}", read(folder(&[("a.clarityX.clar", "1")]).path()).unwrap_err());
        assert!(error.contains("a.clarityX.clar"), "{error}");
    }

    #[test]
    fn differences_are_listed_by_id() {
        let asked = read(folder(&[("a.clar", "1"), ("b.clar", "2"), ("c.clar", "3")]).path()).unwrap();
        let found = read(folder(&[("a.clar", "1"), ("b.clar", "9"), ("d.clar", "4")]).path()).unwrap();
        let said = differences(&asked, &found);
        assert_eq!(said.len(), 3, "{said:?}");
        for (said, name) in said.iter().zip([".b has another text", ".c is asked for", ".d is not in"]) {
            assert!(said.contains(name), "{said}");
        }
        assert!(differences(&found, &found).is_empty());
    }
}
