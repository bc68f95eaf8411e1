//! Computes the examples of ACTORS.md: each proof there is the one that its key makes for its message.

use stacks_types::vrf::{VrfPrivateKey, VrfProof};

use super::repository;

#[test]
fn the_examples_of_the_vrf_proof_are_right() {
    let text = std::fs::read_to_string(repository().join("docs/ACTORS.md")).expect("a document");
    let value = |example: &str, name: &str| -> Vec<u8> {
        let line = example.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        hex::decode(line.trim()).expect(name)
    };
    let mut counters = Vec::new();
    for example in text.split("\ncounter ").skip(1) {
        counters.push(example.lines().next().expect("a counter").trim());
        let key = VrfPrivateKey::from_seed(&value(example, "private key").try_into().expect("32 bytes"));
        assert_eq!(key.public_key().0.to_vec(), value(example, "public key"));
        let proof = ["Gamma", "c ", "s "].map(|name| value(example, name)).concat();
        let message = value(example, "message");
        assert_eq!(key.prove(&message), VrfProof::try_from(proof.as_slice()).expect("80 bytes"));
    }
    assert_eq!(counters, ["0", "1", "2"]);
}
