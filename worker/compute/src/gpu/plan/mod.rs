//! Layers of a net as a device computes them: their shapes, the order of their weights, and their cost.

mod loops;

pub use loops::{last_layer_tiles, loop_iterations};

use super::{
	cells,
	layout::{DeviceConv, COLUMNS, GROUP, VEC4},
};
use crate::train::{
	candidate::{Candidate, Family},
	families::conv,
};
use doin_kernels::layout::{CellKind, CellShape, ConvGeometry, StepMajorShape, GATES};
use doin_scoring::{model::MAX_DEPTH, Encoder, Forecast, Layer, Net};
use strum::IntoStaticStr;

/// Number of threads that share the gradients of a convolution: those of a workgroup on a GPU. Sums do not depend on it.
const THREADS: usize = 256;
/// Cost of the gates of one unit in one step, forward and backward, beside their products; multiply-accumulates.
const UNIT_MACS: usize = 192;

/// Kind of net, which selects the shaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NetKind {
	/// Dense layers alone.
	Dense,
	/// Convolutions first.
	Conv,
	/// An LSTM first.
	Lstm,
	/// A GRU first.
	Gru,
}

impl NetKind {
	/// All kinds, in order.
	pub const ALL: [Self; 4] = [Self::Dense, Self::Conv, Self::Lstm, Self::Gru];

	/// Returns the kind of its cell, if it has one.
	pub fn cell(self) -> Option<CellKind> {
		match self {
			Self::Dense | Self::Conv => None,
			Self::Lstm => Some(CellKind::Lstm),
			Self::Gru => Some(CellKind::Gru),
		}
	}
}

/// Order of the weight rows of a layer on a device. The layers of a net count inputs channel by channel; convolutions on a device
/// store them step by step, each step padded to `pitch` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightRows {
	steps: usize,
	channels: usize,
	/// Distance of two steps, rows.
	pitch: usize,
}

impl WeightRows {
	fn dense(inputs: usize) -> Self {
		Self { steps: 1, channels: inputs, pitch: inputs }
	}

	/// Returns the number of inputs of the net's layer.
	pub fn inputs(&self) -> usize {
		self.steps * self.channels
	}

	/// Returns the number of rows on a device, padding included.
	pub fn count(&self) -> usize {
		self.steps * self.pitch
	}

	/// Returns the row of input `input`.
	pub fn row(&self, input: usize) -> usize {
		input % self.steps * self.pitch + input / self.steps
	}
}

/// Position of a convolution in its net.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
	/// Reads the window: no input gradient, and patches may be contiguous.
	First,
	/// Reads another convolution.
	Later,
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerPlan {
	/// Order of its weight rows.
	pub rows: WeightRows,
	/// Outputs of each step.
	pub outputs: usize,
	/// Neurons that it reads, padding included.
	pub neurons: usize,
	/// Geometry of a convolution; the place of its partial sums is not set.
	pub conv: Option<DeviceConv>,
}

impl LayerPlan {
	/// Returns the number of neurons of its outputs, padded to whole groups.
	pub fn output_neurons(&self) -> usize {
		let steps = self.conv.map_or(1, |conv| conv.steps as usize);
		steps * self.outputs.next_multiple_of(GROUP)
	}

	/// Returns the size of one partial sum of its weight gradients, `vec4`.
	pub fn partial_sum(&self) -> usize {
		let (inputs, outputs) = (self.rows.count().div_ceil(GROUP), self.outputs.div_ceil(GROUP));
		inputs * outputs * GROUP * GROUP / VEC4 + outputs * GROUP / VEC4
	}

