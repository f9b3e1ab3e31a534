//! Models: what a candidate submits, how it is encoded, and what the chain admits.

use crate::{
	decode,
	encoder::Encoder,
	program::{Forecast, Program},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;

/// Largest weight or activation in absolute value: 12-bit signed.
pub const MAX_ACT: i32 = 2_047;
/// Most hidden layers.
pub const MAX_DEPTH: usize = 8;
/// Widest hidden layer.
pub const MAX_WIDTH: u16 = 512;
/// Fractional bits of a prediction, in raw units.
pub const OUT_FRAC: u32 = 4;
/// What requantising one number costs, in multiply-accumulates.
pub const REQUANTISE_MACS: u64 = 8;
/// Requantising shifts of a layer.
pub const SHIFTS: RangeInclusive<u8> = 1..=24;
/// Shifts from raw units to activations: beyond these every difference is 0 or clamped.
pub const IN_SHIFTS: RangeInclusive<i8> = -24..=11;
/// Largest coordinate of a point, Q8, in absolute value.
pub const MAX_COORDINATE: u32 = 1 << 20;
/// First byte of an encoded model.
pub const VERSION: u8 = 2;

/// A candidate. Encoded with SCALE behind a version byte; see [`Model::to_bytes`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[allow(clippy::large_enum_variant, reason = "nearly every model is a net")]
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

/// A linear path, a net, or a net beside a linear path. A net is an [`Encoder`] and the dense layers that read what it leaves: without
/// an encoder it is an MLP.
///
/// The features are `x[c][i] = clamp(shift(p[c][last − window + 1 + i] − p[c][last], in_shifts[c]), ±2047)` for each channel c that it reads
/// and `i` in `0..window`, channel by channel. The outputs are `(skip(x) + net(x))`, in 2^−OUT_FRAC raw units above the last value of the
/// first channel for each step ahead, or one score per class.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Net {
	/// Steps of history it reads.
	pub window: u16,
	/// For each channel that it reads, the power of two from raw units to activations: left shift when positive, rounding right shift
	/// when negative.
	pub in_shifts: Vec<i8>,
	/// The linear path, from all features to the outputs.
	pub skip: Option<Layer>,
	/// What features pass through before the dense layers.
	pub encoder: Encoder,
	/// Dense layers, the last one leading to the outputs; empty for a linear model. All but the last end in ReLU clamped to 0..=2047.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ModelError {
	/// The bytes are not an encoded model, or some are left over.
	Malformed,
	/// The version byte is unknown.
	Version,
	/// The model is of another program.
	Family,
	/// Layers do not fit the window, each other, or the outputs; a layer's weights do not fill it; layers or channels are too many, too
	/// wide, or none; or a point has another dimension.
	Shape,
	/// The window is 0 or longer than the history.
	Window,
	/// A weight lies outside ±2047, or a coordinate outside ±2²⁰.
	Weight,
	/// A shift lies outside its range.
	Shift,
	/// `2047·Σ|w| + |b| + 2^(shift−1)` of some neuron reaches 2³¹.
	Overflow,
	/// A window costs more multiply-accumulates than the domain allows.
	TooCostly,
	/// The encoded model is larger than the domain allows.
	TooLarge,
}

/// How wide the accumulators of an admitted model get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Class {
	/// Below 2²⁴: also exact as an `f32` matrix product.
	#[codec(index = 0)]
	F,
	/// Below 2³¹.
	#[codec(index = 1)]
	I,
}

impl Model {
	/// The version byte [`VERSION`], then the SCALE encoding.
	pub fn to_bytes(&self) -> Vec<u8> {
		(VERSION, self).encode()
	}

	/// The model that `bytes` encode, whole and in the one way it can be encoded.
	///
	/// For bytes of strangers: see [`decode`].
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
		decode::model(bytes)
	}

	/// Whether the model may be submitted to a domain of `program` that allows `max_bytes` and, per window, `max_macs`; `encoded_len` is
	/// the length of its bytes.
	///
	/// Everything that scoring relies on is checked here, from the weights alone, so a forward pass needs no check at all.
	pub fn admit(&self, program: &Program, max_bytes: u32, max_macs: u32, encoded_len: usize) -> Result<Class, ModelError> {
		ensure(u32::try_from(encoded_len).is_ok_and(|len| len <= max_bytes), ModelError::TooLarge)?;
		ensure(self.macs() <= u64::from(max_macs), ModelError::TooCostly)?;
		match (self, program) {
			(Model::Point(point), Program::Quadratic(quadratic)) => {
				ensure(point.len() == quadratic.target.len(), ModelError::Shape)?;
				ensure(point.iter().all(|x| x.unsigned_abs() <= MAX_COORDINATE), ModelError::Weight)?;
				Ok(Class::I)
			}
			(Model::Net(net), Program::Forecast(forecast)) => net.admit(forecast),
			_ => Err(ModelError::Family),
		}
	}

	/// What one window costs, or one coordinate, in multiply-accumulates; nothing for the baselines.
	pub fn macs(&self) -> u64 {
		match self {
			Model::RepeatLast | Model::Seasonal => 0,
			Model::Point(_) => 1,
			Model::Net(net) => net.macs(),
		}
	}
}

