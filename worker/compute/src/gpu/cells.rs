//! How gated cells lie in the buffers of a device: what `shaders/cells.wgsl` reads, seen from the host.

use super::{
	layout::{give, DeviceCandidate, DeviceCell, Shape, COLUMNS, GROUP, TILE, VEC4},
	plan::{last_tiles, samples, turns},
};
use crate::backend::{
	gates::{self, Kind, KINDS},
	layout::{Packed, TILES},
	MAX_EXPONENT,
};
use doin_scoring::{Cell, Encoder, Layer, Net};
use std::sync::LazyLock;

/// Sums that are worth working on at a time: as many as a workgroup has threads on a GPU.
const AT_A_TIME: usize = 256;
/// Of the steps that a cell in training keeps, so many share the columns of a batch.
const SIDE_BY_SIDE: usize = 2;

/// The row of `shape` that is output `output` of the gates on a device.
pub fn row(shape: &gates::Shape, output: usize) -> usize {
	shape.row(output % KINDS, output / KINDS)
}

/// The shape and the packed weights of the cell of a net, if it has one.
pub fn gates(net: &Net) -> Option<(gates::Shape, Packed)> {
	let (kind, cell) = match &net.encoder {
		Encoder::Lstm(cell) => (Kind::Lstm, cell),
		Encoder::Gru(cell) => (Kind::Gru, cell),
		Encoder::None | Encoder::Conv(_) => return None,
	};
	Some(gates::Shape::from_cell(kind, cell, net.window.into()))
}

/// The gates of the cell of a net, if it has one, as one layer of a device.
pub fn gate_layer(net: &Net) -> Option<Layer> {
	let (shape, packed) = gates(net)?;
	let rows = || (0..KINDS * shape.units).map(|output| row(&shape, output));
	Some(Layer {
		inputs: shape.inputs() as u16,
		outputs: (KINDS * shape.units) as u16,
		shift: packed.shift as u8,
		weights: rows().flat_map(|row| (0..shape.inputs()).map(|input| packed.get(row, input)).collect::<Vec<_>>()).collect(),
		bias: rows().map(|row| packed.bias.as_flattened()[row]).collect(),
	})
}

/// The cell of gates as a device leaves them.
pub fn read_cell(shape: &gates::Shape, gates: &Layer) -> Cell {
	let mut packed = Packed::new(shape.inputs(), shape.outputs(), gates.shift.into());
	for (output, weights) in gates.weights.chunks_exact(shape.inputs()).enumerate() {
		weights.iter().enumerate().for_each(|(input, weight)| packed.set(row(shape, output), input, *weight));
	}
	shape.cell(&packed)
}

/// How many times over a cell in training keeps what layer `number` reads and leaves for a batch.
pub fn kept(shape: &gates::Shape, number: usize) -> (usize, usize) {
	match number {
		0 => (1, shape.steps.div_ceil(SIDE_BY_SIDE)),
		// There is one output more than there are steps. Forward passes alone take two places by turns.
		1 => ((shape.steps + 1).div_ceil(SIDE_BY_SIDE).max(2), 1),
		_ => (1, 1),
	}
}

/// Parts in which the gradients of the weights of `tiles` tiles are added up over `steps` steps.
fn parts(tiles: usize, steps: usize) -> usize {
	(AT_A_TIME / tiles).clamp(1, steps)
}

impl Shape {
	/// What a cell in training has beside its layers.
	pub fn cell(&mut self, device: &mut DeviceCandidate, shape: &gates::Shape) {
		self.net_cell(device, shape);
		let gates = device.layers[0];
		let tiles = (gates.input_groups * gates.output_groups) as usize;
		let (parts, scratch) = (parts(tiles, shape.steps), &mut self.room.scratch);
		device.cell = DeviceCell {
			states: give(scratch, shape.steps.div_ceil(SIDE_BY_SIDE) * 2 * gates.output_groups as usize * COLUMNS),
			carries: give(scratch, samples(shape.units) / SIDE_BY_SIDE),
			backs: give(scratch, shape.steps),
			sums: give(scratch, parts * tiles * TILE),
			parts: parts as u32,
			gradient_bits: shape.gradient_bits(),
			sum_shift: (shape.sum_shift(TILES) as i32 + MAX_EXPONENT) as u32,
			..device.cell
		};
	}