	/// Returns the plan of a convolution whose input steps are `pitch` neurons apart.
	fn conv(geometry: &ConvGeometry, width: usize, pitch: usize, position: Position) -> Self {
		let StepMajorShape { steps, channels } = geometry.input;
		let first = position == Position::First;
		// A patch of adjacent neurons is one piece.
		let contiguous = first && geometry.dilation == 1;
		let pitch_of_rows = if contiguous { pitch } else { channels.next_multiple_of(GROUP) };
		let rows = WeightRows { steps: geometry.kernel, channels, pitch: pitch_of_rows };
		let begin = steps - 1 - (geometry.outputs - 1) * geometry.stride - (geometry.kernel - 1) * geometry.dilation;
		let tiles = rows.count().div_ceil(GROUP) * width.div_ceil(GROUP);
		// Time in products of one tile and step; of equal times, the smallest number of parts.
		let time = |parts: &usize| (tiles * parts).div_ceil(THREADS) * geometry.outputs.div_ceil(*parts);
		let parts = (1..=geometry.outputs).min_by_key(time).unwrap_or(1);
		let device = DeviceConv {
			steps: geometry.outputs as u32,
			pieces: if contiguous { 1 } else { geometry.kernel as u32 },
			piece_size: if contiguous { rows.count() } else { channels } as u32,
			piece_distance: (geometry.dilation * pitch) as u32,
			first: (begin * pitch) as u32,
			stride: (geometry.stride * pitch) as u32,
			gradient_shift: geometry.gradient_shift(),
			parts: parts as u32,
			..DeviceConv::default()
		};
		// The last group of a patch may extend beyond the window, into neurons whose weights are zero.
		let neurons = steps * pitch + if first { GROUP } else { 0 };
		Self { rows, outputs: width, neurons, conv: Some(device) }
	}

	fn dense(rows: WeightRows, outputs: usize) -> Self {
		Self { rows, outputs, neurons: rows.count(), conv: None }
	}
}

/// The layers of a net and its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetPlan {
	/// Steps of the window.
	pub window: usize,
	/// Channels of a step.
	pub channels: usize,
	/// Distance of two steps of a channel, neurons.
	pub pitch: usize,
	/// Outputs of the net.
	pub outputs: usize,
	/// Layers: convolutions or the gates of a cell first.
	pub layers: Vec<LayerPlan>,
	/// Shape of the cell, if there is one.
	pub cell: Option<CellShape>,
}

impl NetPlan {
	/// Returns the plan of a candidate for `channels` channels and `outputs` outputs. For a candidate that does not pass its
	/// [check](Candidate::check), the plan is of another net that fits a device.
	pub fn of_candidate(candidate: &Candidate, channels: usize, outputs: usize) -> Self {
		let (window, width) = (usize::from(candidate.window), usize::from(candidate.width));
		let cell = |kind| Self::of_cell(CellShape::new(kind, width, channels, window), &[outputs], outputs);
		let (convs, hidden) = match candidate.family {
			Family::Mlp => (Vec::new(), MAX_DEPTH.min(candidate.depth.into())),
			Family::Conv => (conv::geometries(candidate, channels).unwrap_or_default(), 0),
			Family::Lstm => return cell(CellKind::Lstm),
			Family::Gru => return cell(CellKind::Gru),
		};
		let convs: Vec<(ConvGeometry, usize)> = convs.into_iter().take(MAX_DEPTH).map(|geometry| (geometry, width)).collect();
		let dense: Vec<usize> = std::iter::repeat_n(width, hidden).chain([outputs]).collect();
		Self::new(window, channels, &convs, &dense, outputs)
	}

