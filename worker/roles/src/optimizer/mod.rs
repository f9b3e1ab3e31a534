//! Optimizer: finds better models of one domain, commits them, reveals them, and follows each one to its verdict.
//!
//! [`Policy`] decides, from a [`View`] of the chain and the journal; it has no I/O, no clock and no randomness. [`Optimizer`]
//! reads the views, executes the [`Action`]s and logs the [`Report`]s.
//!
//! ```text
//! search:   Searching ── domain not active, or target reached ──▶ Ended ── no seat awaited ──▶ done
//!
//! seat:     trained ── undercuts the bar, passes 3 of 4 trials ──▶ prepared (journal)
//!           prepared ── commit included ──▶ committed ── commit failed ──▶ archived
//!           committed ── reveal window ──▶ revealed ── rejected ──▶ archived, with the reason
//!           revealed ── round decided ──▶ archived: won or lost
//! ```

mod driver;
mod policy;
mod pool;
mod report;
mod submission;
#[cfg(test)]
mod tests;
mod trial;

pub use driver::Optimizer;
pub use policy::{Action, CommitOutcome, Policy, Rules, Step, View};
pub use report::{EndReason, Report, Wait};
pub use trial::{Trial, TrialOutcome};

/// Target of log events.
const TARGET: &str = "doin::optimizer";
