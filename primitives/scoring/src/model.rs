//! Models: their structure, their encoding, and the rules by which the chain admits them.

use crate::{
	decode,
	encoder::Encoder,
	genome::{Genome, GenomeError},
	program::{Forecast, Program},
	rows::{Rows, ROW_SHIFTS},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use scale_info::TypeInfo;

/// Largest weight or activation in absolute value, a signed 12-bit number.
pub const MAX_ACT: i32 = 2_047;
/// Maximum number of hidden layers.
pub const MAX_DEPTH: usize = 8;
/// Maximum number of outputs of a hidden layer.
pub const MAX_WIDTH: u16 = 512;
/// Fractional bits of a prediction: one raw unit is 2^OUT_FRAC.
pub const OUT_FRAC: u32 = 4;
/// Cost of requantising one number, in multiply-accumulates.
pub const REQUANTISE_MACS: u64 = 8;
/// Admitted requantising shifts of a layer.
pub const SHIFTS: RangeInclusive<u8> = 1..=24;
/// Admitted shifts from raw units to activations. Beyond this range every difference is 0 or clamped.
pub const IN_SHIFTS: RangeInclusive<i8> = -24..=11;
/// Largest coordinate of a point of [`Program::Quadratic`], Q8, in absolute value.
pub const MAX_COORDINATE: u32 = 1 << 20;
/// First byte of an encoded model.
pub const VERSION: u8 = 2;

/// Model of a candidate, or a baseline. The encoding is SCALE behind a version byte; see [`Model::to_bytes`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[allow(clippy::large_enum_variant, reason = "nearly every model is a net")]
pub enum Model {
	/// Baseline: repeats the last value. Cannot be submitted.
	#[codec(index = 0)]
	RepeatLast,
	/// Baseline: repeats the last season. Cannot be submitted.
	#[codec(index = 1)]
	Seasonal,
	/// Point: coordinates in Q8 of [`Program::Quadratic`], in thousandths of [`Program::Landscape`].
	#[codec(index = 2)]
	Point(Vec<i32>),
	/// Net of [`Program::Forecast`], or of [`Program::Rows`].
	#[codec(index = 3)]
	Net(Net),
	/// Baseline of [`Rows`]: the score of each class, or each value in 2^−OUT_FRAC raw units. Cannot be submitted.
	#[codec(index = 4)]
	Constant(Vec<i32>),
	/// Model of [`Program::Tolerance`]: bytes of which only the program of the domain knows the meaning. The empty list is the initial
	/// champion, and cannot be submitted.
	#[codec(index = 5)]
	Opaque(Vec<u8>),
	/// Loss of [`Program::LossGenome`].
	#[codec(index = 6)]
	Genome(Genome),
}

/// Linear skip, net, or both. A net is an [`Encoder`] and the dense layers that read its outputs; without an encoder it is
/// an MLP.
///
/// The features are `x[c][i] = clamp(shift(p[c][last − window + 1 + i] − p[c][last], in_shifts[c]), ±2047)` for each channel c
/// and each `i` in `0..window`, channel by channel. The outputs are `skip(x) + net(x)`: for each forecast step its difference
/// from the last value of channel 0, in 2^−OUT_FRAC raw units, or one score per class.
///
/// For [`Rows`], the features are those of [`row_features`](crate::rows::row_features) with the one shift of the net, and the
/// outputs are one score per class, or the values in 2^−OUT_FRAC raw units.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Net {
	/// Steps of history that the net reads, or features of a row.
	pub window: u16,
	/// Shift from raw units to activations, one per channel that the net reads: a left shift if positive, a rounding right shift
	/// if negative.
	pub in_shifts: Vec<i8>,
	/// Linear skip: a layer from all features to the outputs.
	pub skip: Option<Layer>,
	/// Encoder between the features and the dense layers.
	pub encoder: Encoder,
	/// Dense layers; empty for a linear model. The last layer leads to the outputs, all others end in a ReLU clamped to 0..=2047.
	pub layers: Vec<Layer>,
}

/// Dense layer: `y = (W·x + b + 2^(shift−1)) >> shift`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Layer {
	/// Number of inputs.
	pub inputs: u16,
	/// Number of outputs.
	pub outputs: u16,
	/// Requantising shift, 1..=24.
	pub shift: u8,
	/// Weights in ±2047, `outputs` rows of `inputs`.
	pub weights: Vec<i16>,
	/// Biases at accumulator scale, one per output.
	pub bias: Vec<i32>,
}

