//! Types and constants of every pallet, by concern.

pub mod consensus;
pub mod doin;
pub mod fees;
pub mod governance;
pub mod staking;
pub mod system;
