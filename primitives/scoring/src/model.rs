//! Models: what a candidate submits, how it is encoded, and what the chain admits.

use alloc::vec::Vec;
use codec::{Decode, Encode};

/// Largest weight or activation in absolute value: 12-bit signed.
pub const MAX_ACT: i32 = 2_047;
/// Most hidden layers.
pub const MAX_DEPTH: usize = 8;
/// Widest hidden layer.
pub const MAX_WIDTH: u16 = 512;
/// Fractional bits of a prediction, in raw units.
pub const OUT_FRAC: u32 = 4;

/// A candidate. Encoded with SCALE behind a version byte; see [`Model::to_bytes`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Model {
	/// The last value, repeated. Never submitted.
	#[codec(index = 0)]
	RepeatLast,
	/// The value one season before. Never submitted.
	#[codec(index = 1)]
	Seasonal,
	/// A point in Q8, for `Quadratic`.
	#[codec(index = 2)]
	Point(Vec<i32>),
	/// A net, for `Forecast`.
	#[codec(index = 3)]
	Net(Net),
}

/// A linear model, an MLP, or an MLP beside a linear skip path.
///
/// The input is `x[i] = clamp(shift(p[last − window + 1 + i] − p[last], in_shift), ±2047)` for `i` in `0..window`; predictions are
/// `p[last] + (skip(x) + mlp(x)) / 2^OUT_FRAC` for each step ahead.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Net {
	/// Steps of history it reads.
	pub window: u16,
	/// Power of two from raw units to activations: left shift when positive, rounding right shift when negative.
	pub in_shift: i8,
	/// The linear path, window → horizon.
	pub skip: Option<Layer>,
	/// The layers of the MLP; empty for a linear model. All but the last end in ReLU clamped to 0..=2047.
	pub layers: Vec<Layer>,
}

/// A dense layer: `y = (W·x + b + 2^(shift−1)) >> shift`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Layer {
	/// Inputs.
	pub inputs: u16,
	/// Outputs.
	pub outputs: u16,
	/// Requantising shift, 1..=24.
	pub shift: u8,
	/// Weights in ±2047, `outputs` rows of `inputs`.
	pub weights: Vec<i16>,
	/// Biases at accumulator scale, one per output.
	pub bias: Vec<i32>,
}

/// Why a model is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, codec::DecodeWithMemTracking, scale_info::TypeInfo)]
pub enum ModelError {
	/// The bytes are not an encoded model, or some are left over.
	Malformed,
	/// The version byte is unknown.
	Version,
	/// The model is of another program.
	Family,
	/// Layers do not fit the window, each other, or the horizon.
	Shape,
	/// The window is 0 or longer than the history.
	Window,
	/// A weight lies outside ±2047.
	Weight,
	/// A shift lies outside its range.
	Shift,
	/// `2047·Σ|w| + |b|` of some neuron reaches 2³¹.
	Overflow,
	/// A window costs more multiply-accumulates than the domain allows.
	TooCostly,
	/// The encoded model is larger than the domain allows.
	TooLarge,
}