/// Reason for which [`Model::from_bytes`] or [`Model::admit`] rejects a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum ModelError {
	/// The bytes are not an encoded model, or bytes are left over.
	Malformed,
	/// The version byte is unknown.
	Version,
	/// The model belongs to another program, or is a baseline.
	Family,
	/// The layers do not fit the window, each other or the outputs; the number of weights of a layer differs from its shape; the
	/// number of layers or channels, or the width of a layer, is 0 or too large; a point has another dimension; or an opaque model
	/// is empty.
	Shape,
	/// The window is 0 or longer than the history of the domain, or not as long as a row.
	Window,
	/// A weight lies outside ±2047, or a coordinate outside ±2²⁰ or the bounds of its landscape.
	Weight,
	/// A shift lies outside its range.
	Shift,
	/// `2047·Σ|w| + |b| + 2^(shift−1)` of a neuron reaches 2³¹.
	Overflow,
	/// One window or row costs more multiply-accumulates than the domain allows.
	TooCostly,
	/// The encoded model is larger than the domain allows.
	TooLarge,
	/// The genome is refused.
	Genome(GenomeError),
}

impl From<GenomeError> for ModelError {
	fn from(error: GenomeError) -> Self {
		ModelError::Genome(error)
	}
}

/// Widest accumulator that a forward pass of an admitted model needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum AccumulatorWidth {
	/// Every sum stays below 2²⁴ in absolute value, so an `f32` matrix product computes it exactly too.
	#[codec(index = 0)]
	Exact24,
	/// Every sum stays below 2³¹ in absolute value.
	#[codec(index = 1)]
	I32,
}

impl Model {
	/// Returns the version byte [`VERSION`], followed by the SCALE encoding.
	///
	/// ```
	/// use doin_scoring::Model;
	/// let point = Model::Point(vec![256, -256]);
	/// assert_eq!(Model::from_bytes(&point.to_bytes()), Ok(point));
	/// ```
	pub fn to_bytes(&self) -> Vec<u8> {
		(VERSION, self).encode()
	}

	/// Returns `true` if bytes that are the encoding of a model are that of a genome, which [`Model::admit`] runs on the
	/// [probe](crate::genome::probe).
	///
	/// ```
	/// use doin_scoring::{genome::library, Model};
	/// assert!(Model::is_genome(&Model::Genome(library::cross_entropy()).to_bytes()));
	/// assert!(!Model::is_genome(&Model::Seasonal.to_bytes()));
	/// ```
	pub fn is_genome(bytes: &[u8]) -> bool {
		bytes.get(1) == Some(&6)
	}

