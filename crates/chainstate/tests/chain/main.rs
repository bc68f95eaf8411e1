//! The whole chain in one process: blocks made, signed, pushed, processed, rejected, reorganized and replayed.

#[cfg(test)]
mod admissions;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod append;
#[cfg(test)]
mod boot_contracts;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod estimates;
#[cfg(test)]
mod folders;
#[cfg(test)]
mod forks;
#[cfg(test)]
mod heavy;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod large_contracts;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod simulations;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod stackerdbs;
#[cfg(test)]
mod support;
