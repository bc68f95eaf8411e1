//! Tests of the crate through its public interface, on real files.

#[cfg(test)]
mod commit;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod model;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod support;
