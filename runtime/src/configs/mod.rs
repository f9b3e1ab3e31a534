//! Types and constants of every pallet, by concern.

pub mod agenda;
pub mod consensus;
pub mod doin;
pub mod fees;
pub mod governance;
pub mod identity;
pub mod pools;
pub mod proxies;
pub mod staking;
pub mod system;
