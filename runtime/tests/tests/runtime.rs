//! Tests the runtime through `Executive`. Each module tests one part of it, e.g. `rounds` or `oracle`.
//!
//! All modules are one executable, since each executable links the SDK.

mod attacks;
mod backing;
mod blob;
mod bounties;
mod channels;
mod draws;
mod fees;
mod forecasts;
mod fuzz;
mod garbage;
mod genesis;
mod genome_rounds;
mod governance;
mod identity;
mod import;
mod inference;
mod live;
mod live_rounds;
mod machine;
mod metadata;
mod oracle;
mod places;
mod pool_limits;
mod pools;
mod proxy;
mod rounds;
mod sealed_rounds;
mod staking;
mod tolerance;
mod upgrade;
mod upgrade_from_v1;
mod upgrade_from_v2;
mod validators;
mod views;
