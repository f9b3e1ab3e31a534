//! Exact integer machine learning.
//!
//! Every score that reaches the chain is computed here, by the same code in the runtime, in the worker and in tests. No float, no
//! allocation beyond `alloc`, no operation whose result depends on the machine.
//!
//! Data flows one way: a [`Program`] says what is computed, [`sample`] makes the windows of one chunk (drawn from a [`Generator`] or cut
//! from the published series), [`score()`] turns a [`Model`] and a chunk into an error sum, and [`verdict`] compares two vectors of sums.
//!
//! Nothing here panics, whatever it is given: bytes, models and programs come from strangers. What has not been admitted scores badly
//! instead.

#![cfg_attr(not(feature = "std"), no_std)]
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

pub mod activation;
pub mod decode;
pub mod encoder;
pub mod forward;
pub mod math;
pub mod model;
pub mod philox;
pub mod program;
pub mod sample;
pub mod score;
pub mod verdict;

pub use encoder::{Cell, Conv, Encoder};
pub use forward::Scratch;
pub use model::{Class, Layer, Model, ModelError, Net};
pub use program::{Forecast, Generator, Program, ProgramError, Quadratic, Target};
pub use sample::Windows;
pub use score::{features, score, score_point};
pub use verdict::Verdict;
