//! The runtime of the SDK's solochain template, which `scripts/bench.sh chain` compares the transactions per second of this chain with.
//!
//! It has the pallets, extensions, limits and weights of the template in the versions of this workspace. The template's own example
//! pallet is left out: no transfer reaches it. Without the feature `chain` the crate is empty.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "chain")]
extern crate alloc;

#[cfg(feature = "chain")]
mod chain;
#[cfg(feature = "chain")]
pub use chain::*;
