//! What the layers of a net read and leave on a device, whoever trains or made it.

use super::{
	cells,
	layout::{DeviceTaps, COLUMNS, GROUP, VEC4},
};
use crate::{
	backend::{
		gates::{self, KINDS},
		steps::{Grid, Taps},
	},
	conv,
	population::{Candidate, Family},
};
use doin_scoring::{model::MAX_DEPTH, program::MAX_BOUNDS, Encoder, Forecast, Net};

/// Threads that share out the gradients of a convolution: as many as a workgroup has on a GPU. More or fewer give the same sums.
const THREADS: usize = 256;

/// The kernels that a net takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
	/// Dense layers alone.
	Dense,
	/// Convolutions first.
	Conv,
	/// A long short-term memory first.
	Lstm,
	/// A gated recurrent unit first.
	Gru,
}

impl Form {
	/// All, in order.
	pub const ALL: [Self; 4] = [Self::Dense, Self::Conv, Self::Lstm, Self::Gru];

	/// The cell that comes first.
	pub fn cell(self) -> Option<gates::Kind> {
		match self {
			Self::Dense | Self::Conv => None,
			Self::Lstm => Some(gates::Kind::Lstm),
			Self::Gru => Some(gates::Kind::Gru),
		}
	}
}

/// What the gates of a unit cost in one step forward and back beside their products, in multiply-accumulates.
const UNIT_MACS: usize = 192;

/// Which row of a layer's weights belongs to an input of a net's layer: nets count channel by channel, devices step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
	steps: usize,
	channels: usize,
	/// Distance of steps.
	pitch: usize,
}

impl Rows {
	fn dense(inputs: usize) -> Self {
		Self { steps: 1, channels: inputs, pitch: inputs }
	}

	/// Inputs of the net's layer.
	pub fn inputs(&self) -> usize {
		self.steps * self.channels
	}

	/// Rows on a device, those that fill groups included.
	pub fn count(&self) -> usize {
		self.steps * self.pitch
	}

	/// The row of input `input`.
	pub fn row(&self, input: usize) -> usize {
		input % self.steps * self.pitch + input / self.steps
	}
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
	/// Where its weights lie.
	pub rows: Rows,
	/// Outputs, of each step.
	pub outputs: usize,
	/// Neurons that it reads, with what fills groups.
	pub neurons: usize,
	/// How a convolution reads them; its partial sums have no place yet.
	pub taps: Option<DeviceTaps>,
}

impl Stage {
	/// Neurons that it leaves, in whole groups.
	pub fn leaves(&self) -> usize {
		let steps = self.taps.map_or(1, |taps| taps.steps as usize);
		steps * self.outputs.next_multiple_of(GROUP)
	}

	/// `vec4` of the gradients that each part of a convolution sums.
	pub fn partial(&self) -> usize {
		let (inputs, outputs) = (self.rows.count().div_ceil(GROUP), self.outputs.div_ceil(GROUP));
		inputs * outputs * GROUP * GROUP / VEC4 + outputs * GROUP / VEC4
	}

	/// A convolution that reads steps whose distance is `pitch` neurons. The `first` one has no gradients of what it reads.
	fn conv(taps: &Taps, width: usize, pitch: usize, first: bool) -> Self {
		let Grid { steps, channels } = taps.input;
		// A patch of neighbouring neurons is one piece.
		let whole = first && taps.dilation == 1;
		let rows = Rows { steps: taps.kernel, channels, pitch: if whole { pitch } else { channels.next_multiple_of(GROUP) } };
		let begin = steps - 1 - (taps.outputs - 1) * taps.stride - (taps.kernel - 1) * taps.dilation;
		let tiles = rows.count().div_ceil(GROUP) * width.div_ceil(GROUP);
		// The time that it takes, in products of one tile and step; of equal ones, the one with the fewest parts.
		let time = |parts: &usize| (tiles * parts).div_ceil(THREADS) * taps.outputs.div_ceil(*parts);
		let parts = (1..=taps.outputs).min_by_key(time).unwrap_or(1);
		let device = DeviceTaps {
			steps: taps.outputs as u32,
			pieces: if whole { 1 } else { taps.kernel as u32 },
			count: if whole { rows.count() } else { channels } as u32,
			gap: (taps.dilation * pitch) as u32,
			first: (begin * pitch) as u32,
			stride: (taps.stride * pitch) as u32,
			bits: taps.bits(),
			parts: parts as u32,
			..DeviceTaps::default()
		};
		// The last group of a patch may reach beyond the window, into what is multiplied with nothing.
		let neurons = steps * pitch + if first { GROUP } else { 0 };
		Self { rows, outputs: width, neurons, taps: Some(device) }
	}

