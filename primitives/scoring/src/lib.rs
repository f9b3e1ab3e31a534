//! Exact integer machine learning.
//!
//! This crate computes every score that reaches the chain. The runtime, the worker and the tests run the same code. It uses no
//! floating point, no allocation beyond `alloc`, and no operation whose result depends on the machine.
//!
//! Data flows in one direction:
//!
//! 1. a [`Program`] defines the function that scores a model,
//! 2. [`sample`] makes the windows of one chunk, drawn from a [`Generator`] or cut from a series,
//! 3. [`score()`] computes the error sum of a [`Model`] over a chunk,
//! 4. [`verdict`] compares two vectors of error sums.
//!
//! [`genome`] has the losses that training runs score; `doin-training` makes the runs.
//!
//! [`rows`] does both for independent rows: [`rows::dealt`] makes the rows of a chunk, and [`rows::score_rows`] their error sum.
//! Points have no data: [`landscape`] has standard functions of them, and [`Program::point_sum`] returns their error.
//!
//! No function panics for any input, since bytes, models and programs are untrusted. The score of a model that was not admitted
//! is arbitrary.

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

pub mod activation;
pub mod answer;
pub mod decode;
pub mod encoder;
pub mod forward;
pub mod genome;
pub mod landscape;
pub mod math;
pub mod model;
pub mod packed;
pub mod philox;
pub mod program;
pub mod rows;
pub mod sample;
pub mod score;
pub mod tolerance;
pub mod verdict;

pub use answer::answer;
pub use encoder::{Cell, Conv, Conv2, Encoder};
pub use forward::{PreparedNet, Scratch};
pub use genome::{Genome, GenomeError, TrainingRuns};
pub use landscape::Landscape;
pub use model::{AccumulatorWidth, Layer, Model, ModelError, Net};
pub use program::{Forecast, Generator, Loss, Program, ProgramError, Quadratic, Target, WindowPhase};
pub use sample::Windows;
pub use score::{predicted_values, score, score_point, window_features};
pub use tolerance::Tolerance;
pub use verdict::{Spread, Terms, Verdict};
