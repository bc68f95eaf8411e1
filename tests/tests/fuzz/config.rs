//! Config and genesis files: any text gives settings, or an error that says where.

use clap::Parser as _;
use mockamoto_node::config::{Flags, GenesisFile, SAMPLE_CONFIG, SAMPLE_GENESIS, Settings};
use tests::random::Rng;

use crate::bytes::mutant;
use crate::harness::fuzz;

/// The sample with its examples switched on, and its lines inserted anywhere.
fn text(rng: &mut Rng, sample: &str) -> Vec<u8> {
    let mut lines: Vec<_> = sample.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
    lines.retain(|line| !line.starts_with(' '));
    for _ in 0..rng.below(4) {
        let (from, to) = (rng.below(lines.len()), rng.below(lines.len()));
        match rng.below(3) {
            0 => lines.swap(from, to),
            1 => drop(lines.remove(from)),
            _ => lines.insert(to, lines[from]),
        }
    }
    mutant(rng, &[lines.join("\n").into_bytes()])
}

/// Checks that an error has a text beyond the name of its type.
fn says_something(error: &dyn std::error::Error) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains("Error {"), "{text}");
    assert!(error.source().is_none_or(|source| !source.to_string().is_empty()));
}

#[test]
fn config_files() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(folder.path().join("genesis.toml"), SAMPLE_GENESIS).unwrap();
    let flags = Flags::parse_from(["mockamoto-node", "--config", config.to_str().unwrap()]);
    fuzz("config", |rng| {
        std::fs::write(&config, text(rng, SAMPLE_CONFIG)).unwrap();
        match Settings::load(&flags) {
            Ok(settings) => assert!(settings.max_connections > 0 && settings.max_subscriptions > 0),
            Err(error) => says_something(&error),
        }
    });
}

#[test]
fn genesis_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("genesis.toml");
    fuzz("genesis", |rng| {
        std::fs::write(&file, text(rng, SAMPLE_GENESIS)).unwrap();
        match GenesisFile::read(&file) {
            // An accepted genesis makes a chain, or is refused with the name of a key.
            Ok(genesis) => drop(mockamoto_node::chain::chain_params(&genesis).map_err(|error| says_something(&error))),
            Err(error) => says_something(&error),
        }
    });
}