impl Net {
	/// What one window costs, in multiply-accumulates: everything else that layers and encoder do is counted as so many.
	pub fn macs(&self) -> u64 {
		let dense = self.skip.iter().chain(&self.layers).fold(0, |sum: u64, layer| sum.saturating_add(layer.cost()));
		dense.saturating_add(self.encoder.macs(self.window))
	}

	/// Steps of history it reads.
	pub fn window(&self) -> usize {
		usize::from(self.window)
	}

	/// Features: steps of all channels that it reads.
	pub fn features(&self) -> usize {
		self.window().saturating_mul(self.in_shifts.len())
	}

	/// Whether shapes fit from the window to the outputs of `forecast`, and every number lies in its range.
	fn admit(&self, forecast: &Forecast) -> Result<Class, ModelError> {
		ensure((1..=forecast.history).contains(&self.window), ModelError::Window)?;
		ensure((1..=usize::from(forecast.channels)).contains(&self.in_shifts.len()), ModelError::Shape)?;
		ensure(self.in_shifts.iter().all(|shift| IN_SHIFTS.contains(shift)), ModelError::Shift)?;
		ensure(self.layers.len() <= MAX_DEPTH.saturating_add(1), ModelError::Shape)?;
		let outputs = forecast.outputs();
		let channels = u16::try_from(self.in_shifts.len()).map_err(|_| ModelError::Shape)?;
		let mut class = Class::F;
		if let Some(skip) = &self.skip {
			let features = self.window.checked_mul(channels).ok_or(ModelError::Shape)?;
			class = class.max(skip.admit(features, outputs)?);
		}
		let Some((last, hidden)) = self.layers.split_last() else {
			// A linear model, and nothing else.
			ensure(self.skip.is_some() && self.encoder == Encoder::None, ModelError::Shape)?;
			return Ok(class);
		};
		class = class.max(self.encoder.admit(self.window, channels)?);
		let mut inputs = self.encoder.outputs(self.window, channels).ok_or(ModelError::Shape)?;
		for layer in hidden {
			ensure((1..=MAX_WIDTH).contains(&layer.outputs), ModelError::Shape)?;
			class = class.max(layer.admit(inputs, layer.outputs)?);
			inputs = layer.outputs;
		}
		Ok(class.max(last.admit(inputs, outputs)?))
	}
}

impl Layer {
	/// Products of one pass, which are as many as its weights.
	pub fn macs(&self) -> u64 {
		u64::from(self.inputs).saturating_mul(u64::from(self.outputs))
	}

	/// What one pass costs, in multiply-accumulates: its products, and [`REQUANTISE_MACS`] for each output.
	pub fn cost(&self) -> u64 {
		self.macs().saturating_add(u64::from(self.outputs).saturating_mul(REQUANTISE_MACS))
	}

	/// Whether the layer leads from `inputs` to `outputs` and every number lies in its range.
	pub(crate) fn admit(&self, inputs: u16, outputs: u16) -> Result<Class, ModelError> {
		ensure(self.inputs == inputs && self.outputs == outputs && inputs > 0, ModelError::Shape)?;
		ensure(self.weights.len() as u64 == self.macs() && self.bias.len() == usize::from(outputs), ModelError::Shape)?;
		ensure(SHIFTS.contains(&self.shift), ModelError::Shift)?;
		ensure(self.weights.iter().all(|w| i32::from(w.unsigned_abs()) <= MAX_ACT), ModelError::Weight)?;
		self.class().ok_or(ModelError::Overflow)
	}

	/// The class of the widest neuron by its static bound `A = 2047·Σ|w| + |b| + 2^(shift−1)`; `None` when it reaches 2³¹. A bounds the
	/// accumulator and all its partial sums, in any order, the rounding term of the requantisation included.
	pub fn class(&self) -> Option<Class> {
		let half = 1u64.checked_shl(u32::from(self.shift.saturating_sub(1))).unwrap_or(u64::MAX);
		let rows = self.weights.chunks_exact(usize::from(self.inputs).max(1));
		let widest = rows.zip(&self.bias).map(|(row, bias)| {
			let sum = row.iter().fold(0u64, |sum, w| sum.saturating_add(u64::from(w.unsigned_abs())));
			sum.saturating_mul(MAX_ACT as u64).saturating_add(u64::from(bias.unsigned_abs())).saturating_add(half)
		});
		match widest.max().unwrap_or(half) {
			0..0x0100_0000 => Some(Class::F),
			0x0100_0000..0x8000_0000 => Some(Class::I),
			_ => None,
		}
	}
}

pub(crate) fn ensure(condition: bool, error: ModelError) -> Result<(), ModelError> {
	condition.then_some(()).ok_or(error)
}
