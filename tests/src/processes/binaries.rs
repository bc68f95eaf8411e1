//! The binaries under test. They are built once per run, by the cargo and the profile that built this test.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Path of one of the workspace's binaries.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(folder).join(name)
}

/// The folder that the environment variable `MOCKAMOTO_BINARIES` names; without it, the binaries are built.
fn folder() -> PathBuf {
    std::env::var_os("MOCKAMOTO_BINARIES").map_or_else(build, PathBuf::from)
}

fn build() -> PathBuf {
    // target/<profile>/deps/e2e-…, or target/<profile>/load
    let this = std::env::current_exe().expect("a program has a path");
    let folder = this.parent().expect("it lies in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("deps is in a folder") } else { folder };
    let folder = folder.to_owned();
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let target = folder.parent().expect("the profile's folder is in the target folder");
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The variables that cargo sets for this test are not settings of the build. Build scripts that read them (ring's)
    // would run again, and their dependents would be built twice: here, and by the next command.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    // Builds the whole workspace, so that dependencies have the features of this test's build: then only the binaries
    // are linked, and nothing is built twice.
    let status = cargo
        .args(["build", "--quiet", "--workspace", "--all-targets", "--profile", profile, "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target)
        .status();
    assert!(status.expect("cargo runs").success(), "the binaries do not build");
    folder
}