	/// Decodes a model. Every model has exactly one encoding, and `bytes` must hold nothing else. Safe for untrusted bytes;
	/// see [`decode`].
	///
	/// # Errors
	///
	/// Fails with [`ModelError::Version`] for an unknown version byte, with [`ModelError::Shape`] if the length of a list does
	/// not fit its shape, and with [`ModelError::Malformed`] for any other fault.
	pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
		decode::model(bytes)
	}

	/// Checks that the model can be submitted to a domain of `program` that allows `max_bytes` bytes per model and
	/// `max_macs` multiply-accumulates per window or row. `encoded_len` is the length of its encoding in bytes. Returns the width
	/// of the widest accumulator.
	///
	/// The limit of a genome is that of one entry of a batch: one score of one sample in one step.
	///
	/// Everything that scoring relies on is checked here, from the weights alone, so a forward pass needs no checks.
	///
	/// # Errors
	///
	/// Fails with the first fault found: size, cost, family, shapes, shifts, weights, then the bound of the accumulators.
	pub fn admit(
		&self,
		program: &Program,
		max_bytes: u32,
		max_macs: u32,
		encoded_len: usize,
	) -> Result<AccumulatorWidth, ModelError> {
		ensure(u32::try_from(encoded_len).is_ok_and(|len| len <= max_bytes), ModelError::TooLarge)?;
		ensure(self.macs() <= u64::from(max_macs), ModelError::TooCostly)?;
		match (self, program) {
			(Model::Point(point), Program::Quadratic(quadratic)) => {
				ensure(point.len() == quadratic.target.len(), ModelError::Shape)?;
				ensure(point.iter().all(|x| x.unsigned_abs() <= MAX_COORDINATE), ModelError::Weight)?;
				Ok(AccumulatorWidth::I32)
			}
			(Model::Point(point), Program::Landscape(landscape)) => {
				landscape.admit(point)?;
				Ok(AccumulatorWidth::I32)
			}
			(Model::Net(net), Program::Forecast(forecast)) => net.admit(forecast),
			(Model::Net(net), Program::Rows(rows)) => net.admit_rows(rows),
			(Model::Opaque(bytes), Program::Tolerance(_)) => {
				ensure(!bytes.is_empty(), ModelError::Shape)?;
				Ok(AccumulatorWidth::I32)
			}
			(Model::Genome(genome), Program::LossGenome(runs)) => {
				let cost = genome.entry_cost(runs.batch, runs.classes.into());
				ensure(cost <= u64::from(max_macs), ModelError::TooCostly)?;
				genome.check()?;
				Ok(AccumulatorWidth::I32)
			}
			_ => Err(ModelError::Family),
		}
	}

	/// Returns the cost of one window, one row, or one coordinate of a point, in multiply-accumulates; 0 for the baselines, and for
	/// opaque models, which the runtime does not score. That of a genome is the cost of one entry of a batch whose products of
	/// matrices have one term; [`Genome::entry_cost`] knows those.
	pub fn macs(&self) -> u64 {
		match self {
			Model::RepeatLast | Model::Seasonal | Model::Constant(_) | Model::Opaque(_) => 0,
			Model::Point(_) => 1,
			Model::Net(net) => net.macs(),
			Model::Genome(genome) => genome.entry_cost(1, 1),
		}
	}
}

impl Net {
	/// Returns the cost of one window or row in multiply-accumulates. Other operations of layers and encoder count as a fixed
	/// number of them.
	pub fn macs(&self) -> u64 {
		let dense = self.skip.iter().chain(&self.layers).fold(0, |sum: u64, layer| sum.saturating_add(layer.cost()));
		dense.saturating_add(self.encoder.macs(self.window))
	}

	/// Returns the number of steps of history that the net reads.
	pub fn window(&self) -> usize {
		usize::from(self.window)
	}

	/// Returns the number of features: steps times channels that the net reads.
	pub fn features(&self) -> usize {
		self.window().saturating_mul(self.in_shifts.len())
	}

	/// Checks that all shapes fit, from the window to the outputs of `forecast`, and that every number lies in its range. Returns
	/// the width of the widest accumulator.
	fn admit(&self, forecast: &Forecast) -> Result<AccumulatorWidth, ModelError> {
		ensure((1..=forecast.history).contains(&self.window), ModelError::Window)?;
		ensure((1..=usize::from(forecast.channels)).contains(&self.in_shifts.len()), ModelError::Shape)?;
		ensure(self.in_shifts.iter().all(|shift| IN_SHIFTS.contains(shift)), ModelError::Shift)?;
		let channels = u16::try_from(self.in_shifts.len()).map_err(|_| ModelError::Shape)?;
		self.admit_layers(channels, forecast.outputs(), || self.encoder.admit(self.window, channels))
	}

	/// Checks that the net scores the rows of `program`: all shapes fit, from the features to the outputs, and every number lies
	/// in its range. Returns the width of the widest accumulator.
	///
	/// # Errors
	///
	/// Fails with the first fault found: [`ModelError::Window`] for another number of features, [`ModelError::Shift`] for a shift
	/// outside [`ROW_SHIFTS`], [`ModelError::Family`] for an encoder of series, and the errors of [`Model::admit`].
	pub fn admit_rows(&self, program: &Rows) -> Result<AccumulatorWidth, ModelError> {
		ensure(self.window == program.features, ModelError::Window)?;
		ensure(self.in_shifts.len() == 1, ModelError::Shape)?;
		ensure(self.in_shifts.iter().all(|shift| ROW_SHIFTS.contains(shift)), ModelError::Shift)?;
		self.admit_layers(1, program.outputs(), || match &self.encoder {
			Encoder::None => Ok(AccumulatorWidth::Exact24),
			Encoder::Image(conv) => conv.admit(program),
			Encoder::Conv(_) | Encoder::Lstm(_) | Encoder::Gru(_) => Err(ModelError::Family),
		})
	}

