//! End-to-end tests: the real binaries, used only over gRPC and HTTP, killed and restarted.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod clarinet;
#[cfg(test)]
mod devnet;
#[cfg(test)]
mod epochs;
#[cfg(test)]
mod fan_out;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flood;
#[cfg(test)]
mod garbage;
#[cfg(test)]
mod hostile_peers;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod lost_record;
#[cfg(test)]
mod observers;
#[cfg(test)]
mod operation;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod sets;
#[cfg(test)]
mod several_keys;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod stackerdb;
#[cfg(test)]
mod stacksjs;
#[cfg(test)]
mod stop;