	fn dense(rows: Rows, outputs: usize) -> Self {
		Self { rows, outputs, neurons: rows.count(), taps: None }
	}
}

/// The layers of a net and what they read of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
	/// Steps of a window.
	pub window: usize,
	/// Their channels.
	pub channels: usize,
	/// Distance of the steps of a channel.
	pub pitch: usize,
	/// What the net gives.
	pub outputs: usize,
	/// Convolutions first, or the gates of a cell.
	pub layers: Vec<Stage>,
	/// The cell.
	pub cell: Option<gates::Shape>,
}

impl Plan {
	/// Of a candidate for `channels` channels and `outputs` outputs. Of one that does not pass its [check](Candidate::check), something that
	/// fits a device.
	pub fn of(candidate: &Candidate, channels: usize, outputs: usize) -> Self {
		let (window, width) = (usize::from(candidate.window), usize::from(candidate.width));
		let cell = |kind| Self::of_cell(gates::Shape::new(kind, width, channels, window), &[outputs], outputs);
		let (convs, hidden) = match candidate.family {
			Family::Mlp => (Vec::new(), MAX_DEPTH.min(candidate.depth.into())),
			Family::Conv => (conv::taps(candidate, channels).unwrap_or_default(), 0),
			Family::Lstm => return cell(gates::Kind::Lstm),
			Family::Gru => return cell(gates::Kind::Gru),
		};
		let convs: Vec<(Taps, usize)> = convs.into_iter().take(MAX_DEPTH).map(|taps| (taps, width)).collect();
		let dense: Vec<usize> = std::iter::repeat_n(width, hidden).chain([outputs]).collect();
		Self::new(window, channels, &convs, &dense, outputs)
	}

	/// Of a net for `program`; `None` if it is not one that devices compute, or its layers do not fit the program and each other.
	pub fn of_net(net: &Net, program: &Forecast) -> Option<Self> {
		let (window, channels, outputs) = (net.window(), net.in_shifts.len(), usize::from(program.outputs()));
		let fits =
			(1..=usize::from(program.history)).contains(&window) && (1..=usize::from(program.channels)).contains(&channels);
		if !fits {
			return None;
		}
		let layers = net.skip.iter().map(|path| (path, window * channels, outputs));
		let mut leads = layers.collect::<Vec<_>>();
		let (mut grid, mut convs) = (Grid { steps: window, channels }, Vec::new());
		match &net.encoder {
			Encoder::None => {}
			Encoder::Conv(all) if !all.is_empty() && !net.layers.is_empty() => {
				for conv in all {
					let taps = Taps::new(grid, conv.kernel, conv.dilation, conv.stride)?;
					let width = usize::from(conv.layer.outputs);
					leads.push((&conv.layer, taps.kernel * grid.channels, width));
					convs.push((taps, width));
					grid = Grid { steps: taps.outputs, channels: width };
				}
			}
			Encoder::Lstm(cell) | Encoder::Gru(cell) if !net.layers.is_empty() => {
				let units = usize::from(cell.units());
				let outputs = units * if matches!(net.encoder, Encoder::Lstm(_)) { 4 } else { 3 };
				leads.extend([(&cell.input, channels, outputs), (&cell.hidden, units, outputs)]);
				grid = Grid { steps: 1, channels: units };
			}
			_ => return None,
		}
		let mut inputs = grid.steps * grid.channels;
		for layer in &net.layers {
			leads.push((layer, inputs, layer.outputs.into()));
			inputs = layer.outputs.into();
		}
		let filled = leads.iter().all(|(layer, inputs, outputs)| {
			(usize::from(layer.inputs), usize::from(layer.outputs)) == (*inputs, *outputs)
				&& inputs * outputs > 0
				&& (layer.weights.len(), layer.bias.len()) == (inputs * outputs, *outputs)
		});
		let ends = if net.layers.is_empty() { net.skip.is_some() } else { inputs == outputs };
		let dense: Vec<usize> = net.layers.iter().map(|layer| layer.outputs.into()).collect();
		let first = convs.len() + usize::from(matches!(net.encoder, Encoder::Lstm(_) | Encoder::Gru(_)));
		let few = convs.len() <= MAX_DEPTH && first + dense.len() <= MAX_DEPTH + 1;
		(filled && ends && few).then(|| match cells::gates(net) {
			Some((shape, _)) => Self::of_cell(shape, &dense, outputs),
			None => Self::new(window, channels, &convs, &dense, outputs),
		})
	}

