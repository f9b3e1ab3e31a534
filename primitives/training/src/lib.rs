//! Definition of integer training of dense nets.
//!
//! A step of training is a function of integers: the runtime, the scalar back-end of the worker and the tests of every faster
//! back-end run this code. It uses no floating point, no allocation beyond `alloc`, and no operation whose result depends on the
//! machine.
//!
//! Data flows in one direction:
//!
//! 1. [`initial`] draws the first masters,
//! 2. [`dense`] computes the passes of a layer over a batch: activations, accumulators, gradients of inputs and weights,
//! 3. [`loss`] computes the gradient of the loss at the outputs, or scales that of any other loss,
//! 4. [`lion`] moves masters against gradients, at a [`rate`],
//! 5. [`net`] makes one step of a whole net from these, and [`run`] a whole training run of a loss genome.
//!
//! # Numbers
//!
//! Weights, activations and gradients have 12 bits, so their products are exact in 32 bits, and sums of products wrap modulo 2³².
//! Addition modulo 2³² is associative: an implementation may add in any order. [`net::Shape::check`] states the bounds within
//! which no true sum leaves 32 bits. A gradient has one power-of-two scale per batch and layer, which the sign of Lion cancels.
//!
//! No function panics for any input. The result of buffers whose lengths do not fit the shape is arbitrary.

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

pub mod dense;
pub mod initial;
pub mod lion;
pub mod loss;
pub mod net;
pub mod rate;
pub mod run;

pub use lion::{Parameters, StepSize};
pub use net::{DenseNet, Outputs, Shape, ShapeError};
pub use rate::LearningRate;

/// Maximum number of samples of a batch: the largest number that keeps gradient sums and momenta within `i32`.
pub const MAX_BATCH: usize = 256;
