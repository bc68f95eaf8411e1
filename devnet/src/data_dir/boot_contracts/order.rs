//! The order in which boot contracts are deployed: by name, except that each comes after those that it needs and, where
//! possible, after those that it only names.
//!
//! A contract is checked against the contracts that it calls and whose traits it uses: these must be deployed before. A
//! contract that it only names, as a principal, may come later. For example, sBTC's registry names the contracts that
//! call it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use mockamoto_node::config::BootContractEntry;

use super::id;

/// Ids of the contracts that one contract's code names, except itself.
#[derive(Debug)]
struct Named {
    /// Those that must be deployed before it.
    needed: BTreeSet<String>,
    /// Those and all others.
    all: BTreeSet<String>,
}

/// Puts the contracts in the order in which they can be deployed.
///
/// # Errors
/// Two with one id, and contracts that need each other.
pub(super) fn in_order(entries: Vec<BootContractEntry>) -> anyhow::Result<Vec<BootContractEntry>> {
    let (mut waiting, mut contracts) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries {
        waiting.insert(id(&entry), named(&entry));
        if let Some(other) = contracts.insert(id(&entry), entry) {
            bail!("{} is there twice", id(&other));
        }
    }
    let ids = ids_in_order(waiting)?;
    Ok(ids.into_iter().filter_map(|id| contracts.remove(&id)).collect())
}

fn ids_in_order(mut waiting: BTreeMap<String, Named>) -> anyhow::Result<Vec<String>> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_free = |named: &Named| named.all.iter().all(|id| !waiting.contains_key(id));
        let free = waiting.iter().find(|(_, named)| is_free(named)).map(|(id, _)| id.clone());
        let next = free.map_or_else(|| circle_in_order(&waiting), |id| Ok(vec![id]))?;
        for id in next {
            waiting.remove(&id);
            ordered.push(id);
        }
    }
    Ok(ordered)
}

/// Called when each waiting contract names another waiting one. Returns contracts that name each other and no other
/// waiting ones, each after those that it needs.
fn circle_in_order(waiting: &BTreeMap<String, Named>) -> anyhow::Result<Vec<String>> {
    // A contract that leads out of its circle reaches that circle and more.
    let mut circle = waiting.keys().map(|id| reached(id, waiting)).min_by_key(BTreeSet::len).unwrap_or_default();
    let mut ordered = Vec::new();
    while !circle.is_empty() {
        let is_free = |id: &String| waiting.get(id).is_some_and(|named| named.needed.is_disjoint(&circle));
        let Some(id) = circle.iter().find(|id| is_free(id)).cloned() else {
            let names: Vec<_> = circle.into_iter().collect();
            bail!(
                "these contracts call each other or use each other's traits, or need one that does: {}",
                names.join(", ")
            );
        };
        circle.remove(&id);
        ordered.push(id);
    }
    Ok(ordered)
}

/// The waiting contracts that one names, directly or through others; itself too, if it is in a circle.
fn reached(from: &str, waiting: &BTreeMap<String, Named>) -> BTreeSet<String> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(id) = next.pop() {
        for named in waiting.get(id).into_iter().flat_map(|named| &named.all) {
            if waiting.contains_key(named) && reached.insert(named.clone()) {
                next.push(named);
            }
        }
    }
    reached
}

/// Finds `.name` and `'ADDRESS.name`, with or without a trait's name after it.
fn named(entry: &BootContractEntry) -> Named {
    let own = entry.address(false);
    let code = without_texts(&entry.text);
    let is_between = |character: char| character.is_whitespace() || "(){}<>,:".contains(character);
    let words: Vec<&str> = code.split(is_between).filter(|word| !word.is_empty()).collect();
    let id_in = |word: &str| {
        let (address, rest) = word.strip_prefix('\'').unwrap_or(word).split_once('.')?;
        let name = rest.split('.').next()?;
        Some(if address.is_empty() { format!("{own}.{name}") } else { format!("{address}.{name}") })
    };
    // A constant may name the called contract.
    let constants: BTreeMap<&str, &str> = words
        .windows(3)
        .filter_map(|words| match words {
            ["define-constant", name, value] => Some((*name, *value)),
            _ => None,
        })
        .collect();
    let needed = words.iter().enumerate().filter_map(|(at, word)| {
        let after = match *word {
            "contract-call?" | "impl-trait" => 1,
            "use-trait" => 2,
            _ => return None,
        };
        let word = words.get(at.saturating_add(after))?;
        id_in(constants.get(word).unwrap_or(word))
    });
    let is_other = |named: &String| *named != id(entry);
    Named {
        needed: needed.filter(is_other).collect(),
        all: words.iter().filter_map(|word| id_in(word)).filter(is_other).collect(),
    }
}

