//! Operations: for each one, a struct of its arguments, its reference, and its kernel for every architecture.
//!
//! | file | operations |
//! |---|---|
//! | [`gather`] | load windows as inputs and targets |
//! | [`gemm`] | dense layers forward, their input gradients, weight updates, AᵀB |
//! | [`gemm_i8`] | the same in 8 bits |
//! | [`conv1d`] | causal convolutions, forward and backward |
//! | [`rnn`] | LSTM and GRU cells, forward and backward through time |
//! | [`loss`] | absolute error, its gradient, targets beside a linear skip |
//! | [`classes`] | classes, the gradient of the hinge loss, wrong predictions |
//! | [`lion`] | the optimizer's step, which the updates of all layers share |
//! | [`philox`] | random words |
//! | [`small`] | whole dense nets on batches of any size |
//! | [`genome`] | gradients of loss genomes |

pub mod classes;
pub mod conv1d;
pub mod gather;
pub mod gemm;
pub mod gemm_i8;
pub mod genome;
pub mod lion;
pub mod loss;
pub mod philox;
pub mod rnn;
pub mod small;

use doin_scoring::math::round_shift_i32;

/// Computes `start + Σ a·b`, wrapping: the sum of products that references use.
fn dot(start: i32, pairs: impl Iterator<Item = (i16, i16)>) -> i32 {
	pairs.fold(start, |sum, (a, b)| sum.wrapping_add(i32::from(a) * i32::from(b)))
}

/// Computes `sum >> bits` with rounding, for any number of bits.
fn round_shift_any(sum: i32, bits: u32) -> i32 {
	if bits > 0 {
		round_shift_i32(sum, bits)
	} else {
		sum
	}
}