	/// Returns the plan of a net for `program`; `None` if devices do not compute the net, or if its layers do not fit the program
	/// or each other.
	pub fn of_net(net: &Net, program: &Forecast) -> Option<Self> {
		let (window, channels, outputs) = (net.window(), net.in_shifts.len(), usize::from(program.outputs()));
		let fits =
			(1..=usize::from(program.history)).contains(&window) && (1..=usize::from(program.channels)).contains(&channels);
		if !fits {
			return None;
		}
		// Each layer with the inputs and outputs that it must have.
		let mut shapes: Vec<(&Layer, usize, usize)> = net.skip.iter().map(|skip| (skip, window * channels, outputs)).collect();
		let (mut shape, mut convs) = (StepMajorShape { steps: window, channels }, Vec::new());
		match &net.encoder {
			Encoder::None => {}
			Encoder::Conv(all) if !all.is_empty() && !net.layers.is_empty() => {
				for conv in all {
					let geometry = ConvGeometry::new(shape, conv.kernel, conv.dilation, conv.stride)?;
					let width = usize::from(conv.layer.outputs);
					shapes.push((&conv.layer, geometry.kernel * shape.channels, width));
					convs.push((geometry, width));
					shape = StepMajorShape { steps: geometry.outputs, channels: width };
				}
			}
			Encoder::Lstm(cell) | Encoder::Gru(cell) if !net.layers.is_empty() => {
				let units = usize::from(cell.units());
				let outputs = units * if matches!(net.encoder, Encoder::Lstm(_)) { 4 } else { 3 };
				shapes.extend([(&cell.input, channels, outputs), (&cell.hidden, units, outputs)]);
				shape = StepMajorShape { steps: 1, channels: units };
			}
			_ => return None,
		}
		let mut inputs = shape.steps * shape.channels;
		for layer in &net.layers {
			shapes.push((layer, inputs, layer.outputs.into()));
			inputs = layer.outputs.into();
		}
		let consistent = shapes.iter().all(|(layer, inputs, outputs)| {
			(usize::from(layer.inputs), usize::from(layer.outputs)) == (*inputs, *outputs)
				&& inputs * outputs > 0
				&& (layer.weights.len(), layer.bias.len()) == (inputs * outputs, *outputs)
		});
		let complete = if net.layers.is_empty() { net.skip.is_some() } else { inputs == outputs };
		let dense: Vec<usize> = net.layers.iter().map(|layer| layer.outputs.into()).collect();
		let first = convs.len() + usize::from(matches!(net.encoder, Encoder::Lstm(_) | Encoder::Gru(_)));
		let within_depth = convs.len() <= MAX_DEPTH && first + dense.len() <= MAX_DEPTH + 1;
		(consistent && complete && within_depth).then(|| match cells::gates(net) {
			Some((shape, _)) => Self::of_cell(shape, &dense, outputs),
			None => Self::new(window, channels, &convs, &dense, outputs),
		})
	}

	fn new(window: usize, channels: usize, convs: &[(ConvGeometry, usize)], dense: &[usize], outputs: usize) -> Self {
		let window_pitch = if convs.is_empty() { 1 } else { channels };
		let mut layers = Vec::new();
		let mut pitch = window_pitch;
		let mut rows = WeightRows::dense(window * channels);
		for (at, (geometry, width)) in convs.iter().enumerate() {
			let position = if at == 0 { Position::First } else { Position::Later };
			layers.push(LayerPlan::conv(geometry, *width, pitch, position));
			pitch = width.next_multiple_of(GROUP);
			rows = WeightRows { steps: geometry.outputs, channels: *width, pitch };
		}
		for width in dense {
			layers.push(LayerPlan::dense(rows, *width));
			rows = WeightRows::dense(*width);
		}
		Self { window, channels, pitch: window_pitch, outputs, layers, cell: None }
	}

	fn of_cell(shape: CellShape, dense: &[usize], outputs: usize) -> Self {
		let (window, channels) = (shape.steps, shape.channels);
		let rows = WeightRows::dense(shape.inputs());
		let mut layers = vec![LayerPlan { rows, outputs: GATES * shape.units, neurons: window * channels, conv: None }];
		let mut inputs = shape.units;
		for width in dense {
			layers.push(LayerPlan::dense(WeightRows::dense(inputs), *width));
			inputs = *width;
		}
		Self { window, channels, pitch: 1, outputs, layers, cell: Some(shape) }
	}

	/// Returns how many copies of the inputs and of the outputs of layer `number` a batch keeps.
	pub fn copies(&self, number: usize) -> cells::Copies {
		match &self.cell {
			Some(shape) => cells::copies(shape, number),
			None => cells::Copies { inputs: 1, outputs: 1 },
		}
	}

	/// Returns the kind of the net.
	pub fn kind(&self) -> NetKind {
		match self.cell.as_ref().map(|shape| shape.kind) {
			Some(CellKind::Lstm) => NetKind::Lstm,
			Some(CellKind::Gru) => NetKind::Gru,
			None if self.convs() > 0 => NetKind::Conv,
			None => NetKind::Dense,
		}
	}

	/// Returns the number of convolutions.
	pub fn convs(&self) -> usize {
		self.layers.iter().filter(|layer| layer.conv.is_some()).count()
	}

