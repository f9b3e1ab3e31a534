//! Evaluator: recomputes the sums of models when it is drawn, settles tasks, and challenges false sums.
//!
//! [`Policy`] decides, from views of the chain and journal entries; it has no I/O, no clock and no randomness. [`Evaluator`]
//! reads the views at every new block, starts each [`Assignment`] once in the background, and sends its calls. Every decision
//! depends on the chain and the journal only, so a restart or a short fork changes nothing: a duty that is still open is
//! started again.
//!
//! ```text
//! task:   Drawing ──▶ Answering ──▶ Revealing ──▶ Settling ──▶ Challenge ──▶ final
//!                                       └─ no answer ─▶ Recomputing ─┘
//! duty:               CommitSums    RevealSums    Settle       VerifySums
//!                                                 Recompute
//!
//! challenge:   false sum ──▶ prepared (journal) ── announced ──▶ committed ── a block later ──▶ made (archived)
//!                                                       └── task moved on ──▶ RecoverBond ──▶ archived
//! ```

mod alarm;
mod answers;
mod budget;
mod driver;
mod policy;
#[cfg(test)]
mod tests;
mod watch;

pub use alarm::{Alarms, UnpaidRound};
pub use driver::Evaluator;
#[cfg(test)]
pub(crate) use policy::challenge_step;
pub use policy::{Assignment, ChallengeStep, ChunkRange, Claim, Duty, Failure, Interest, Policy};