/// The code without comments and string literals, where names do not count.
fn without_texts(code: &str) -> String {
    let (mut kept, mut characters) = (String::new(), code.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            ';' => while characters.next_if(|next| *next != '\n').is_some() {},
            '"' => loop {
                match characters.next() {
                    Some('\\') => _ = characters.next(),
                    Some('"') | None => break,
                    Some(_) => {}
                }
            },
            _ => kept.push(character),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(contracts: &[(&str, &str)]) -> Vec<BootContractEntry> {
        let entry = |(name, text): &(&str, &str)| BootContractEntry {
            name: (*name).to_owned(),
            address: None,
            source: format!("{name}.clar").into(),
            clarity_version: None,
            text: (*text).to_owned(),
        };
        contracts.iter().map(entry).collect()
    }

    fn order(contracts: &[(&str, &str)]) -> Vec<String> {
        in_order(entries(contracts)).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    fn refusal(contracts: &[(&str, &str)]) -> String {
        in_order(entries(contracts)).unwrap_err().to_string()
    }

    /// Reduced to the parts that name others: a registry that lets some contracts write, and these contracts.
    const REGISTRY: &str = "(define-map active-protocol-contracts (buff 1) principal) ;; (contract-call? .deposit f)
        (map-set active-protocol-contracts 0x00 .bootstrap-signers)
        (map-set active-protocol-contracts 0x01 .deposit)
        (define-public (write (n uint)) (ok (print { topic: \"(contract-call? .deposit f)\", n: n })))";
    const BOOTSTRAP: &str = "(define-public (rotate) (contract-call? .registry write u1))";
    const DEPOSIT: &str = "(define-public (complete) (begin (try! (contract-call? .token mint))
        (contract-call? .registry write u2)))";
    const TOKEN: &str = "(define-constant registry .registry)
        (define-public (mint) (contract-call? registry write u3))";

    #[test]
    fn a_registry_that_names_its_callers_comes_before_them() {
        let contracts = [("bootstrap-signers", BOOTSTRAP), ("deposit", DEPOSIT), ("registry", REGISTRY)];
        let expected = ["registry", "bootstrap-signers", "token", "deposit"];
        assert_eq!(order(&[&contracts[..], &[("token", TOKEN)]].concat()), expected);
        // A contract that needs one of the circle comes after it; one that only names another does so where possible.
        let more = [("a", "(contract-call? .deposit complete)"), ("b", "(print .a)"), ("token", TOKEN)];
        assert_eq!(order(&[&contracts[..], &more].concat()), [&expected[..], &["a", "b"]].concat());
    }

    #[test]
    fn traits_are_needed_and_principals_are_not() {
        let uses = "(use-trait t 'ST000000000000000000002AMW42H.b.t) (define-read-only (f) .c)";
        let has = "(impl-trait .c.t) (define-read-only (f) (list .a))";
        let defines = "(define-trait t ()) (define-read-only (f) { first:.a })";
        assert_eq!(order(&[("a", uses), ("b", has), ("c", defines)]), ["c", "b", "a"]);
    }

    #[test]
    fn contracts_that_need_each_other_are_refused_by_name() {
        let named = "(print .a)(print .b)";
        let contracts =
            [("a", "(contract-call? .b f)"), ("b", "(contract-call? .a f)"), ("c", named), ("d", "(print .c)")];
        let error = refusal(&contracts);
        assert!(error.contains(".a, ") && error.ends_with(".b") && !error.contains(".c"), "{error}");
        let through = [("a", "(use-trait t .b.t)"), ("b", "(impl-trait .c.t)"), ("c", "(contract-call? .a f)")];
        let error = refusal(&through);
        assert!([".a, ", ".b, ", ".c"].iter().all(|name| error.contains(name)), "{error}");
        assert!(refusal(&[("a", ""), ("a", "")]).contains(".a is there twice"));
    }
}
