//! Rule 5, first half: the producer elected at the burn view signed, and proved its VRF.

use stacks_types::block::{NakamotoStacksBlockHeader, SigningMode};

use crate::blocks::Rejection;
use crate::burn::BurnBlock;
use crate::params::Producer;

pub(super) fn check_producer(
    signing: SigningMode,
    producer: &Producer,
    header: &NakamotoStacksBlockHeader,
) -> Result<(), Rejection> {
    if signing == SigningMode::WellKnown {
        return if header.has_well_known_producer() {
            Ok(())
        } else {
            Err(Rejection::BadProducer("not the well-known constant".to_owned()))
        };
    }
    let key = header.recover_producer();
    let signer = key.map_err(|error| Rejection::BadProducer(error.to_string()))?.hash160();
    if signer == producer.address.hash160() {
        return Ok(());
    }
    Err(Rejection::BadProducer(format!("signer hashes to {signer}, elected is {}", producer.address)))
}

pub(super) fn check_vrf_proof(
    producer: &Producer,
    view: &BurnBlock,
    header: &NakamotoStacksBlockHeader,
) -> Result<(), Rejection> {
    let proved = header.vrf_proof.verify(&producer.vrf_public_key, view.sortition_hash.as_bytes());
    proved.map_err(|_| Rejection::BadVrfProof)
}
