//! Gated cells on a device: the host's view of the layout that `shaders/families/cell_forward.wgsl` reads.

use super::{
	layout::{DeviceCandidate, DeviceCell, COLUMNS, GROUP, TILE, VEC4},
	packing::{alloc, Allocator},
	plan::{last_layer_tiles, loop_iterations, sample_size},
};
use doin_kernels::{
	layout::{CellKind, CellShape, PackedWeights, GATES, TILES},
	ops::rnn::MAX_EXPONENT,
};
use doin_scoring::{Cell, Encoder, Layer, Net};
use std::sync::LazyLock;

/// Sums that are worth computing at a time: the threads of a workgroup on a GPU.
const PARALLEL_SUMS: usize = 256;
/// Steps of a cell in training that share the columns of a batch.
const STEPS_PER_BATCH: usize = 2;

/// Number of copies of the inputs and outputs of a layer that a batch keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
	/// Copies of the inputs.
	pub inputs: usize,
	/// Copies of the outputs and their gradients.
	pub outputs: usize,
}

/// Returns the row of `shape` that is output `output` of the gates on a device.
pub fn row(shape: &CellShape, output: usize) -> usize {
	shape.row(output % GATES, output / GATES)
}

/// Returns the shape and the packed weights of the cell of a net, if it has one.
pub fn gates(net: &Net) -> Option<(CellShape, PackedWeights)> {
	let (kind, cell) = match &net.encoder {
		Encoder::Lstm(cell) => (CellKind::Lstm, cell),
		Encoder::Gru(cell) => (CellKind::Gru, cell),
		Encoder::None | Encoder::Conv(_) | Encoder::Image(_) => return None,
	};
	Some(CellShape::from_cell(kind, cell, net.window.into()))
}

/// Returns the gates of the cell of a net as one layer of a device, if the net has a cell.
pub fn gate_layer(net: &Net) -> Option<Layer> {
	let (shape, packed) = gates(net)?;
	let rows = || (0..GATES * shape.units).map(|output| row(&shape, output));
	Some(Layer {
		inputs: shape.inputs() as u16,
		outputs: (GATES * shape.units) as u16,
		shift: packed.shift as u8,
		weights: rows().flat_map(|row| (0..shape.inputs()).map(|input| packed.get(row, input)).collect::<Vec<_>>()).collect(),
		bias: rows().map(|row| packed.bias.as_flattened()[row]).collect(),
	})
}

/// Returns the cell whose gates a device has trained.
pub fn read_cell(shape: &CellShape, gates: &Layer) -> Cell {
	let mut packed = PackedWeights::new(shape.inputs(), shape.outputs(), gates.shift.into());
	for (output, weights) in gates.weights.chunks_exact(shape.inputs()).enumerate() {
		weights.iter().enumerate().for_each(|(input, weight)| packed.set(row(shape, output), input, *weight));
	}
	shape.cell(&packed)
}

/// Returns the copies of layer `number` that a cell in training keeps for a batch.
pub fn copies(shape: &CellShape, number: usize) -> Copies {
	match number {
		0 => Copies { inputs: 1, outputs: shape.steps.div_ceil(STEPS_PER_BATCH) },
		// There is one output more than there are steps. Evaluation alternates between two copies.
		1 => Copies { inputs: (shape.steps + 1).div_ceil(STEPS_PER_BATCH).max(2), outputs: 1 },
		_ => Copies { inputs: 1, outputs: 1 },
	}
}

/// Returns the number of partial sums of the weight gradients of `tiles` tiles over `steps` steps.
fn parts(tiles: usize, steps: usize) -> usize {
	(PARALLEL_SUMS / tiles).clamp(1, steps)
}

impl Allocator {
	/// Allocates what a cell in training needs beside its layers.
	pub fn training_cell(&mut self, device: &mut DeviceCandidate, shape: &CellShape) {
		self.net_cell(device, shape);
		let gates = device.layers[0];
		let tiles = (gates.input_groups * gates.output_groups) as usize;
		let (parts, scratch) = (parts(tiles, shape.steps), &mut self.sizes.scratch);
		device.cell = DeviceCell {
			states: alloc(scratch, shape.steps.div_ceil(STEPS_PER_BATCH) * 2 * gates.output_groups as usize * COLUMNS),
			state_gradients: alloc(scratch, sample_size(shape.units) / STEPS_PER_BATCH),
			gradient_shifts: alloc(scratch, shape.steps),
			weight_gradients: alloc(scratch, parts * tiles * TILE),
			parts: parts as u32,
			gradient_bits: shape.gradient_bits(),
			sum_shift: (shape.sum_shift(TILES) as i32 + MAX_EXPONENT) as u32,
			..device.cell
		};
	}