	/// The cell of a net, and the place of the biases of its input.
	pub fn net_cell(&mut self, device: &mut DeviceCandidate, shape: &gates::Shape) {
		device.cell = DeviceCell {
			units: shape.units as u32,
			channels: shape.channels as u32,
			steps: shape.steps as u32,
			hidden: shape.units.next_multiple_of(GROUP) as u32,
			input_shift: shape.input_shift,
			input_bias: give(&mut self.room.parameters, 2 * device.layers[0].output_groups as usize),
			..DeviceCell::default()
		};
	}

	/// Room for what one workgroup makes of a net's cell.
	pub fn cell_worker(&mut self, device: &mut DeviceCandidate) {
		let (units, scratch) = (device.cell.units as usize, &mut self.room.scratch);
		device.layers[0].gradient = give(scratch, samples(KINDS * units));
		device.layers[1].x = give(scratch, 2 * samples(units));
		device.cell.states = give(scratch, 2 * device.layers[0].output_groups as usize * COLUMNS);
	}
}

/// Writes the biases of what a net's cell reads from the input.
pub fn write_input_bias(words: &mut [i32], device: &DeviceCandidate, shape: &gates::Shape) {
	for output in 0..KINDS * shape.units {
		words[device.cell.input_bias as usize * VEC4 + output] = shape.input_bias.as_flattened()[row(shape, output)];
	}
}

/// Turns of loops of a thread of a workgroup of `size` threads for all steps of a cell, forward, for `columns` groups of samples.
pub fn forward_turns(shape: &gates::Shape, columns: usize, size: usize) -> usize {
	let tiles = (KINDS * shape.units).div_ceil(GROUP) * columns;
	let unit = turns(2, turns(2, 0));
	let products = turns(shape.channels, turns(1, 0)) + turns(shape.units, 0);
	turns(shape.steps, turns(tiles.div_ceil(size), products + unit)) + turns(1, 0)
}

/// The same for half of a batch through a cell in training and back, and through the last layer.
pub fn half_turns(shape: &gates::Shape, outputs: usize, size: usize) -> usize {
	const HALF: usize = COLUMNS / SIDE_BY_SIDE;
	let share = |items: usize| items.div_ceil(size);
	let groups = |neurons: usize| neurons.div_ceil(GROUP);
	let (units, steps, sums) = (shape.units, shape.steps, KINDS * shape.units);
	let (hidden, more) = (groups(units), groups(shape.channels + 1));
	let tiles = groups(sums) * (hidden + more);
	let parts = parts(tiles, steps);
	let tile = turns(HALF / 2, 0);
	let back = turns(share(units * HALF), turns(2, 0)) + turns(share(hidden * HALF), turns(sums.max(outputs), 0));
	let of_outputs = turns(steps.div_ceil(parts) + 1, turns(2, tile));
	let of_inputs = turns(steps.div_ceil(parts) + 1, turns(2, turns(GROUP.min(shape.channels + 1), tile)));
	let last = turns(last_tiles(outputs, size), turns(units, 0));
	let columns = turns(HALF, 0);
	forward_turns(shape, HALF, size)
		+ last
		+ turns(steps + 1, back)
		+ turns(share(groups(sums) * hidden * parts), of_outputs)
		+ turns(share(groups(sums) * more * parts), of_inputs)
		+ turns(share(tiles), turns(parts, 0) + columns)
		+ turns(share(groups(outputs) * hidden), turns(parts, 0) + columns)
		+ turns(share(2 * groups(outputs)), 4 * columns)
		// What is few or done once.
		+ 64
}

/// `shaders/cells.wgsl` behind the tables that it takes from the host.
pub static CELLS: LazyLock<String> = LazyLock::new(|| {
	use doin_scoring::activation::{ENTRIES, SIGMOID, TANH};
	let table = |name: &str, values: &[i16; ENTRIES]| {
		let interval = |pair: &[i16]| format!("{}u", pair[0] as u32 | ((pair[1] - pair[0]) as u32) << 16);
		let words: Vec<String> = values.windows(2).map(interval).collect();
		format!("const {name} = array<u32, {}>({});\n", words.len(), words.join(", "))
	};
	[table("SIGMOIDS", &SIGMOID), table("TANGENTS", &TANH), include_str!("shaders/cells.wgsl").into()].concat()
});
