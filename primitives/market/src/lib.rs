//! Exact arithmetic of the market of staked forecasts.
//!
//! Forecasters stake a wager on the changes of a stream over the next bars. When the bars stand, the market pays each wager
//! by its skill against a reference. This crate has every number of that market as a pure function, without FRAME and
//! without floating point. The pallet, the worker and the simulation of attacks call the same functions.
//!
//! Data flows in one direction:
//!
//! 1. [`truth`] makes the changes of a round from its zero and its closes, and the error e² of a forecast from them,
//! 2. [`reference`](mod@reference) makes the forecasts that need no skill, and chooses the one with the least average error,
//! 3. [`skill`](mod@skill) compares the error of a forecast with that of the reference,
//! 4. [`settlement`] turns skills and wagers into payments, from running sums,
//! 5. [`standing`] and [`record`] remember the skill of a forecaster.
//!
//! # Numbers
//!
//! Changes are `i32`, in units of the stream. Errors e² are [`Error`]: squared units in Q16. Skills, standings and records are
//! Q32 in `i64`. Each function states the bounds within which no result saturates; every input of the chain lies within them.
//! No function panics for any input.

#![cfg_attr(not(feature = "std"), no_std)]
#![warn(clippy::missing_errors_doc)]
#![cfg_attr(
	not(test),
	deny(
		clippy::float_arithmetic,
		clippy::arithmetic_side_effects,
		clippy::indexing_slicing,
		clippy::unwrap_used,
		clippy::panic
	)
)]

extern crate alloc;

pub mod average;
pub mod record;
pub mod reference;
pub mod settlement;
pub mod skill;
pub mod standing;
pub mod truth;

pub use average::Average;
pub use record::Record;
pub use reference::{History, Reference, ReferenceErrors};
pub use settlement::{payment, Book, Settled};
pub use skill::skill;
pub use truth::{zero, Truth};

/// Weighted mean square error e² of a forecast, in squared units of the stream, Q16. Below 2⁸⁰.
pub type Error = u128;
/// Signed Q32 fixed point: 2³² is one.
pub type Signed = i64;

/// One in signed Q32: the largest skill.
pub const ONE: Signed = 1 << 32;
/// Largest number of values of a forecast.
pub const MAX_HORIZON: usize = 100;
/// Smallest number of values of a forecast.
pub const MIN_HORIZON: usize = 24;
/// Largest number of seats of a round.
pub const MAX_SEATS: u32 = 128;
