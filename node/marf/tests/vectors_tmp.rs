//! Temporary.
#[cfg(test)]
#[path = "../../../tests/tests/vectors/marf.rs"]
mod marf;
#[cfg(test)]
#[path = "../../../tests/tests/vectors/marf_proofs.rs"]
mod marf_proofs;
#[cfg(test)]
#[path = "../../../tests/tests/vectors/marf_workload.rs"]
mod marf_workload;
#[cfg(test)]
mod support {
    pub(crate) fn load(name: &str) -> serde_json::Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}