	/// Checks that skip and layers lead from a window of `channels` channels to `outputs` outputs. `encoder` checks the encoder
	/// and returns its width. Returns the width of the widest accumulator.
	fn admit_layers(
		&self,
		channels: u16,
		outputs: u16,
		encoder: impl FnOnce() -> Result<AccumulatorWidth, ModelError>,
	) -> Result<AccumulatorWidth, ModelError> {
		ensure(self.layers.len() <= MAX_DEPTH.saturating_add(1), ModelError::Shape)?;
		let mut width = AccumulatorWidth::Exact24;
		if let Some(skip) = &self.skip {
			let features = self.window.checked_mul(channels).ok_or(ModelError::Shape)?;
			width = width.max(skip.admit(features, outputs)?);
		}
		let Some((last, hidden)) = self.layers.split_last() else {
			// A model without dense layers is a linear skip alone.
			ensure(self.skip.is_some() && self.encoder == Encoder::None, ModelError::Shape)?;
			return Ok(width);
		};
		width = width.max(encoder()?);
		let mut inputs = self.encoder.outputs(self.window, channels).ok_or(ModelError::Shape)?;
		for layer in hidden {
			ensure((1..=MAX_WIDTH).contains(&layer.outputs), ModelError::Shape)?;
			width = width.max(layer.admit(inputs, layer.outputs)?);
			inputs = layer.outputs;
		}
		Ok(width.max(last.admit(inputs, outputs)?))
	}
}

impl Layer {
	/// Returns the number of products of one pass, which equals the number of weights.
	pub fn macs(&self) -> u64 {
		u64::from(self.inputs).saturating_mul(u64::from(self.outputs))
	}

	/// Returns the cost of one pass in multiply-accumulates: its products, and [`REQUANTISE_MACS`] per output.
	pub fn cost(&self) -> u64 {
		self.macs().saturating_add(u64::from(self.outputs).saturating_mul(REQUANTISE_MACS))
	}

	/// Checks that the layer maps `inputs` to `outputs` numbers and that every number lies in its range. Returns the width of
	/// its accumulator.
	pub(crate) fn admit(&self, inputs: u16, outputs: u16) -> Result<AccumulatorWidth, ModelError> {
		ensure(self.inputs == inputs && self.outputs == outputs && inputs > 0, ModelError::Shape)?;
		ensure(self.weights.len() as u64 == self.macs() && self.bias.len() == usize::from(outputs), ModelError::Shape)?;
		ensure(SHIFTS.contains(&self.shift), ModelError::Shift)?;
		ensure(self.weights.iter().all(|w| i32::from(w.unsigned_abs()) <= MAX_ACT), ModelError::Weight)?;
		self.accumulator_width().ok_or(ModelError::Overflow)
	}

	/// Returns the accumulator width of the widest neuron by its static bound `A = 2047·Σ|w| + |b| + 2^(shift−1)`, or `None`
	/// if A reaches 2³¹. A bounds the accumulator and all its partial sums in any order, the rounding term of the
	/// requantisation included.
	pub fn accumulator_width(&self) -> Option<AccumulatorWidth> {
		let half = 1u64.checked_shl(u32::from(self.shift.saturating_sub(1))).unwrap_or(u64::MAX);
		let rows = self.weights.chunks_exact(usize::from(self.inputs).max(1));
		let widest = rows.zip(&self.bias).map(|(row, bias)| {
			let sum = row.iter().fold(0u64, |sum, w| sum.saturating_add(u64::from(w.unsigned_abs())));
			sum.saturating_mul(MAX_ACT as u64).saturating_add(u64::from(bias.unsigned_abs())).saturating_add(half)
		});
		match widest.max().unwrap_or(half) {
			0..0x0100_0000 => Some(AccumulatorWidth::Exact24),
			0x0100_0000..0x8000_0000 => Some(AccumulatorWidth::I32),
			_ => None,
		}
	}
}

/// Returns `Ok` if `condition` holds, and `error` otherwise.
pub(crate) fn ensure(condition: bool, error: ModelError) -> Result<(), ModelError> {
	condition.then_some(()).ok_or(error)
}