	fn new(window: usize, channels: usize, convs: &[(Taps, usize)], dense: &[usize], outputs: usize) -> Self {
		let by_steps = !convs.is_empty();
		let mut layers = Vec::new();
		let mut pitch = if by_steps { channels } else { 1 };
		let mut rows = Rows::dense(window * channels);
		for (at, (taps, width)) in convs.iter().enumerate() {
			layers.push(Stage::conv(taps, *width, pitch, at == 0));
			pitch = width.next_multiple_of(GROUP);
			rows = Rows { steps: taps.outputs, channels: *width, pitch };
		}
		for width in dense {
			layers.push(Stage::dense(rows, *width));
			rows = Rows::dense(*width);
		}
		Self { window, channels, pitch: if by_steps { channels } else { 1 }, outputs, layers, cell: None }
	}

	fn of_cell(shape: gates::Shape, dense: &[usize], outputs: usize) -> Self {
		let (window, channels) = (shape.steps, shape.channels);
		let rows = Rows::dense(shape.inputs());
		let mut layers = vec![Stage { rows, outputs: KINDS * shape.units, neurons: window * channels, taps: None }];
		let mut inputs = shape.units;
		for width in dense {
			layers.push(Stage::dense(Rows::dense(inputs), *width));
			inputs = *width;
		}
		Self { window, channels, pitch: 1, outputs, layers, cell: Some(shape) }
	}

	/// How many times over what layer `number` reads and leaves is kept for a batch.
	pub fn kept(&self, number: usize) -> (usize, usize) {
		match &self.cell {
			Some(shape) => cells::kept(shape, number),
			None => (1, 1),
		}
	}

	/// Its kernels.
	pub fn form(&self) -> Form {
		match self.cell.as_ref().map(|shape| shape.kind) {
			Some(gates::Kind::Lstm) => Form::Lstm,
			Some(gates::Kind::Gru) => Form::Gru,
			None if self.convs() > 0 => Form::Conv,
			None => Form::Dense,
		}
	}

	/// Its convolutions.
	pub fn convs(&self) -> usize {
		self.layers.iter().filter(|layer| layer.taps.is_some()).count()
	}

	/// Where the weights of a linear path beside it lie.
	pub fn path(&self) -> Rows {
		if self.pitch > 1 {
			Rows { steps: self.window, channels: self.channels, pitch: self.pitch }
		} else {
			Rows::dense(self.window * self.channels)
		}
	}

	/// Places of what it reads and leaves, in whole groups of neurons.
	pub fn features(&self) -> usize {
		self.layers.first().map_or(0, |layer| layer.neurons).max(self.window * self.channels)
	}

	/// Multiply-accumulates of one training step of one window: forward, back to what each layer reads, and back to weights.
	pub fn products(&self) -> usize {
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = self.cell.as_ref().filter(|_| at == 0) {
				let [from_input, from_output] = shape.kind.gates().map(<[usize]>::len);
				return shape.steps * shape.units * (2 * from_input * shape.channels + 3 * from_output * shape.units);
			}
			let steps = layer.taps.map_or(1, |taps| taps.steps as usize);
			// Nothing is propagated to the window.
			steps * layer.rows.inputs() * layer.outputs * if at == 0 { 2 } else { 3 }
		});
		layers.sum()
	}

	/// What such a step costs a device, in multiply-accumulates.
	pub fn macs(&self, path: bool) -> f64 {
		let path = if path { self.window * self.channels * self.outputs } else { 0 };
		let gates = self.cell.as_ref().map_or(0, |shape| shape.steps * shape.units * UNIT_MACS);
		(self.products() + path + gates) as f64
	}
}

/// Turns of a loop of `count` turns that each take `inner` turns of loops within.
pub fn turns(count: usize, inner: usize) -> usize {
	1 + count * (1 + inner)
}

/// Tiles of `outputs` outputs for a batch that one of `size` threads takes, at most.
pub fn last_tiles(outputs: usize, size: usize) -> usize {
	// Classes are compared by a thread that takes all scores of its windows.
	const MOST_CLASSES: usize = MAX_BOUNDS as usize + 1;
	let groups = outputs.div_ceil(GROUP);
	let shared = (groups * COLUMNS).div_ceil(size);
	if outputs > MOST_CLASSES {
		shared
	} else {
		groups * COLUMNS.div_ceil(size)
	}
}

