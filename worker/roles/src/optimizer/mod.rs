//! Optimizer: finds better models of one domain, commits them, reveals them, and follows each one to its verdict.
//!
//! [`Policy`] decides, from a [`View`] of the chain and the journal; it has no I/O, no clock and no randomness. [`Optimizer`]
//! reads the views, executes the [`Action`]s and logs the [`Report`]s.
//!
//! ```text
//! search:   Searching ── domain not active, or target reached ──▶ Ended ── no seat awaited ──▶ done
//!
//! seat:     trained ── undercuts the bar, passes 3 of 4 draws (sealed rows: 1 of 4) ──▶ worth its price ──▶ prepared (journal)
//!                                                                     └── too expensive ──▶ other rivals, more data, or prices below its bid
//!           prepared ── commit included ──▶ committed ── commit failed ──▶ archived
//!           committed ── reveal window ──▶ revealed        (sealed: once the owner has opened the segment of the round)
//!           revealed ── round decided ──▶ archived: won, lost, or rejected with the reason
//! ```

mod bid;
mod driver;
mod given;
mod policy;
mod pool;
mod report;
mod rounds;
mod stakes;
mod submission;
#[cfg(test)]
mod tests;
mod trial;

pub use bid::{BidLimits, Merit, Rates, TooExpensive};
pub use driver::Optimizer;
pub(crate) use policy::reveal_window;
pub use policy::{Action, CallCosts, CommitOutcome, Commitments, Policy, Rules, Step, View};
pub use report::{EndReason, Report, Wait};
pub use trial::{Passed, Trial, TrialOutcome};

/// Target of log events.
const TARGET: &str = "doin::optimizer";
