//! Models: what a candidate submits, how it is encoded, and what the chain admits.

use crate::program::Program;
use alloc::vec::Vec;
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, Input, MaxEncodedLen};
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
/// Requantising shifts of a layer.
pub const SHIFTS: RangeInclusive<u8> = 1..=24;
/// Shifts from raw units to activations: beyond these every difference is 0 or clamped.
pub const IN_SHIFTS: RangeInclusive<i8> = -24..=11;
/// Largest coordinate of a point, Q8, in absolute value.
pub const MAX_COORDINATE: u32 = 1 << 20;
/// First byte of an encoded model.
pub const VERSION: u8 = 1;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ModelError {
	/// The bytes are not an encoded model, or some are left over.
	Malformed,
	/// The version byte is unknown.
	Version,
	/// The model is of another program.
	Family,
	/// Layers do not fit the window, each other, or the horizon; a layer's weights do not fill it; layers are too many, too wide, or
	/// none; or a point has another dimension.
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
	/// For bytes of strangers: lengths are compared with the shape they belong to and with what is left before anything is allocated, so
	/// decoding takes no more memory than the bytes themselves, and at most nine layers.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
		let (version, mut input) = bytes.split_first().ok_or(ModelError::Malformed)?;
		if *version != VERSION {
			return Err(ModelError::Version);
		}
		let input = &mut input;
		let model = match read::<u8>(input)? {
			0 => Model::RepeatLast,
			1 => Model::Seasonal,
			2 => Model::Point(read_vec(input, None)?),
			3 => Model::Net(read_net(input)?),
			_ => return Err(ModelError::Malformed),
		};
		if input.is_empty() {
			Ok(model)
		} else {
			Err(ModelError::Malformed)
		}
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
			(Model::Net(net), Program::Forecast(forecast)) => {
				ensure((1..=forecast.history).contains(&net.window), ModelError::Window)?;
				net.admit(forecast.horizon)
			}
			_ => Err(ModelError::Family),
		}
	}

	/// Multiply-accumulates of one window, or of one coordinate; none for the baselines.
	pub fn macs(&self) -> u64 {
		match self {
			Model::RepeatLast | Model::Seasonal => 0,
			Model::Point(_) => 1,
			Model::Net(net) => net.macs(),
		}
	}
}

impl Net {
	/// Multiply-accumulates of one window.
	pub fn macs(&self) -> u64 {
		self.skip.iter().chain(&self.layers).fold(0, |sum: u64, layer| sum.saturating_add(layer.macs()))
	}

	/// Steps of history it reads.
	pub fn window(&self) -> usize {
		usize::from(self.window)
	}

	/// Whether shapes fit from the window to `horizon`, and every number lies in its range.
	fn admit(&self, horizon: u16) -> Result<Class, ModelError> {
		ensure(IN_SHIFTS.contains(&self.in_shift), ModelError::Shift)?;
		ensure(self.layers.len() <= MAX_DEPTH.saturating_add(1), ModelError::Shape)?;
		ensure(self.skip.is_some() || !self.layers.is_empty(), ModelError::Shape)?;
		let mut class = Class::F;
		if let Some(skip) = &self.skip {
			class = class.max(skip.admit(self.window, horizon)?);
		}
		let mut inputs = self.window;
		if let Some((last, hidden)) = self.layers.split_last() {
			for layer in hidden {
				ensure((1..=MAX_WIDTH).contains(&layer.outputs), ModelError::Shape)?;
				class = class.max(layer.admit(inputs, layer.outputs)?);
				inputs = layer.outputs;
			}
			class = class.max(last.admit(inputs, horizon)?);
		}
		Ok(class)
	}
}

impl Layer {
	/// Multiply-accumulates of one pass.
	pub fn macs(&self) -> u64 {
		u64::from(self.inputs).saturating_mul(u64::from(self.outputs))
	}

	/// Whether the layer leads from `inputs` to `outputs` and every number lies in its range.
	fn admit(&self, inputs: u16, outputs: u16) -> Result<Class, ModelError> {
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

fn ensure(condition: bool, error: ModelError) -> Result<(), ModelError> {
	condition.then_some(()).ok_or(error)
}

fn read<T: Decode>(input: &mut &[u8]) -> Result<T, ModelError> {
	T::decode(input).map_err(|_| ModelError::Malformed)
}

/// A vector of numbers: `expected` of them where a shape says so.
fn read_vec<T: Decode>(input: &mut &[u8], expected: Option<u64>) -> Result<Vec<T>, ModelError> {
	let len = read::<Compact<u32>>(input)?.0 as usize;
	ensure(expected.is_none_or(|expected| len as u64 == expected), ModelError::Shape)?;
	ensure(len.saturating_mul(size_of::<T>()) <= input.len(), ModelError::Malformed)?;
	let mut values = Vec::with_capacity(len);
	for _ in 0..len {
		values.push(read(input)?);
	}
	Ok(values)
}

fn read_layer(input: &mut &[u8]) -> Result<Layer, ModelError> {
	let (inputs, outputs, shift) = read::<(u16, u16, u8)>(input)?;
	let weights = read_vec(input, Some(u64::from(inputs).saturating_mul(u64::from(outputs))))?;
	let bias = read_vec(input, Some(u64::from(outputs)))?;
	Ok(Layer { inputs, outputs, shift, weights, bias })
}

fn read_net(input: &mut &[u8]) -> Result<Net, ModelError> {
	let (window, in_shift) = read::<(u16, i8)>(input)?;
	let skip = match input.read_byte().map_err(|_| ModelError::Malformed)? {
		0 => None,
		1 => Some(read_layer(input)?),
		_ => return Err(ModelError::Malformed),
	};
	let depth = read::<Compact<u32>>(input)?.0 as usize;
	ensure(depth <= MAX_DEPTH.saturating_add(1), ModelError::Shape)?;
	let mut layers = Vec::with_capacity(depth);
	for _ in 0..depth {
		layers.push(read_layer(input)?);
	}
	Ok(Net { window, in_shift, skip, layers })
}