impl Plan {
	/// Turns of loops that a thread of a workgroup of `size` threads takes for one batch of windows, at most.
	pub fn forward_turns(&self, size: usize) -> usize {
		let share = |items: usize| items.div_ceil(size);
		// Drawing and looking up windows, classes, and what is done once per dispatch.
		const REST: usize = 4_096;
		let gather = turns(self.channels, turns((self.window * COLUMNS).div_ceil(size), 0));
		let path = turns(share(self.outputs.div_ceil(GROUP) * COLUMNS), turns(self.path().count(), 0));
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = self.cell.as_ref().filter(|_| at == 0) {
				return cells::forward_turns(shape, COLUMNS, size) + share(layer.partial());
			}
			let patch = match layer.taps {
				Some(taps) => turns(taps.pieces as usize, turns(taps.count as usize, 0)),
				None => turns(layer.rows.count(), 0),
			};
			let kept = share(layer.partial());
			let last = at + 1 == self.layers.len();
			let tiles = if last { last_tiles(self.outputs, size) } else { share(layer.leaves() / GROUP * COLUMNS) };
			turns(tiles, patch) + kept
		});
		REST + gather + path + layers.sum::<usize>()
	}

	/// The same for one training step.
	pub fn step_turns(&self, size: usize) -> usize {
		let share = |items: usize| items.div_ceil(size);
		let columns = turns(COLUMNS, 0);
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = &self.cell {
				// Both halves of a batch, each with a last layer of its own.
				return if at == 0 { 2 * cells::half_turns(shape, self.outputs, size) } else { 0 };
			}
			let (ins, outs) = (layer.rows.count().div_ceil(GROUP), layer.outputs.div_ceil(GROUP));
			let pieces = layer.taps.map_or(1, |taps| taps.pieces as usize);
			let tiles = share(layer.neurons.div_ceil(GROUP) * COLUMNS);
			let back = if at > 0 { turns(tiles, turns(pieces, turns(layer.outputs, 0))) + turns(tiles, GROUP + 1) } else { 0 };
			let update = match layer.taps {
				None => turns(share(ins * outs), columns) + turns(share(2 * outs), 4 * columns),
				Some(taps) => {
					let parts = taps.parts as usize;
					let steps = (taps.steps as usize).div_ceil(parts);
					turns(share(ins * outs * parts), turns(steps, columns))
						+ turns(share(2 * outs * parts), turns(steps, 4 * columns))
						+ turns(share(layer.partial()), turns(parts, 0))
						+ turns(share(ins * outs), 0)
						+ turns(share(2 * outs), 0)
				}
			};
			back + update
		});
		self.forward_turns(size) + layers.sum::<usize>()
	}
}

/// `vec4` of the samples of so many neurons, in whole groups.
pub fn samples(neurons: usize) -> usize {
	neurons.next_multiple_of(GROUP) * COLUMNS
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_input_has_a_row_of_its_own() {
		let base = Candidate { family: Family::Conv, window: 24, width: 9, depth: 3, ..Candidate::default() };
		for (candidate, channels) in [(base, 1), (base, 3), (Candidate { dilate: true, stride: 2, kernel: 2, ..base }, 2)] {
			let plan = Plan::of(&candidate, channels, 6);
			assert_eq!((plan.form(), plan.convs(), plan.layers.len()), (Form::Conv, 3, 4));
			for rows in plan.layers.iter().map(|layer| layer.rows).chain([plan.path()]) {
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
		assert_eq!(Plan::of(&base, 2, 6).macs(true), f64::from(2 * 48 * 20 + 3 * (20 * 20 + 20 * 6) + 48 * 6));
		let conv = Candidate { family: Family::Conv, kernel: 5, ..base };
		let steps = 2 * 20 * 5 * 20 + 3 * 16 * 100 * 20 + 3 * 16 * 20 * 6;
		assert_eq!(Plan::of(&conv, 1, 6).macs(false), f64::from(steps));
		// The three gates of a GRU, from two channels and from 20 units.
		let gru = Plan::of(&Candidate { family: Family::Gru, ..base }, 2, 6);
		assert_eq!(gru.products(), 24 * 20 * 3 * (2 * 2 + 3 * 20) + 3 * 20 * 6);
	}
}
