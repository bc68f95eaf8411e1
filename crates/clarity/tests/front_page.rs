//! The crate documentation's table of natives names every function of the language once, and only files that exist.

#![allow(clippy::panic, clippy::unwrap_used, reason = "this is test code")]

use clarity::natives::Native;

/// Rows of the table: patterns of names, and the file.
fn rows() -> Vec<(Vec<&'static str>, &'static str)> {
    let page = include_str!("../src/lib.rs");
    let table = page.lines().skip_while(|line| !line.contains("| natives | run by")).skip(2);
    let rows = table.map_while(|line| line.strip_prefix("//! | "));
    rows.map(|row| {
        let (names, file) = row.split_once(" | ").expect("two columns");
        let names = names.split([' ', '`', ',']).filter(|name| !name.is_empty()).collect();
        (names, file.trim_matches([' ', '|', '`']))
    })
    .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((before, after)) if !before.is_empty() => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        _ => pattern == name,
    }
}

#[test]
fn every_native_has_a_row_and_its_file_is_there() {
    let rows = rows();
    for native in Native::ALL {
        let name = native.name();
        let exact: Vec<_> = rows.iter().filter(|(names, _)| names.contains(&name)).collect();
        let found = if exact.is_empty() {
            rows.iter().filter(|(names, _)| names.iter().any(|pattern| matches(pattern, name))).collect()
        } else {
            exact
        };
        assert_eq!(found.len(), 1, "{name} is in {found:?}");
    }
    for (names, file) in &rows {
        let natives: Vec<_> = Native::ALL.iter().map(|native| native.name()).collect();
        for pattern in names {
            assert!(natives.iter().any(|name| matches(pattern, name)), "{pattern} is no native");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/");
        let place = if file.contains('/') { format!("{folder}{file}") } else { format!("{folder}run/natives/{file}") };
        assert!(std::path::Path::new(&place).is_file(), "{file} is no file");
    }
}
