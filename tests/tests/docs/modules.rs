//! Imports point down: no module of a crate imports a module that imports it, directly or through others.
//!
//! Each crate is checked twice: by its rooms (the folders and files directly below `src/`) and by its files. Tests are
//! left out, and so are imports between a module and its own children: a parent and its children are one room.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::repository;

/// Crates to check.
const CRATES: [&str; 11] = [
    "crates/chainstate",
    "crates/clarity",
    "crates/client",
    "crates/marf",
    "crates/sqlite",
    "crates/stacks-types",
    "devnet",
    "node",
    "producer",
    "signer-stub",
    "proto",
];

type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_modules_import_each_other() {
    let mut wrong = Vec::new();
    for folder in CRATES {
        let files = imports(&repository().join(folder).join("src"));
        assert!(!files.is_empty(), "{folder} has no modules");
        let found = circles(&files).into_iter().chain(circles(&rooms(&files)));
        let found: BTreeSet<String> = found.map(|circle| names(&circle)).collect();
        wrong.extend(found.iter().map(|circle| format!("{folder}: a circle: {circle}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn names(circle: &[Module]) -> String {
    let mut names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
    names.sort();
    names.join(", ")
}

/// The modules that each file of a crate imports.
fn imports(src: &Path) -> Imports {
    let mut files = BTreeMap::new();
    collect(src, src, &mut files);
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    let of = |(module, text): (Module, String)| {
        let targets = paths(&text).into_iter().filter_map(|path| resolve(&module, &path, &modules));
        let targets = targets.filter(|target| !is_family(&module, target)).collect();
        (module, targets)
    };
    files.into_iter().map(of).collect()
}

fn is_family(one: &Module, other: &Module) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

fn collect(src: &Path, folder: &Path, files: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(src, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let Some(module) = module_of(src, &path) else { continue };
            files.insert(module, std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

/// The module of a file; `None` for tests.
fn module_of(src: &Path, path: &Path) -> Option<Module> {
    let relative: PathBuf = path.strip_prefix(src).expect("below the sources").with_extension("");
    let mut module: Module = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if module.iter().any(|part| part.ends_with("tests") || part == "test_support") {
        return None;
    }
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    Some(module)
}

/// The paths in a source that begin with `crate`, `super` or `self`. Lists in braces are split.
fn paths(text: &str) -> Vec<Vec<String>> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| is_word(c) || c == ':' || c == '$') {
                continue;
            }
            take_apart(&mut Vec::new(), &code[at..], &mut found);
        }
    }
    found
}

/// Splits one tree of paths, and returns the text after it.
fn take_apart<'a>(prefix: &mut Vec<String>, mut text: &'a str, found: &mut Vec<Vec<String>>) -> &'a str {
    let depth = prefix.len();
    loop {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
        if end > 0 {
            prefix.push(text[..end].to_owned());
            text = &text[end..];
        }
        let Some(rest) = text.strip_prefix("::") else { break };
        text = rest;
        if let Some(mut list) = text.strip_prefix('{') {
            loop {
                list = take_apart(prefix, list.trim_start(), found).trim_start();
                // Skips `as NAME` and whatever else precedes the next item.
                let next = list.find([',', '}']).unwrap_or(list.len());
                match list.get(next..).and_then(|list| list.chars().next()) {
                    Some(',') => list = list[next + 1..].trim_start(),
                    Some(_) => {
                        list = &list[next + 1..];
                        break;
                    }
                    None => break,
                }
                if let Some(rest) = list.strip_prefix('}') {
                    list = rest;
                    break;
                }
            }
            prefix.truncate(depth);
            return list;
        }
    }
    found.push(prefix.clone());
    prefix.truncate(depth);
    text
}

/// The deepest existing module on a path from `module`.
fn resolve(module: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut base = module.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        _ => {}
    }
    while let Some("super") = rest.first().map(String::as_str) {
        base.pop()?;
        rest = &rest[1..];
    }
    base.extend(rest.iter().cloned());
    while !modules.contains(&base) {
        base.pop()?;
    }
    (base != *module).then_some(base)
}

/// The same imports, between the folders and files directly below the root.
fn rooms(files: &Imports) -> Imports {
    let mut rooms = Imports::new();
    for (module, targets) in files {
        let Some(room) = module.first() else { continue };
        let of = rooms.entry(vec![room.clone()]).or_default();
        of.extend(
            targets
                .iter()
                .filter_map(|target| target.first())
                .filter(|target| *target != room)
                .map(|target| vec![target.clone()]),
        );
    }
    rooms
}

/// Groups of modules that all reach each other: strongly connected components of more than one module.
fn circles(imports: &Imports) -> Vec<Vec<Module>> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|from| (from, reach(imports, from))).collect();
    let mut circles: BTreeSet<Vec<Module>> = BTreeSet::new();
    for (module, there) in &reached {
        let back = there.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(module)));
        let circle: BTreeSet<Module> = back.map(|other| (*other).clone()).chain([(*module).clone()]).collect();
        if circle.len() > 1 {
            circles.insert(circle.into_iter().collect());
        }
    }
    circles.into_iter().collect()
}

fn reach<'a>(imports: &'a Imports, from: &Module) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Module> = imports.get(from).into_iter().flatten().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(imports.get(module).into_iter().flatten());
        }
    }
    seen
}

#[test]
fn a_circle_is_found_and_a_line_is_none() {
    let module = |name: &str| vec![name.to_owned()];
    let line: Imports =
        [(module("a"), [module("b")].into()), (module("b"), [module("c")].into()), (module("c"), BTreeSet::new())]
            .into();
    assert!(circles(&line).is_empty());
    let mut closed = line;
    closed.insert(module("c"), [module("a")].into());
    assert_eq!(circles(&closed), [vec![module("a"), module("b"), module("c")]]);
    let found =
        paths("use crate::a::{b::C, d::{E as F, g}, h};\nfn f() -> super::i::J { self::k() } // crate::no::O\n");
    let found: BTreeSet<String> = found.iter().map(|path| path.join("::")).collect();
    let wanted = ["crate::a::b::C", "crate::a::d::E", "crate::a::d::g", "crate::a::h", "self::k", "super::i::J"];
    assert_eq!(found, wanted.map(str::to_owned).into());
}
