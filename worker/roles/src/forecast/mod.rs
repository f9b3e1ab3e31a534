//! Forecaster: stakes wagers on forecasts of a stream, in the rounds of its market.
//!
//! A *round* opens when a batch of bars stands. The forecaster forecasts the changes of the next bars, commits to them with a wager, and
//! reveals them once the bars stand:
//!
//! ```text
//! round:       commits ──────────▶ zero, horizon ─────────▶ reveals ────▶ closed, or void
//! forecaster:  model ─▶ journal ─▶ commit                   reveal        collect
//!                └─ nets are trained in the background
//! ```
//!
//! [`step`] decides, from a view of the round and a journal entry; it has no I/O, no clock and no randomness. [`Forecaster`] reads the views
//! at every new block and does what is decided. A forecast that takes long, or a training, holds up no reveal.
//!
//! The commitment is in the journal before it is sent, with everything that its reveal needs. A worker that was killed in between reveals
//! after its next start. A round has one commitment on every branch of the chain on which its input is the same; where a branch lacks it,
//! it is sent again. Where the input is another one, the round is forecast anew, and the journal keeps both entries. Seats that the
//! journal does not have, e.g. since it was lost, are found by the record of the account: those of closed rounds are cleared, and those of
//! void ones collected.

mod bars;
mod chain;
mod driver;
mod history;
mod model;
mod policy;
#[cfg(all(test, unix))]
mod tests;

pub use chain::MarketChain;
pub use driver::{check, check_files, Forecaster};
pub use policy::{expected_lead, longest_lead, refusal, seat_of, shown_state, skill_text, step, worthwhile_claim, Step};

/// Target of log events.
const TARGET: &str = "doin::forecaster";
