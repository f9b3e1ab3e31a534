//! Types and constants of every pallet, by concern.

pub mod consensus;
pub mod doin;
pub mod fees;
pub mod staking;
pub mod system;