	/// Returns the order of the weight rows of a linear skip.
	pub fn linear_skip(&self) -> WeightRows {
		if self.pitch > 1 {
			WeightRows { steps: self.window, channels: self.channels, pitch: self.pitch }
		} else {
			WeightRows::dense(self.window * self.channels)
		}
	}

	/// Returns the number of neurons of the window, padding included.
	pub fn features(&self) -> usize {
		self.layers.first().map_or(0, |layer| layer.neurons).max(self.window * self.channels)
	}

	/// Returns the multiply-accumulates of one training step for one window: forward, input gradients and weight gradients.
	pub fn training_macs_per_window(&self) -> usize {
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = self.cell.as_ref().filter(|_| at == 0) {
				let [from_input, from_output] = shape.kind.gates().map(<[usize]>::len);
				return shape.steps * shape.units * (2 * from_input * shape.channels + 3 * from_output * shape.units);
			}
			let steps = layer.conv.map_or(1, |conv| conv.steps as usize);
			// The window has no gradient.
			steps * layer.rows.inputs() * layer.outputs * if at == 0 { 2 } else { 3 }
		});
		layers.sum()
	}

	/// Returns the cost of one training step for one window on a device, multiply-accumulates, with or without a linear skip.
	pub fn step_cost(&self, skip: SkipPlan) -> f64 {
		let skip = match skip {
			SkipPlan::Linear => self.window * self.channels * self.outputs,
			SkipPlan::None => 0,
		};
		let gates = self.cell.as_ref().map_or(0, |shape| shape.steps * shape.units * UNIT_MACS);
		(self.training_macs_per_window() + skip + gates) as f64
	}
}

/// Linear skip that a net is trained beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipPlan {
	/// No linear skip, or one that is added after training.
	None,
	/// A frozen linear skip.
	Linear,
}

impl SkipPlan {
	/// Returns the plan of a candidate.
	pub fn of(candidate: &Candidate) -> Self {
		if candidate.trains_with_skip() {
			Self::Linear
		} else {
			Self::None
		}
	}
}

/// Returns the size of the samples of `neurons` neurons, padded to whole groups, in `vec4`.
pub fn sample_size(neurons: usize) -> usize {
	neurons.next_multiple_of(GROUP) * COLUMNS
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_input_has_a_row_of_its_own() {
		let base = Candidate { family: Family::Conv, window: 24, width: 9, depth: 3, ..Candidate::default() };
		for (candidate, channels) in [(base, 1), (base, 3), (Candidate { dilate: true, stride: 2, kernel: 2, ..base }, 2)] {
			let plan = NetPlan::of_candidate(&candidate, channels, 6);
			assert_eq!((plan.kind(), plan.convs(), plan.layers.len()), (NetKind::Conv, 3, 4));
			for rows in plan.layers.iter().map(|layer| layer.rows).chain([plan.linear_skip()]) {
				let mut all: Vec<usize> = (0..rows.inputs()).map(|input| rows.row(input)).collect();
				all.sort_unstable();
				all.dedup();
				assert!(all.len() == rows.inputs() && all.last() < Some(&rows.count()), "{rows:?}");
			}
		}
	}

	#[test]
	fn a_step_costs_what_its_products_cost() {
		let base = Candidate { window: 24, width: 20, depth: 2, ..Candidate::default() };
		let dense = NetPlan::of_candidate(&base, 2, 6).step_cost(SkipPlan::Linear);
		assert_eq!(dense, f64::from(2 * 48 * 20 + 3 * (20 * 20 + 20 * 6) + 48 * 6));
		let conv = Candidate { family: Family::Conv, kernel: 5, ..base };
		let steps = 2 * 20 * 5 * 20 + 3 * 16 * 100 * 20 + 3 * 16 * 20 * 6;
		assert_eq!(NetPlan::of_candidate(&conv, 1, 6).step_cost(SkipPlan::None), f64::from(steps));
		// The three gates of a GRU, from two channels and from 20 units.
		let gru = NetPlan::of_candidate(&Candidate { family: Family::Gru, ..base }, 2, 6);
		assert_eq!(gru.training_macs_per_window(), 24 * 20 * 3 * (2 * 2 + 3 * 20) + 3 * 20 * 6);
	}
}
