//! Types and constants of every pallet, by concern.

// `parameter_types!` makes functions that cannot be documented.
#![allow(missing_docs)]

pub mod consensus;
pub mod doin;
pub mod fees;
pub mod staking;
pub mod system;
