//! Reporter: reports the bars of real series to the oracle of the chain, for a validator.
//!
//! A *poll* asks for the batches of bars of all streams that are due. The reporter asks the sources of each stream, commits to their
//! medians, and reveals them once the commitments are over:
//!
//! ```text
//! poll:      commits ─────────────────────────────▶ reveals ─────▶ counted
//! reporter:  sources ─▶ medians ─▶ journal ─▶ commit ─▶ reveal
//!              └─ late bars are asked for again, up to the last blocks of the commits
//! ```
//!
//! [`step`] decides, from a view of the poll and a journal entry; it has no I/O, no clock and no randomness. [`Reporter`] reads the view at
//! every new block and does what is decided. The time is that of the chain: a bar has ended once the chain asks for it, whatever the clocks
//! of this machine and of a source show.
//!
//! The commitment is in the journal before it is sent, with everything that its reveal needs. A worker that was killed in between reveals
//! after its next start, and never commits to other bars in the same poll.
//!
//! A fork may open the poll of a number in another block, and then it gets a commitment of its own. The journal keeps both, and the
//! reporter sends and reveals the one of the branch that the chain is on. A reveal that fails because the chain has another commitment is
//! not repeated in its poll, since every attempt costs a fee.

mod chain;
mod collection;
mod driver;
mod policy;
mod stream;
#[cfg(test)]
mod tests;

pub use chain::OracleChain;
pub use driver::Reporter;
pub use policy::{step, Step};
pub use stream::{decimals_of, layout_of, report_of, wanted_of};

/// Target of log events.
const TARGET: &str = "doin::reporter";
