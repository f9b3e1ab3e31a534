//! Cost of the net of a candidate, as its domain counts it.

use super::{Candidate, Family};
use crate::{
	train::{dataset::Dataset, families::conv},
	Error,
};
use doin_scoring::{
	encoder::{COPY_MACS, UNIT_MACS},
	model::REQUANTISE_MACS,
};

/// Cost of a net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
	/// Multiply-accumulates of one window.
	pub macs: u64,
	/// Number of weights, of two bytes each.
	pub weights: u64,
	/// Number of biases, of four bytes each.
	pub biases: u64,
}

impl Cost {
	/// Returns the size of weights and biases, bytes.
	pub fn bytes(&self) -> u64 {
		2 * self.weights + 4 * self.biases
	}
}

impl Candidate {
	/// Returns the cost of the net, with its linear skip.
	///
	/// # Errors
	///
	/// [`Error::Gene`] for convolutions that do not fit the window.
	pub(crate) fn cost(&self, data: &Dataset) -> Result<Cost, Error> {
		let program = &data.task.program;
		let outputs = u64::from(program.outputs());
		let features = u64::from(self.window) * data.channels() as u64;
		let mut cost = Cost::default();
		if !self.is_linear() {
			cost = match self.family {
				Family::Mlp => self.dense_cost(features, outputs),
				Family::Conv => conv::cost(self, data.channels(), program.outputs())?,
				Family::Lstm => self.cell_cost(4, data.channels() as u64, outputs),
				Family::Gru => self.cell_cost(3, data.channels() as u64, outputs),
			};
		}
		if self.linear_skip || self.is_linear() {
			cost.macs += features * outputs + outputs * REQUANTISE_MACS;
			cost.weights += features * outputs;
			cost.biases += outputs;
		}
		Ok(cost)
	}

	/// Returns the cost of dense layers.
	fn dense_cost(&self, features: u64, outputs: u64) -> Cost {
		let (width, deeper) = (u64::from(self.width), u64::from(self.depth).saturating_sub(1));
		let weights = features * width + width * width * deeper + width * outputs;
		let biases = width * (deeper + 1) + outputs;
		Cost { macs: weights + biases * REQUANTISE_MACS, weights, biases }
	}

	/// Returns the cost of a cell with `gates` gates per unit and of the layer behind it; see [`doin_scoring::Encoder::macs`].
	fn cell_cost(&self, gates: u64, channels: u64, outputs: u64) -> Cost {
		let (steps, units) = (u64::from(self.window), u64::from(self.width));
		let weights = gates * units * (channels + units);
		Cost {
			macs: steps * (weights + COPY_MACS * channels + UNIT_MACS * units) + units * outputs + outputs * REQUANTISE_MACS,
			weights: weights + units * outputs,
			biases: 2 * gates * units + outputs,
		}
	}
}