	/// Sets the sizes of the cell of a net and allocates its input biases.
	pub fn net_cell(&mut self, device: &mut DeviceCandidate, shape: &CellShape) {
		device.cell = DeviceCell {
			units: shape.units as u32,
			channels: shape.channels as u32,
			steps: shape.steps as u32,
			padded_units: shape.units.next_multiple_of(GROUP) as u32,
			input_shift: shape.input_shift,
			input_bias: alloc(&mut self.sizes.parameters, 2 * device.layers[0].output_groups as usize),
			..DeviceCell::default()
		};
	}

	/// Allocates the activations of one workgroup that scores a net with a cell.
	pub fn scoring_cell(&mut self, device: &mut DeviceCandidate) {
		let (units, scratch) = (device.cell.units as usize, &mut self.sizes.scratch);
		device.layers[0].gradient = alloc(scratch, sample_size(GATES * units));
		device.layers[1].x = alloc(scratch, 2 * sample_size(units));
		device.cell.states = alloc(scratch, 2 * device.layers[0].output_groups as usize * COLUMNS);
	}
}

/// Writes the input biases of the cell of a net.
pub fn write_input_bias(words: &mut [i32], device: &DeviceCandidate, shape: &CellShape) {
	for output in 0..GATES * shape.units {
		words[device.cell.input_bias as usize * VEC4 + output] = shape.input_bias.as_flattened()[row(shape, output)];
	}
}

/// Returns an upper bound on the iterations of one thread of `size` for all steps of a cell, forward, for `columns` groups of
/// samples.
pub fn forward_iterations(shape: &CellShape, columns: usize, size: usize) -> usize {
	let tiles = (GATES * shape.units).div_ceil(GROUP) * columns;
	let unit = loop_iterations(2, loop_iterations(2, 0));
	let products = loop_iterations(shape.channels, loop_iterations(1, 0)) + loop_iterations(shape.units, 0);
	loop_iterations(shape.steps, loop_iterations(tiles.div_ceil(size), products + unit)) + loop_iterations(1, 0)
}

/// Returns an upper bound on the iterations of one thread of `size` for half of a batch: forward and backward through a cell in
/// training and through the last layer.
pub fn half_iterations(shape: &CellShape, outputs: usize, size: usize) -> usize {
	const HALF: usize = COLUMNS / STEPS_PER_BATCH;
	/// Loops that run once.
	const OVERHEAD: usize = 64;
	let share = |items: usize| items.div_ceil(size);
	let groups = |neurons: usize| neurons.div_ceil(GROUP);
	let (units, steps, sums) = (shape.units, shape.steps, GATES * shape.units);
	let (hidden, more) = (groups(units), groups(shape.channels + 1));
	let tiles = groups(sums) * (hidden + more);
	let parts = parts(tiles, steps);
	let tile = loop_iterations(HALF / 2, 0);
	let of_outputs = loop_iterations(share(hidden * HALF), loop_iterations(sums.max(outputs), 0));
	let backward = loop_iterations(share(units * HALF), loop_iterations(2, 0)) + of_outputs;
	let output_weights = loop_iterations(steps.div_ceil(parts) + 1, loop_iterations(2, tile));
	let inputs = loop_iterations(GROUP.min(shape.channels + 1), tile);
	let input_weights = loop_iterations(steps.div_ceil(parts) + 1, loop_iterations(2, inputs));
	let last = loop_iterations(last_layer_tiles(outputs, size), loop_iterations(units, 0));
	let columns = loop_iterations(HALF, 0);
	forward_iterations(shape, HALF, size)
		+ last + loop_iterations(steps + 1, backward)
		+ loop_iterations(share(groups(sums) * hidden * parts), output_weights)
		+ loop_iterations(share(groups(sums) * more * parts), input_weights)
		+ loop_iterations(share(tiles), loop_iterations(parts, 0) + columns)
		+ loop_iterations(share(groups(outputs) * hidden), loop_iterations(parts, 0) + columns)
		+ loop_iterations(share(2 * groups(outputs)), 4 * columns)
		+ OVERHEAD
}

/// `shaders/families/cell_forward.wgsl` behind the tables that the host prepends.
pub static CELL_FORWARD: LazyLock<String> = LazyLock::new(|| {
	use doin_scoring::activation::{ENTRIES, SIGMOID, TANH};
	let table = |name: &str, values: &[i16; ENTRIES]| {
		let interval = |pair: &[i16]| format!("{}u", pair[0] as u32 | ((pair[1] - pair[0]) as u32) << 16);
		let words: Vec<String> = values.windows(2).map(interval).collect();
		format!("const {name} = array<u32, {}>({});\n", words.len(), words.join(", "))
	};
	let forward = include_str!("shaders/families/cell_forward.wgsl");
	[table("SIGMOID_INTERVALS", &SIGMOID), table("TANH_INTERVALS", &TANH), forward.into()].concat()
});
